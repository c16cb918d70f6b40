import { html } from "hono/html";
import { type Html, page } from "../../html/page.ts";

/** The same for links that never were, that ended, and that were used. */
export function overPage(domain: string, chat: string | undefined): Promise<Response> {
  return notice(domain, 404, {
    title: "This invitation is not valid",
    body: html`<p>It has been used, it has expired, or the link is incomplete. Ask whoever gave it to you for a new one.</p>
  <p>If you have just created your account with it: welcome! ${
    chat ? html`<a href="${chat}">Open the chat</a> and log in.` : html`<a href="/">How to connect</a>`
  }</p>`,
  });
}

/** @param wait for how long; milliseconds. */
export function tooManyPage(domain: string, wait: number): Promise<Response> {
  return notice(
    domain,
    429,
    {
      title: "Too many tries",
      body: html`<p>Too many invalid links were opened from your network. Come back in a few minutes.</p>`,
    },
    { "Retry-After": String(Math.ceil(wait / 1000)) },
  );
}

/** To a form that another site sent. */
export function refusedPage(domain: string): Promise<Response> {
  return notice(domain, 403, {
    title: "That did not come from this page",
    body: html`<p>Open the link of your invitation again and fill in the form there.</p>`,
  });
}

export interface Welcome {
  readonly domain: string;
  readonly username: string;
  readonly address: string;
  /** Who is a contact already. */
  readonly contact: string | undefined;
  /** Where people can chat, if there is such a page. */
  readonly chat: string | undefined;
}

/** After the account was made. The name goes to the chat page in the fragment, which no server gets to see. */
export function welcomePage({ domain, username, address, contact, chat }: Welcome): Promise<Response> {
  return notice(domain, 200, {
    title: "Your account is ready",
    body: html`<p class="lead">Your address is <strong><bdi>${address}</bdi></strong>.${
      contact === undefined ? "" : html` <bdi>${contact}</bdi> is your contact already.`
    }</p>
  ${chat ? html`<p class="actions"><a class="button" href="${chat}#user=${encodeURIComponent(username)}">Chat in this browser</a></p>` : ""}
  <p>In an app, log in with this address and your password. <a href="/">See the apps</a></p>`,
  });
}

function notice(
  domain: string,
  status: number,
  { title, body }: { readonly title: string; readonly body: Html },
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return page(
    { title, domain, body: html`<section><h1>${title}</h1>${body}</section>` },
    { status, headers },
  );
}
