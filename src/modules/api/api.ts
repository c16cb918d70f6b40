/**
 * RFC 9457 Problem Details for HTTP APIs
 *
 * The commands of administrators for programs: each is a path below `/api/v1`, described by the OpenAPI document that is made
 * from the same list. Who asks shows a token (RFC 6750), which is good for its scopes alone.
 */
import type { Context } from "hono";
import { type AdminCommand, logChange, runCommand } from "../../admin/command.ts";
import { adminCommands } from "../../admin/commands.ts";
import type { AdminContext } from "../../admin/context.ts";
import type { Scope } from "../../admin/scopes.ts";
import { defineModule } from "../../core/module.ts";
import type { HttpEnv } from "../../http/http-side.ts";
import { tokens, tokensService } from "../tokens/tokens.ts";
import { openApi } from "./open-api.ts";
import { Problem, problemOf } from "./problem.ts";
import { argsOfQuery } from "./query.ts";

const ROOT = "/api/v1";

export const api = defineModule({
  name: "api",
  implements: ["RFC 6750 §2.1", "RFC 9457"],
  requires: [tokens],

  setup(host) {
    host.http.shared("api", (routes) => {
      routes.get(ROOT, (c) => c.redirect(`${ROOT}/openapi.json`, 302));
      routes.get(`${ROOT}/openapi.json`, (c) => c.json(openApi(adminCommands, host.http.url)));

      for (const command of adminCommands) {
        const path = `${ROOT}/${command.name}`;
        // RFC 9110 §9.2.1: what changes nothing is safe.
        if (command.changes) routes.post(path, (c) => answer(c, command, () => bodyOf(c)));
        else routes.get(path, (c) => answer(c, command, () => argsOfQuery(command.args, c.req.url)));
        routes.all(path, (c) => {
          const allowed = command.changes ? "POST" : "GET, HEAD";
          return problem(
            c,
            new Problem(405, `${command.name} is asked for with ${allowed}`, { Allow: allowed }),
          );
        });
      }
      routes.all(`${ROOT}/*`, (c) =>
        problem(c, new Problem(404, `see ${ROOT}/openapi.json for what there is`)),
      );
    });

    async function answer(
      c: Context<HttpEnv>,
      command: AdminCommand,
      argsOf: () => unknown,
    ): Promise<Response> {
      try {
        const context = await contextOf(c);
        const result = await runCommand(command, context, await argsOf());
        logChange(host.log, context, command, result);
        return c.json(result as object, 200, { "Cache-Control": "no-store" });
      } catch (error) {
        const known = problemOf(error);
        if (known) return problem(c, known);
        throw error;
      }
    }

    /** RFC 6750 §5.3: a token that was shown to everybody on the way is none. */
    async function contextOf(c: Context<HttpEnv>): Promise<AdminContext> {
      const { remote, secure } = c.env.peer;
      if (!secure && !isLoopback(remote)) throw new Problem(403, "tokens are taken under TLS only");
      const admission = await host.use(tokensService).admit(c.req.header("authorization"), remote);
      switch (admission.outcome) {
        case "missing":
          throw new Problem(401, "a token is needed", { "WWW-Authenticate": 'Bearer realm="jackdaw"' });
        case "wrong":
          throw new Problem(401, "this token is not good", {
            "WWW-Authenticate": 'Bearer realm="jackdaw", error="invalid_token"',
          });
        case "limited":
          throw new Problem(429, "too many requests", { "Retry-After": String(admission.retryAfter) });
        case "good": {
          const { name, id, scopes } = admission.token;
          return {
            by: { name: `token ${name} (${id})`, scopes: new Set(scopes as readonly Scope[]) },
            hosts: host.server.hosts,
            commit: () => host.commit(),
          };
        }
      }
    }
  },
});

async function bodyOf(c: Context<HttpEnv>): Promise<unknown> {
  const text = await c.req.text();
  if (text === "") return {};
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Problem(415, "the body is expected as application/json");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem(400, "the body is no JSON");
  }
}

function problem(c: Context<HttpEnv>, { status, headers, body }: Problem): Response {
  return c.body(JSON.stringify(body), status, {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...headers,
  });
}

function isLoopback(remote: string): boolean {
  return remote === "::1" || remote.startsWith("127.");
}
