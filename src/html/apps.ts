/** Applications that people chat with: a choice for each kind of device, none of which is asked for anything here. */
import { html } from "hono/html";
import type { Html } from "./page.ts";

export type Platform = "Android" | "iPhone and iPad" | "macOS" | "Windows" | "Linux" | "terminal";

interface App {
  readonly name: string;
  readonly platforms: readonly Platform[];
  readonly home: string;
}

const APPS: readonly App[] = [
  { name: "Conversations", platforms: ["Android"], home: "https://conversations.im" },
  { name: "Cheogram", platforms: ["Android"], home: "https://cheogram.com" },
  { name: "Monal", platforms: ["iPhone and iPad", "macOS"], home: "https://monal-im.org" },
  { name: "Siskin", platforms: ["iPhone and iPad"], home: "https://siskin.im" },
  { name: "Dino", platforms: ["Linux"], home: "https://dino.im" },
  { name: "Gajim", platforms: ["Windows", "macOS", "Linux"], home: "https://gajim.org" },
  { name: "Profanity", platforms: ["terminal"], home: "https://profanity-im.github.io" },
];

/** The platform that a `User-Agent` names (RFC 9110 §10.1.5); undefined for what we do not know. */
export function platformOf(userAgent: string): Platform | undefined {
  if (/Android/.test(userAgent)) return "Android";
  if (/iPhone|iPad|iPod/.test(userAgent)) return "iPhone and iPad";
  if (/Windows/.test(userAgent)) return "Windows";
  if (/Macintosh/.test(userAgent)) return "macOS";
  return /Linux|X11/.test(userAgent) ? "Linux" : undefined;
}

/** The list as HTML, those for `platform` alone, or all with a link to those that are not in it. */
export function appList(platform?: Platform): Html {
  const apps = APPS.filter(({ platforms }) => platform === undefined || platforms.includes(platform));
  return html`<ul class="apps">${apps.map(
    ({ name, platforms, home }) =>
      html`<li><a href="${home}" rel="noreferrer">${name}</a> <span class="on">${platforms.join(", ")}</span></li>`,
  )}${platform === undefined ? html`<li><a href="https://xmpp.org/software/" rel="noreferrer">More of them</a></li>` : ""}</ul>`;
}
