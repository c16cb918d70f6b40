import { html } from "hono/html";
import { page } from "./page.ts";

/** Whether a request comes from somebody who reads pages; a program that takes anything does not ask for one. */
export function asksForPage({ headers }: Request): boolean {
  return headers.get("accept")?.includes("text/html") ?? false;
}

/** For people who followed a link to nowhere. */
export function notFoundPage(domain: string): Promise<Response> {
  const body = html`
<section>
  <h1>There is nothing here</h1>
  <p>The address is mistyped, or what was there is gone. <a href="/">How to chat at ${domain}</a></p>
</section>`;
  return page({ title: `Not found at ${domain}`, domain, body }, { status: 404 });
}
