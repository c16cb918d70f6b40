import type { Session } from "../../session/session.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { presence, type Stanza } from "../../xmpp/stanza.ts";
import type { ContactList } from "../roster/contact-list.ts";
import type { RosterItem } from "../roster/roster-item.ts";
import type { EndedContact } from "../roster/roster-service.ts";
import type { Context } from "./context.ts";
import {
  inbound,
  isSeen,
  outbound,
  partsOf,
  type SubscriptionState,
  type SubscriptionType,
  sees,
  stateOf,
} from "./subscription-states.ts";

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** Somebody asks to see the user's presence, and waits for an answer (RFC 6121 §3.1.3). */
    "subscription:requested": { readonly user: Jid; readonly stanza: Stanza };
  }
}

export interface RequestLimits {
  /** Requests of one user that wait for an answer. */
  readonly requests: number;
  /** Bytes of a request's payload that is kept; of a larger one it is dropped. */
  readonly requestSize: number;
}

/** RFC 6121 §3: carries out what Appendix A says, on both sides in the same turn when both are users of this host. */
export class Subscriptions {
  readonly #context: Context;
  readonly #limits: RequestLimits;

  constructor(context: Context, limits: RequestLimits) {
    this.#context = context;
    this.#limits = limits;
  }

  /** A stanza of the user; it leaves from bare JID to bare JID (§3, §3.1.2). @throws StanzaError */
  sent(user: Jid, type: SubscriptionType, stanza: Stanza): Awaitable<void> {
    const contact = stanza.to?.bare;
    if (!contact) throw new StanzaError("bad-request", "a subscription needs an address");
    if (contact.equals(user)) throw new StanzaError("not-allowed", "this is you");
    const { rosters } = this.#context;
    return after(rosters.of(user), (list) =>
      after(this.#prepare(contact), () => this.#send(list, type, stanza.with({ from: user, to: contact }))),
    );
  }

  /** A stanza of a contact. Whoever is no user here is not answered (§8.5.1). @throws StanzaError */
  received(user: Jid, type: SubscriptionType, stanza: Stanza): Awaitable<void> {
    const contact = stanza.from?.bare;
    if (!contact || contact.equals(user)) return;
    const { exists, rosters } = this.#context;
    return after(exists(user), (isUser) => {
      if (!isUser) return;
      const normal = stanza.with({ from: contact, to: user });
      return after(rosters.of(user), (list) => this.#receive(list, type, normal));
    });
  }

  /** §2.5.2: the contact is gone from the roster, so both directions end. */
  ended({ user, contact, item, requested }: EndedContact): Awaitable<void> {
    const { host } = this.#context;
    const wasSeen = item !== undefined && isSeen(item);
    const hidden = wasSeen ? this.#hide(user, contact) : undefined;
    const left =
      item && (sees(item) || item.ask)
        ? host.route(presence({ type: "unsubscribe", from: user, to: contact }))
        : undefined;
    const cancelled =
      wasSeen || requested
        ? host.route(presence({ type: "unsubscribed", from: user, to: contact }))
        : undefined;
    return together(hidden, left, cancelled);
  }

  /** §3.1.3 rule 4: each resource that becomes available is shown the requests that wait. */
  showRequests(session: Session): Awaitable<void> {
    return after(this.#context.rosters.of(session.jid.bare), (list) => {
      for (const request of list.requests.values()) session.send(request);
    });
  }

  /** With the contact's roster in memory both sides change without waiting in between. */
  #prepare(contact: Jid): Awaitable<unknown> {
    const { host, exists, rosters } = this.#context;
    if (contact.domain !== host.domain || contact.local === "") return undefined;
    return after(exists(contact), (isUser) => (isUser ? after(rosters.of(contact), () => {}) : undefined));
  }

  #send(list: ContactList, type: SubscriptionType, stanza: Stanza): Awaitable<void> {
    const { user } = list;
    const contact = stanza.to as Jid;
    const state = currentState(list, contact);
    const { next, route, approval } = outbound(type, state);
    // §3.2.2: as long as the contact may see it.
    const hidden = isHiding(state, next) ? this.#hide(user, contact) : undefined;
    const written = this.#write(list, contact, next, approval);
    const routed = route ? this.#context.host.route(stanza) : undefined;
    // §3.1.5
    const shown = isShowing(state, next) ? this.#show(user, contact) : undefined;
    return together(hidden, written, routed, shown);
  }

  #receive(list: ContactList, type: SubscriptionType, stanza: Stanza): Awaitable<void> {
    const { host } = this.#context;
    const { user } = list;
    const contact = stanza.from as Jid;
    const state = currentState(list, contact);
    const rule = inbound(type, state, list.get(contact)?.approved ?? false);
    const isNewRequest = !partsOf(state).pendingIn && partsOf(rule.next).pendingIn;
    const kept = isNewRequest ? this.#keepRequest(list, contact, stanza) : undefined;
    if (rule.deliver) this.#deliver(user, type, stanza);
    const written = this.#write(list, contact, rule.next);
    const hidden = isHiding(state, rule.next) ? this.#hide(user, contact) : undefined;
    const answered = rule.reply
      ? host.route(presence({ type: rule.reply, id: stanza.id, from: user, to: contact }))
      : undefined;
    // §3.1.5: a contact who asks again has lost what it was told.
    const shown = rule.reply === "subscribed" ? this.#show(user, contact) : undefined;
    const told = isNewRequest
      ? after(kept, () => host.emit("subscription:requested", { user, stanza }))
      : undefined;
    return together(kept, written, hidden, answered, shown, told);
  }

  /** Requests go to available resources (§3.1.3), the rest to those that know the roster, and before its push (§3.1.6). */
  #deliver(user: Jid, type: SubscriptionType, stanza: Stanza): void {
    const { host, rosters } = this.#context;
    const recipients = type === "subscribe" ? host.sessions.available(user) : rosters.interested(user);
    for (const session of recipients) session.send(stanza);
  }

  /** Takes the new state into the roster and pushes what the user sees of it. */
  #write(
    list: ContactList,
    contact: Jid,
    next: SubscriptionState,
    approval?: "granted" | "withdrawn",
  ): Awaitable<void> {
    const { subscription, ask, pendingIn } = partsOf(next);
    const item = list.get(contact) ?? newItem(contact);
    const changed = { ...item, subscription, ask, approved: isApproved(item, next, approval) };
    const written = isSame(item, changed) ? undefined : this.#context.rosters.put(list.user, changed);
    return together(written, pendingIn ? undefined : list.dropRequest(contact));
  }

  /** §3.1.3: of each contact one request is kept, and not without bounds. */
  #keepRequest(list: ContactList, contact: Jid, stanza: Stanza): Awaitable<void> {
    if (list.requests.size >= this.#limits.requests) {
      throw new StanzaError("resource-constraint", "too many requests wait for an answer");
    }
    const isTooLarge = Buffer.byteLength(stanza.toString()) > this.#limits.requestSize;
    return list.keepRequest(contact, isTooLarge ? withoutPayload(stanza) : stanza);
  }

  /** The contact sees the user from now on. */
  #show(user: Jid, contact: Jid): Awaitable<void> {
    const { host, current } = this.#context;
    return each(host.sessions.available(user), (session) =>
      host.route((current.of(session) as Stanza).with({ to: contact })),
    );
  }

  /** The contact does not see the user any more, not even by directed presence (§4.6.1). */
  #hide(user: Jid, contact: Jid): Awaitable<void> {
    const { host, directed } = this.#context;
    return each(host.sessions.available(user), (session) => {
      directed.deleteAll(session, contact);
      return host.route(presence({ type: "unavailable", from: session.jid, to: contact }));
    });
  }
}

function currentState(list: ContactList, contact: Jid): SubscriptionState {
  const { subscription, ask } = list.get(contact) ?? newItem(contact);
  return stateOf({ subscription, ask, pendingIn: list.request(contact) !== undefined });
}

function newItem(contact: Jid): RosterItem {
  return { contact, name: "", groups: [], subscription: "none", ask: false, approved: false };
}

/** §3.4.2: an approval is used up by the request it was made for. */
function isApproved(item: RosterItem, next: SubscriptionState, approval?: "granted" | "withdrawn"): boolean {
  if (approval) return approval === "granted";
  return item.approved && !isSeen(partsOf(next));
}

function isSame(a: RosterItem, b: RosterItem): boolean {
  return a.subscription === b.subscription && a.ask === b.ask && a.approved === b.approved;
}

function isShowing(before: SubscriptionState, next: SubscriptionState): boolean {
  return !isSeen(partsOf(before)) && isSeen(partsOf(next));
}

function isHiding(before: SubscriptionState, next: SubscriptionState): boolean {
  return isSeen(partsOf(before)) && !isSeen(partsOf(next));
}

/** What is left of a request that is too large: who asks. */
function withoutPayload({ type, id, from, to, lang }: Stanza): Stanza {
  return presence({ type, id, from, to, lang });
}
