import { rosterService } from "../../src/modules/roster/roster.ts";
import type { XmppServer } from "../../src/server.ts";
import { Jid } from "../../src/xmpp/jid.ts";

/** Lets `contact` see the presence of `user` (RFC 6121 §3), without a word between them. Both are bare JIDs. */
export async function letSee(server: XmppServer, user: string, contact: string): Promise<void> {
  await server
    .host()
    .use(rosterService)
    .put(Jid.parse(user), {
      contact: Jid.parse(contact),
      name: "",
      groups: [],
      subscription: "from",
      ask: false,
      approved: false,
    });
}
