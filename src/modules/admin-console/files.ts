/** The pages of the console, built by `npm run build` and kept in the repository. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Above both `src` and `dist`. */
const FOLDER = new URL("../../../src/modules/admin-console/built/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "console.js": "text/javascript; charset=utf-8",
  "console.css": "text/css; charset=utf-8",
};

/** No script or style but the console's own, no frame around it, and nobody else that it talks to. */
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

/** @throws Error when the package lacks them. */
export function readFiles() {
  return Object.entries(TYPES).map(([name, type]) => {
    const body = readFileSync(new URL(name, FOLDER));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const headers = {
      "Content-Type": type,
      "Content-Security-Policy": POLICY,
      "Cache-Control": "no-cache",
      "Cross-Origin-Opener-Policy": "same-origin",
      ETag: etag,
    };
    return { name, body, headers };
  });
}
