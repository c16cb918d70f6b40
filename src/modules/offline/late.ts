import { parseDateTime } from "../../xmpp/datetime.ts";
import { delayElement } from "../../xmpp/delay.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { OfflineRow } from "./offline-store.ts";

const REASON = "Offline Storage";

/** XEP-0160 §2: a message that waited, with the time at which it came to `domain`. */
export function late(row: OfflineRow, domain: Jid): Stanza {
  const stanza = parseStanza(row.stanza);
  // One that another resource failed to acknowledge has its time already (XEP-0198 §4).
  if (stanza.child("delay", ns.DELAY)?.attrs.from === domain.domain) return stanza;
  return stanza.append(delayElement(domain, row.at, REASON));
}

/** A message that waited elsewhere, with the time that it got there as if it had waited at `domain`. */
export function stamped(stanza: Stanza, domain: Jid): Stanza {
  const delays = stanza.payload.filter((child) => child.is("delay", ns.DELAY));
  const stamp = parseDateTime(String(delays.at(-1)?.attrs.stamp));
  if (stamp === undefined || delays.some((each) => each.attrs.from === domain.domain)) return stanza;
  return stanza.append(delayElement(domain, stamp, REASON));
}
