/** What every answer about an upload says: nothing in a file may run, and nobody needs to be told where they are from. */

/** XEP-0363 §8: web clients come from anywhere. Nothing here depends on cookies, so there are no credentials to allow. */
const CORS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers":
    "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified",
};

const SANDBOX = "sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** For what a browser shows in a page of its own making: that page plays the file, and has styles. */
export const VIEWER_POLICY = `default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; ${SANDBOX}`;

/**
 * XEP-0363 §9.1. What a browser shows has an origin of its own (`sandbox`), runs nothing and loads nothing, and is never taken
 * for a type that it does not claim to be.
 */
const ISOLATION: Readonly<Record<string, string>> = {
  "Content-Security-Policy": `default-src 'none'; ${SANDBOX}`,
  "Cross-Origin-Resource-Policy": "cross-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Robots-Tag": "noindex",
};

export const UPLOAD_METHODS = "OPTIONS, HEAD, GET, PUT";

const PREFLIGHT: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Methods": UPLOAD_METHODS,
  "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, If-Range, Range",
  "Access-Control-Max-Age": "7200",
  Allow: UPLOAD_METHODS,
};

export function uploadAnswer(
  status: number,
  body: ReadableStream<Uint8Array> | string | null,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const cache = status >= 400 ? { "Cache-Control": "no-store" } : {};
  return new Response(body, { status, headers: { ...ISOLATION, ...CORS, ...cache, ...headers } });
}

/** Says what went wrong to whoever sees it. */
export function refusal(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return uploadAnswer(status, `${text}\n`, { "Content-Type": "text/plain; charset=utf-8", ...headers });
}

/** The Fetch Standard's question before a `PUT` of another origin. */
export function preflight(): Response {
  return uploadAnswer(204, null, PREFLIGHT);
}
