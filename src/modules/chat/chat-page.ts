import { html, raw } from "hono/html";
import { icon } from "../../html/icon.ts";
import { respond } from "../../html/page.ts";
import type { HttpSide } from "../../http/http-side.ts";

export interface ChatPageParts {
  readonly domain: string;
  /** Where streams are. */
  readonly http: Pick<HttpSide, "boshUrl" | "websocketUrl">;
  /** Where uploads are, which may be another origin than the page's. */
  readonly uploads: string;
  /** The folder with Converse. */
  readonly base: string;
  readonly version: string | undefined;
  /** Whether anybody may make an account. */
  readonly isOpen: boolean;
}

/** What stands around Converse's log-in form, which has a style of its own. */
const style = `
#loading, .site-head, .site-foot { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-align: center; }
#loading { color: #7b8794; padding: 30vh 1rem 0; }
.site-head { display: flex; flex-direction: column; align-items: center; gap: .75rem; padding: 2.5rem 1rem 1rem; }
.site-head svg { width: 4.5rem; height: 4.5rem; }
.site-head strong { font-size: 1.6rem; font-weight: 650; overflow-wrap: anywhere; }
.site-foot { font-size: .875rem; line-height: 1.6; padding: 1rem; max-width: 34rem; margin: 0 auto; }
.site-foot p { margin: 0 0 .5rem; }
/* Converse leaves it out on phones. */
.conversejs #controlbox converse-footer { display: block !important; }
`;

/** The page that Converse fills. Its settings: https://conversejs.org/docs/configuration/ */
export function chatPage({ domain, http, uploads, base, version, isOpen }: ChatPageParts): Promise<Response> {
  const { hostname, origin } = new URL(uploads);
  const settings = {
    assets_path: base,
    // Paths: the page's own origin has them.
    websocket_url: pathOf(http.websocketUrl),
    bosh_service_url: pathOf(http.boshUrl),
    discover_connection_methods: false,
    default_domain: domain,
    allow_registration: isOpen,
    registration_domain: domain,
    view_mode: "fullscreen",
    theme: "nordic",
    dark_theme: "dracula",
    show_background: false,
    notification_icon: "/favicon.svg",
    loglevel: "warn",
    allow_public_bookmarks: false,
    // Nothing is fetched from anybody else: neither pictures that are only linked to, nor lists of servers and rooms.
    // Without a service that searches rooms there would be no field to name one.
    render_media: [hostname],
    embed_3rd_party_media_players: false,
    emoji_image_path: `${base}/images/`,
    xmpp_providers_url: "",
    providers_link: "",
    autocomplete_providers_url: "",
    muc_search_service: domain,
  };
  const document = html`<!doctype html>
<html lang="en" class="converse-fullscreen">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Chat at ${domain}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${base}/converse.min.css">
<style>${raw(style)}</style>
<meta name="chat-settings" content="${JSON.stringify(settings)}">
<script type="module" src="${base}/converse.min.js"></script>
<script type="module" src="${base}/start.js"></script>
</head>
<body class="converse-fullscreen">
<p id="loading">Loading the chat …</p>
<noscript><p>The chat page needs JavaScript. Without it, <a href="/">another application</a> for XMPP does the same.</p></noscript>
<template data-element="converse-controlbox-navbar"></template>
<template data-element="converse-brand-logo"><div class="site-head">${raw(icon)}<strong>${domain}</strong></div></template>
<template data-element="converse-footer"><footer class="site-foot">
<p>${isOpen ? "" : "New here? Accounts are by invitation: open the link that you were given. "}<a href="/">Other ways to connect</a></p>
<p>Converse${version === undefined ? "" : ` ${version}`}, <a href="https://conversejs.org" target="_blank" rel="noopener noreferrer">free software</a>
under the <a href="${base}/LICENSE" target="_blank">Mozilla Public License</a></p>
</footer></template>
</body>
</html>
`;
  return respond(document, policy(origin), { headers: { "Cache-Control": "no-cache" } });
}

function pathOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).pathname;
}

/**
 * Scripts are Converse's files and nothing else; WebAssembly is the encryption of OMEMO. Converse styles elements by
 * attributes, so styles are allowed everywhere. Pictures of people and files are of this server or inside stanzas.
 */
function policy(uploads: string): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self'",
    `img-src 'self' ${uploads} data: blob:`,
    `media-src 'self' ${uploads} data: blob:`,
    `connect-src 'self' ${uploads}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
