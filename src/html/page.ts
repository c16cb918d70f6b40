/** Pages for people: one frame, one style, no scripts. What is put into a page is escaped by `html` of hono. */
import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { icon } from "./icon.ts";
import { style } from "./style.ts";

/** What `html` made: escaped, and put into other such as it is. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface Page {
  /** Text, as all that is not `Html`. */
  readonly title: string;
  /** In the head of the page, beside the icon, as a link to the root page. */
  readonly domain: string;
  readonly body: Html;
}

const styleHash = createHash("sha256").update(style).digest("base64");

/** No script, no frame, nothing of anybody else; forms go back to where they come from. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `same-origin`: no other site learns an address with a token in it. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

export interface Answer {
  readonly status?: number | undefined;
  /** In place of what a page says of itself by default: that nobody keeps it, for one. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A page in the frame and the style of ours. */
export function page({ title, domain, body }: Page, { status, headers }: Answer = {}): Promise<Response> {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<style>${raw(style)}</style>
</head>
<body>
<header><a href="/">${raw(icon)} ${domain}</a></header>
<main>
${body}
</main>
</body>
</html>
`;
  return respond(document, POLICY, { status, headers });
}

/** A whole document, with its Content-Security-Policy. */
export async function respond(document: Html, policy: string, answer: Answer = {}): Promise<Response> {
  const { status = 200, headers } = answer;
  return new Response(await document, {
    status,
    headers: { ...HEADERS, "Content-Security-Policy": policy, ...headers },
  });
}
