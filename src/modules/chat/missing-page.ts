import { html } from "hono/html";
import { page } from "../../html/page.ts";

/** What `/chat` says where Converse is not installed. */
export function missingPage(domain: string): Promise<Response> {
  const body = html`
<section>
  <h1>No chat page here</h1>
  <p>The chat page of ${domain} needs Converse, which is not installed on this server. With any other
    application for XMPP you can chat all the same: <a href="/">how to connect</a>.</p>
  <p class="soft">For whoever runs the server: <code>npm install converse.js</code> in its folder brings the page, after a restart.</p>
</section>`;
  return page({ title: `Chat at ${domain}`, domain, body }, { status: 404 });
}
