/**
 * RFC 6121 §3, §4: Managing Presence Subscriptions, Exchanging Presence Information
 * https://www.rfc-editor.org/rfc/rfc6121#section-3
 *
 * Lets users agree on who sees whose presence, and tells those who may see it, and nobody else, when a resource comes,
 * changes and goes.
 */
import { defineModule, defineService } from "../../core/module.ts";
import type { Session } from "../../session/session.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { t } from "../../util/schema.ts";
import { el, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { roster, rosterService } from "../roster/roster.ts";
import { Availability } from "./availability.ts";
import type { Context } from "./context.ts";
import { CurrentPresence } from "./current-presence.ts";
import { DirectedPresence } from "./directed-presence.ts";
import { Probes } from "./probes.ts";
import { Subscriptions } from "./subscriptions.ts";

/** For those who agree to a subscription in a user's place: what the user sends, and what they are sent. */
export const subscriptionsService = defineService<Pick<Subscriptions, "received" | "sent">>("subscriptions");

/** Where a session has shown itself; whoever tells it that it is gone from there need not be told so any more. */
export const directedPresenceService =
  defineService<Pick<DirectedPresence, "has" | "delete">>("directed-presence");

const PRE_APPROVAL_OFFER = serialize(el("sub", { xmlns: ns.PRE_APPROVAL }));

export const presence = defineModule({
  name: "presence",
  implements: ["RFC 6121 §3", "RFC 6121 §4", "XEP-0203 2.0"],
  requires: [roster],
  config: t.object({
    requests: t.integer(200, { min: 1 }).doc("Subscription requests of one user that wait for an answer."),
    requestSize: t
      .size("8 KB")
      .doc(
        "The largest subscription request that is kept as it came; of a larger one only who asks is kept.",
      ),
    directed: t
      .integer(1000, { min: 1 })
      .doc("Addresses that one session may send its presence to directly."),
    iqFromStrangers: t
      .boolean(true)
      .doc(
        "Deliver requests to a user's client from those who may not see its presence. `false` is what RFC 6121 §8.5.3.1 recommends; file transfer and calls between strangers fail then.",
      ),
  }),

  setup(host, config) {
    const context: Context = {
      host,
      rosters: host.use(rosterService),
      directed: new DirectedPresence(host, config.directed),
      current: new CurrentPresence(host),
      exists: (user) => host.sessions.of(user).length > 0 || host.accounts.exists(user),
    };
    const { rosters, directed } = context;
    const availability = new Availability(context);
    const probes = new Probes(context);
    const subscriptions = new Subscriptions(context, config);
    host.provide(subscriptionsService, subscriptions);
    host.provide(directedPresenceService, directed);

    // §3.4: for information; it is not negotiated.
    host.streamFeature({
      ns: ns.PRE_APPROVAL,
      offer: ({ user, session }) => (user && !session ? PRE_APPROVAL_OFFER : undefined),
    });

    host.hook("presence:sent", "observe", ({ session, stanza }) => {
      switch (stanza.type) {
        case "subscribe":
        case "subscribed":
        case "unsubscribe":
        case "unsubscribed":
          return handled(subscriptions.sent(session.jid.bare, stanza.type, stanza));
        case undefined:
          return stanza.to ? direct(session, stanza, stanza.to) : announce(session, stanza);
        case "unavailable":
          if (!stanza.to) return availability.withdraw(session, stanza);
          // §4.6.1: who was told need not be told again.
          return directed.delete(session, stanza.to);
        default:
          return undefined;
      }
    });

    host.hook("presence:received", "observe", ({ user, stanza }) => {
      switch (stanza.type) {
        case "subscribe":
        case "subscribed":
        case "unsubscribe":
        case "unsubscribed":
          return handled(subscriptions.received(user, stanza.type, stanza));
        case "probe":
          return handled(probes.answer(user, stanza));
        case "unavailable":
          return forget(user, stanza);
        default:
          return undefined;
      }
    });

    host.hook("session:close", "observe", ({ session }) => availability.end(session));
    host.hook("roster:removed", "observe", (ended) => subscriptions.ended(ended));
    if (!config.iqFromStrangers) {
      host.hook("iq:received", "guard", ({ stanza, recipient }) => guard(stanza, recipient));
    }

    function announce(session: Session, stanza: Stanza): Awaitable<void> {
      return after(availability.announce(session, stanza), (isInitial) =>
        isInitial ? subscriptions.showRequests(session) : undefined,
      );
    }

    /** §4.6.3: subscribers hear of everything else anyway while the session is available. */
    function direct(session: Session, { type }: Stanza, to: Jid): Awaitable<undefined> {
      const user = session.jid.bare;
      if (type !== undefined || to.bare.equals(user)) return undefined;
      return after(rosters.isSubscribed(user, to.bare), (isSubscribed) => {
        if (!isSubscribed || !session.presence) directed.add(session, to);
        return undefined;
      });
    }

    /** §4.6.1: who went away need not be told that the user does. */
    function forget(user: Jid, { from }: Stanza): undefined {
      if (from) for (const session of host.sessions.of(user)) directed.delete(session, from);
    }

    /** §8.5.3.1: whoever may not see that the resource is there does not reach it. */
    function guard({ type, from }: Stanza, recipient: Session): Awaitable<undefined> {
      const user = recipient.jid.bare;
      if ((type !== "get" && type !== "set") || !from) return undefined;
      if (from.bare.equals(user) || from.equals(host.jid) || directed.has(recipient, from)) return undefined;
      return after(rosters.isSubscribed(user, from.bare), (isSubscribed) => {
        if (!isSubscribed) throw new StanzaError("service-unavailable");
        return undefined;
      });
    }
  },
});

function handled(work: Awaitable<void>): Awaitable<"handled"> {
  return after(work, () => "handled" as const);
}
