/** RFC 6121 §8, XEP-0198 §4: what becomes of messages that their recipient's client never got. */
import type { Unacked } from "../session/management.ts";
import type { Session } from "../session/session.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { delayElement } from "../xmpp/delay.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import type { Holders } from "./holders.ts";

/**
 * Gives messages that were on their way to the client of `session`, which ended, to `redeliver`, one after the other, with the
 * time at which they were sent. Of a copy (XEP-0280) that is the message, where nobody else is left who was to have it.
 */
export function giveBack(
  session: Session,
  messages: readonly Unacked[],
  holders: Holders,
  redeliver: (user: Jid, stanza: Stanza) => Awaitable<void>,
): Awaitable<void> {
  const client = session.jid;
  const domain = Jid.of("", client.domain);
  for (const { stanza } of messages) holders.lost(stanza, session);
  let done: Awaitable<void> = undefined;
  for (const { stanza, at } of messages) {
    if (!isConversation(stanza, client) && !holders.isHeir(stanza)) continue;
    const message = holders.original(stanza);
    if (holders.isLeft(message)) continue;
    const late = message.has("delay", ns.DELAY) ? message : message.append(delayElement(domain, at));
    holders.giveBack(message, late);
    done = after(done, () => redeliver(client.bare, late));
  }
  return done;
}

/** Copies of one's own messages and answers to queries are of no use elsewhere; requests are answered by the session. */
function isConversation(stanza: Stanza, client: Jid): boolean {
  const { kind, type, from } = stanza;
  if (kind !== "message" || (from?.bare.equals(client.bare) ?? true)) return false;
  // A room's archive answers by messages as well (XEP-0313 §4.2).
  if (stanza.has("result", ns.MAM)) return false;
  return type !== "error" && type !== "groupchat" && type !== "headline";
}
