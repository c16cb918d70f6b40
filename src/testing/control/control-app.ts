import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ConfigError } from "../../util/schema.ts";
import type { ControlState } from "./control-state.ts";
import { openApi } from "./open-api.ts";
import type { Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import { PROBLEM, problemOf } from "./problem.ts";
import { watchPage } from "./watch-page.ts";

/** For fixtures and scripts this is plenty. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The control API of a rig. */
export function controlApp(state: ControlState): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Cross-Origin-Resource-Policy", "same-origin");
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (context) => problem(context, 413, `a body has at most ${MAX_BODY_BYTES} bytes`),
    }),
  );
  watchPage(app);
  app.get("/health", (context) => context.json({ status: "ok" }));
  app.get("/openapi.json", (context) => context.json(openApi(operations, new URL(context.req.url).origin)));
  for (const operation of operations) {
    const path = `/${operation.name}`;
    const method = operation.changes ? "POST" : "GET";
    app.on(method, path, (context) => answer(context, operation, state));
    app.all(path, (context) => {
      context.header("Allow", method);
      return problem(context, 405, `${operation.name} is asked for with ${method}`);
    });
  }
  app.notFound((context) => problem(context, 404, "there is no such operation; see /openapi.json"));
  return app;
}

async function answer(context: Context, operation: Operation, state: ControlState): Promise<Response> {
  try {
    const args = operation.changes ? await bodyOf(context) : context.req.query();
    return context.json((await operation.run(args, state, context.req.raw.signal)) ?? {});
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

function problem(context: Context, status: 400 | 404 | 405 | 413 | 422, detail: string): Response {
  return context.json(problemOf(status, detail), status, { "Content-Type": PROBLEM });
}
