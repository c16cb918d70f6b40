/**
 * XEP-0359 Unique and Stable Stanza IDs, version 0.7.0
 * https://xmpp.org/extensions/xep-0359.html
 *
 * Deletes the ids that somebody else gave to a message in the name of an account of ours (§3), so that the ones its
 * archive gives can be trusted. Who archives a message adds the id.
 */
import { defineModule } from "../core/module.ts";
import type { Element } from "../xml/element.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";

export const stanzaId = defineModule({
  name: "stanzaId",
  implements: ["XEP-0359 0.7.0"],
  features: [ns.STANZA_ID],
  accountFeatures: [ns.STANZA_ID],

  setup(host) {
    host.hook("message:sent", "rewrite", (event) => {
      event.stanza = withoutForgery(event.stanza, event.session.jid.bare);
    });
    host.hook("message:received", "rewrite", (event) => {
      event.stanza = withoutForgery(event.stanza, event.user);
    });
  },
});

/** §3, rules 2 and 3: those by the account go, whoever made them; those by others stay, as does `<origin-id/>`. */
function withoutForgery(stanza: Stanza, account: Jid): Stanza {
  if (!stanza.has("stanza-id", ns.STANZA_ID)) return stanza;
  const ids = stanza.payload.filter((child) => child.is("stanza-id", ns.STANZA_ID));
  const genuine = ids.filter((id) => !isBy(id, account));
  return genuine.length === ids.length
    ? stanza
    : stanza.without("stanza-id", ns.STANZA_ID).append(...genuine);
}

/** §3, rule 7: addresses are compared as such, not as text. */
function isBy(id: Element, account: Jid): boolean {
  try {
    return Jid.parse(String(id.attrs.by)).equals(account);
  } catch (error) {
    if (error instanceof JidError) return false;
    throw error;
  }
}
