import { defineService } from "../../core/module.ts";
import type { Jid } from "../../xmpp/jid.ts";

/** The console in a browser, for those who let people in: the first domain provides it. */
export interface Console {
  /** A link with which somebody may come in once: for an administrator, or for whoever has the machine. */
  makeLink(user: Jid | undefined): { readonly url: string; readonly until: number };
}

export const consoleService = defineService<Console>("adminConsole");
