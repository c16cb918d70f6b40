import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/** As XML Schema writes a byte: white space around it does not count. */
const INTEGER = /^\s*[+-]?\d{1,3}\s*$/;

/** RFC 6121 §4.7.2.3: an integer from −128 to 127, 0 when there is none. @throws StanzaError `bad-request`. */
export function readPriority(presence: Stanza): number {
  const count = presence.heads.reduce((sum, head) => sum + Number(isPriority(head)), 0);
  if (count === 0) return 0;
  const text = presence.text("priority") ?? "";
  const priority = Number(text);
  if (count > 1 || !INTEGER.test(text) || priority < -128 || priority > 127) {
    throw new StanzaError("bad-request", "the priority is one integer from -128 to 127");
  }
  return priority;
}

function isPriority(head: { readonly name: string; readonly ns: string }): boolean {
  return head.name === "priority" && head.ns === ns.CLIENT;
}
