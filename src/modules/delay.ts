/**
 * XEP-0203 Delayed Delivery, version 2.0
 * https://xmpp.org/extensions/xep-0203.html
 *
 * Discards marks of delay that somebody else made in this server's name (§5), so that those it makes can be trusted.
 */
import { defineModule } from "../core/module.ts";
import type { Element } from "../xml/element.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";

export const delay = defineModule({
  name: "delay",
  implements: ["XEP-0203 2.0"],
  features: [ns.DELAY],

  setup(host) {
    host.hook("message:received", "rewrite", (event) => {
      if (event.stanza.has("delay", ns.DELAY)) event.stanza = withoutForgery(event.stanza);
    });

    function withoutForgery(stanza: Stanza): Stanza {
      const marks = stanza.payload.filter((child) => child.is("delay", ns.DELAY));
      const genuine = marks.filter((mark) => !isOurs(mark));
      return genuine.length === marks.length ? stanza : stanza.without("delay", ns.DELAY).append(...genuine);
    }

    function isOurs(mark: Element): boolean {
      try {
        return Jid.parse(String(mark.attrs.from)).equals(host.jid);
      } catch (error) {
        if (error instanceof JidError) return false;
        throw error;
      }
    }
  },
});
