import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/** XEP-0160 §3: conversations are kept, unless they were sent not to be (XEP-0334 §4.2). */
export function isStorable(stanza: Stanza): boolean {
  const type = stanza.type ?? "normal";
  return type !== "headline" && type !== "groupchat" && type !== "error" && !stanza.has("no-store", ns.HINTS);
}

/** XEP-0160 §3: a chat state says nothing any more once it is late; it is dropped without a word, unless it is to be kept. */
export function isEphemeral({ heads }: Stanza): boolean {
  return (
    heads.some((head) => head.ns === ns.CHAT_STATES) &&
    heads.every(({ name, ns: of }) =>
      of === ns.HINTS ? name !== "store" : WITHOUT_CONTENT.has(of) || name === "thread",
    )
  );
}

/** What clients send with every message is no content: XEP-0359. */
const WITHOUT_CONTENT: ReadonlySet<string> = new Set([ns.CHAT_STATES, ns.STANZA_ID]);
