import type { Hono } from "hono";
import { readBuiltPage } from "../../html/built-page.ts";

/** At the API's own address: the inspector, which sends again what passed and speaks as anybody (`src/browser/rig`). */
export function watchPage(app: Hono): void {
  for (const { name, body, headers } of readBuiltPage("rig")) {
    app.get(name === "index.html" ? "/" : `/${name}`, (context) => context.body(body, 200, headers));
  }
}
