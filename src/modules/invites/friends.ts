import type { Host } from "../../core/host.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { presence as presenceStanza, type Stanza } from "../../xmpp/stanza.ts";
import { subscriptionsService } from "../presence/presence.ts";
import { rosterService } from "../roster/roster.ts";
import type { RosterItem } from "../roster/roster-item.ts";
import type { Invitation } from "./invitation.ts";
import type { InviteStore } from "./invite-store.ts";

/** Makes contacts of those who invite and those who come. */
export class Friends {
  readonly #host: Host;
  readonly #store: InviteStore;

  constructor(host: Host, store: InviteStore) {
    this.#host = host;
    this.#store = store;
  }

  /** The invitation that the token proves, unless it is over, or whoever invited is not here any more. */
  async find(token: string): Promise<Invitation | undefined> {
    const invitation = await this.#store.find(token);
    const { inviter } = invitation ?? {};
    if (!inviter || inviter.local === "") return invitation;
    return (await this.#host.accounts.status(inviter)) === "active" ? invitation : undefined;
  }

  /**
   * XEP-0379 §3.5 in the user's place: whoever has one of their tokens may see their presence, and is asked for the same.
   * Without a token of the server it is a request like any other (§4.1).
   */
  async subscribe(user: Jid, stanza: Stanza): Promise<"handled" | undefined> {
    const contact = stanza.from?.bare;
    const token: unknown = stanza.child("preauth", ns.PARS)?.attrs["token"];
    if (!contact || typeof token !== "string" || contact.equals(user)) return undefined;
    return this.#host.exclusive(user, async () => {
      const item = await this.#host.use(rosterService).item(user, contact);
      if (item?.subscription === "both" || item?.subscription === "from") return undefined;
      const invitation = await this.find(token);
      if (invitation?.kind !== "contact" || !invitation.inviter.equals(user)) return undefined;
      await this.#agree(user, contact, stanza, item);
      await this.#store.use(invitation);
      return "handled";
    });
  }

  /** RFC 6121 §3.4: approved before it is received, so that nobody is asked. */
  async #agree(user: Jid, contact: Jid, request: Stanza, item: RosterItem | undefined): Promise<void> {
    const subscriptions = this.#host.use(subscriptionsService);
    await subscriptions.sent(user, "subscribed", presenceStanza({ type: "subscribed", to: contact }));
    await subscriptions.received(user, "subscribe", request);
    if (item?.subscription === "to") return;
    await subscriptions.sent(user, "subscribe", presenceStanza({ type: "subscribe", to: contact }));
  }

  /** XEP-0401 §5.5: both see each other, and both are told. The account stays where a contact list is full. */
  async join(inviter: Jid, invited: Jid): Promise<void> {
    if (inviter.local === "" || inviter.domain !== this.#host.domain) return;
    const rosters = this.#host.use(rosterService);
    try {
      for (const [user, contact] of [
        [inviter, invited],
        [invited, inviter],
      ] as const) {
        // XEP-0379 §5.4: without a name.
        const item = (await rosters.item(user, contact)) ?? { contact, name: "", groups: [] };
        await rosters.put(user, { ...item, subscription: "both", ask: false, approved: false });
      }
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      this.#host.log.warn("the invited did not become a contact", {
        user: invited.toString(),
        reason: error.message,
      });
    }
  }
}
