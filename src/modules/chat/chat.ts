/**
 * RFC 7395 and XEP-0206 in use: the web client Converse, for this server, at `/chat`.
 * https://conversejs.org
 *
 * Serves it unmodified from its package, which is optional.
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { defineModule, defineService } from "../../core/module.ts";
import type { HttpEnv } from "../../http/http-side.ts";
import { t } from "../../util/schema.ts";
import { register, registrationService } from "../register/register.ts";
import { uploadsService } from "../upload/uploads-service.ts";
import { chatPage } from "./chat-page.ts";
import { ConverseFiles, type Encoding } from "./converse-files.ts";
import { missingPage } from "./missing-page.ts";
import { startScript } from "./start-script.ts";

/** There where people can chat in a browser. */
export const chatService = defineService<{ readonly path: string }>("chat");

/** A file's address changes with its content, so it need never be asked for again. */
const FOREVER = "public, max-age=31536000, immutable";

export const chat = defineModule({
  name: "chat",
  implements: [],
  config: t.object({
    directory: t
      .optional(t.string())
      .doc(
        "Another build of Converse, the `dist` of its package. Absent: the one of the package `converse.js`.",
      ),
  }),

  setup(host, config) {
    const { http } = host;
    const files = ConverseFiles.find(config.directory);
    if (!files) {
      http.routes.get("/chat", () => missingPage(host.domain));
      return;
    }
    host.provide(chatService, { path: "/chat" });
    const key = createHash("sha256").update(`${files.key}${startScript}`).digest("hex").slice(0, 12);
    const base = `/chat/${key}`;

    http.routes.get("/chat", () =>
      chatPage({
        domain: host.domain,
        http,
        uploads: host.find(uploadsService)?.origin ?? http.url,
        base,
        version: files.version,
        isOpen: host.modules.includes(register) && host.use(registrationService).isOpen,
      }),
    );
    http.routes.get("/chat/", (c) => c.redirect("/chat", 308));
    http.shared("chat", (routes) => {
      routes.get(`${base}/start.js`, () => answer("text/javascript; charset=utf-8", startScript));
      routes.get(`${base}/LICENSE`, async (c) => {
        const text = await files.license();
        return text === undefined ? c.notFound() : answer("text/plain; charset=utf-8", text);
      });
      routes.get(`${base}/*`, async (c) => {
        const file = await files.read(c.req.path.slice(base.length + 1), acceptedEncodings(c));
        if (!file) return c.notFound();
        const response = answer(file.type, new Uint8Array(file.bytes));
        response.headers.set("Vary", "Accept-Encoding");
        if (file.encoding) response.headers.set("Content-Encoding", file.encoding);
        return response;
      });
    });
  },
});

function answer(type: string, body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, { headers: { "Content-Type": type, "Cache-Control": FOREVER } });
}

/** RFC 9110 §12.5.3, the best first. */
function acceptedEncodings(c: Context<HttpEnv>): Encoding[] {
  const offered = (c.req.header("Accept-Encoding") ?? "").split(",").map((part) => part.trim().toLowerCase());
  return (["br", "gzip"] as const).filter((encoding) =>
    offered.some(
      (part) => part === encoding || (part.startsWith(`${encoding};`) && !/;\s*q=0(\.0*)?$/.test(part)),
    ),
  );
}
