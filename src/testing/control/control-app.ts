import { STATUS_CODES } from "node:http";
import { type Context, Hono } from "hono";
import { ConfigError } from "../../util/schema.ts";
import type { ControlState } from "./control-state.ts";
import { openApi } from "./open-api.ts";
import type { Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import { watchPage } from "./watch-page.ts";

/** The control API of a rig. */
export function controlApp(state: ControlState): Hono {
  const app = new Hono();
  watchPage(app);
  app.get("/health", (context) => context.json({ status: "ok" }));
  app.get("/openapi.json", (context) => context.json(openApi(operations, new URL(context.req.url).origin)));
  for (const operation of operations) {
    if (operation.changes) app.post(`/${operation.name}`, (context) => answer(context, operation, state));
    else app.get(`/${operation.name}`, (context) => answer(context, operation, state));
  }
  app.notFound((context) => problem(context, 404, "there is no such operation; see /openapi.json"));
  return app;
}

async function answer(context: Context, operation: Operation, state: ControlState): Promise<Response> {
  try {
    const args = operation.changes ? await bodyOf(context) : context.req.query();
    return context.json((await operation.run(args, state)) ?? {});
  } catch (error) {
    if (error instanceof ConfigError) return problem(context, 400, error.message);
    return problem(context, 422, error instanceof Error ? error.message : String(error));
  }
}

/** @throws ConfigError when it is not JSON, or comes from a page, which cannot say that it is without asking first. */
async function bodyOf(context: Context): Promise<unknown> {
  const text = await context.req.text();
  if (text === "") return {};
  if (!context.req.header("Content-Type")?.startsWith("application/json")) {
    throw new ConfigError("", "the body has to be application/json");
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ConfigError("", "the body is not JSON");
  }
}

/** RFC 9457. */
function problem(context: Context, status: 400 | 404 | 422, detail: string): Response {
  const body = { type: "about:blank", title: STATUS_CODES[status], status, detail };
  return context.json(body, status, { "Content-Type": "application/problem+json" });
}
