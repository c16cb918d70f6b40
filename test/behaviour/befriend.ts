import { rosterService } from "../../src/modules/roster/roster.ts";
import type { XmppServer } from "../../src/server.ts";
import { Jid } from "../../src/xmpp/jid.ts";

/** Lets two users see each other's presence (RFC 6121 §3), without a word between them. Both are bare JIDs. */
export async function befriend(server: XmppServer, one: string, other: string): Promise<void> {
  const rosters = server.host().use(rosterService);
  for (const [user, contact] of [
    [one, other],
    [other, one],
  ] as const) {
    const item = { contact: Jid.parse(contact), name: "", groups: [], ask: false, approved: false };
    await rosters.put(Jid.parse(user), { ...item, subscription: "both" });
  }
}
