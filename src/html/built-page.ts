/** Pages that `npm run build` makes of `src/browser/`, kept in the repository. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";

/** Above both `src` and `dist`. */
const FOLDER = new URL("../../src/browser/built/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** No script or style but the page's own, no frame around it, and nobody else that it talks to. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** A file of a page, with the headers to send it with. */
export interface BuiltFile {
  readonly name: string;
  readonly body: Buffer<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>> & { readonly ETag: string };
}

/** `index.html`, a script and a style. @throws Error when the package lacks them. */
export function readBuiltPage(page: "console" | "rig"): readonly BuiltFile[] {
  const folder = new URL(`${page}/`, FOLDER);
  const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
  return names.map((name) => {
    const body = readFileSync(new URL(name, folder));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const headers = {
      "Content-Type": TYPES[extname(name)] as string,
      "Content-Security-Policy": POLICY,
      "Cache-Control": "no-cache",
      "Cross-Origin-Opener-Policy": "same-origin",
      "X-Content-Type-Options": "nosniff",
      ETag: etag,
    };
    return { name, body, headers };
  });
}
