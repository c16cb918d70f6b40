import { html } from "hono/html";
import { appList } from "../../html/apps.ts";
import { type Html, page } from "../../html/page.ts";
import type { HttpSide } from "../../http/http-side.ts";

export interface HomePageParts {
  readonly domain: string;
  readonly http: Pick<HttpSide, "boshUrl" | "websocketUrl">;
  /** 0 for none. */
  readonly ports: { readonly c2s: number; readonly c2sTls: number };
  /** Where people can chat, if there is such a page. */
  readonly chat: string | undefined;
  /** Whether anybody may make an account. */
  readonly isOpen: boolean;
  /** Whom to write to, by what for ("abuse"): URIs. */
  readonly contacts: ReadonlyMap<string, readonly string[]>;
}

/** Schemes that a click on them does no harm with. */
const LINKED = /^(https?|mailto|xmpp|tel|sip):/i;

export function homePage(parts: HomePageParts): Promise<Response> {
  const { domain, chat, isOpen, contacts } = parts;
  const accounts = isOpen
    ? `Anybody may create an account: most apps offer it${chat ? ", and so does the chat page" : ""}.`
    : "Accounts here are by invitation.";
  const body = html`
<h1>${domain}</h1>
<p class="lead">A chat server on XMPP: a network of many servers, as e-mail is. Whoever has an address on one of them
  can write to everybody on all of them.</p>
${
  chat
    ? html`<section>
  <h2>In this browser</h2>
  <p>Log in with your address and password; there is nothing to install.</p>
  <p class="actions"><a class="button" href="${chat}">Open the chat</a></p>
</section>`
    : ""
}
<section>
  <h2>With an app</h2>
  <p>Log in as <code><em>name</em>@${domain}</code> with your password; an app finds the rest by itself. ${accounts}</p>
  ${appList()}
</section>
<section>
  <h2>If an app asks for more</h2>
  ${details(parts)}
</section>
${
  contacts.size === 0
    ? ""
    : html`<section>
  <h2>Whom to write to</h2>
  <dl>${[...contacts].map(
    ([purpose, uris]) => html`<dt>${purpose}</dt><dd>${uris.map((uri) => html`${contactLink(uri)} `)}</dd>`,
  )}</dl>
</section>`
}`;
  return page({ title: domain, domain, body }, { headers: { "Cache-Control": "no-cache" } });
}

function details({ domain, http, ports }: HomePageParts): Html {
  const rows: (readonly [string, string])[] = [["Server", domain]];
  if (ports.c2s > 0) rows.push(["Port with STARTTLS", String(ports.c2s)]);
  if (ports.c2sTls > 0) rows.push(["Port with direct TLS", String(ports.c2sTls)]);
  if (http.websocketUrl !== undefined) rows.push(["WebSocket", http.websocketUrl]);
  if (http.boshUrl !== undefined) rows.push(["BOSH", http.boshUrl]);
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>`;
}

function contactLink(uri: string): Html {
  const text = uri.replace(/^(mailto|xmpp):/i, "");
  return LINKED.test(uri) ? html`<a href="${uri}" rel="noreferrer">${text}</a>` : html`${uri}`;
}
