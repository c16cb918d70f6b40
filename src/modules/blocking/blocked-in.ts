import { isPiece, type UserImport } from "../../core/user-data.ts";
import type { Element } from "../../xml/element.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";

/** The addresses that an exported piece blocks; undefined when it is no such piece. What else it says is reported. */
export function blockedIn(event: UserImport): Jid[] | undefined {
  const { element } = event;
  if (isPiece(event, "blocklist", ns.BLOCKING)) {
    return element.getChildren("item").flatMap((item) => addressOf(event, item.attrs.jid));
  }
  if (!isPiece(event, "query", ns.PRIVACY)) return undefined;
  return element.getChildren("list").flatMap((list) => blockedByList(event, list));
}

/** XEP-0191 §5: a privacy list (XEP-0016) that is in force and blocks all of somebody's stanzas. */
function blockedByList(event: UserImport, list: Element): Jid[] {
  const inForce: unknown = event.element.getChild("default")?.attrs.name;
  if (list.attrs.name !== inForce) {
    event.skipped("privacy lists", "not the default one; blocking takes their place");
    return [];
  }
  return list.getChildren("item").flatMap((item) => {
    const { type, action, value } = item.attrs as Record<string, string | undefined>;
    if (action === "deny" && type === "jid" && item.getChildElements().length === 0) {
      return addressOf(event, value);
    }
    // What lets everything else through is how every blocklist ends.
    if (action !== "allow" || type !== undefined) {
      event.skipped("rules of privacy lists", "they do not block an address altogether");
    }
    return [];
  });
}

function addressOf(event: UserImport, text: unknown): Jid[] {
  try {
    return [Jid.parse(String(text))];
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    event.skipped("blocked addresses", "not an address");
    return [];
  }
}
