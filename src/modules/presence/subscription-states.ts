/**
 * RFC 6121 Appendix A: the states between a user and a contact, from the user's point of view, and what stanzas that the
 * user sends (outbound) or the contact sends (inbound) make of them.
 */
import type { Subscription } from "../roster/roster-item.ts";

/** A.1: the four subscriptions, with a request of the user (`out`) or of the contact (`in`) that waits for an answer. */
export const SUBSCRIPTION_STATES = [
  "none",
  "none+out",
  "none+in",
  "none+out+in",
  "to",
  "to+in",
  "from",
  "from+out",
  "both",
] as const;
export type SubscriptionState = (typeof SUBSCRIPTION_STATES)[number];

export type SubscriptionType = "subscribe" | "unsubscribe" | "subscribed" | "unsubscribed";

/** A state as it is kept. */
export interface StateParts {
  readonly subscription: Subscription;
  readonly ask: boolean;
  /** A request of the contact waits for an answer. */
  readonly pendingIn: boolean;
}

export interface OutboundRule {
  readonly next: SubscriptionState;
  /** Whether the stanza goes on to the contact. */
  readonly route: boolean;
  /** What becomes of the pre-approval (§3.4). */
  readonly approval?: "granted" | "withdrawn";
}

export interface InboundRule {
  readonly next: SubscriptionState;
  /** Whether the user gets the stanza. */
  readonly deliver: boolean;
  /** What the server answers in the user's place. */
  readonly reply?: "subscribed" | "unsubscribed";
}

/** Each state from its parts; those that a request of the contact cannot meet ignore it. */
export function stateOf({ subscription, ask, pendingIn }: StateParts): SubscriptionState {
  switch (subscription) {
    case "none":
      if (ask) return pendingIn ? "none+out+in" : "none+out";
      return pendingIn ? "none+in" : "none";
    case "to":
      return pendingIn ? "to+in" : "to";
    case "from":
      return ask ? "from+out" : "from";
    case "both":
      return "both";
  }
}

export function partsOf(state: SubscriptionState): StateParts {
  return PARTS[state];
}

/** Whether the contact sees the user's presence. */
export function isSeen({ subscription }: Pick<StateParts, "subscription">): boolean {
  return subscription === "from" || subscription === "both";
}

/** Whether the user sees the contact's presence. */
export function sees({ subscription }: Pick<StateParts, "subscription">): boolean {
  return subscription === "to" || subscription === "both";
}

/** What the user's stanza does (A.2). */
export function outbound(type: SubscriptionType, state: SubscriptionState): OutboundRule {
  return OUTBOUND[type][state];
}

/** What the contact's stanza does (A.3); `approved`: the user approved a request before it came (§3.4.2). */
export function inbound(type: SubscriptionType, state: SubscriptionState, approved: boolean): InboundRule {
  const granted = approved && type === "subscribe" ? PRE_APPROVED[state] : undefined;
  return granted ? { next: granted, deliver: false, reply: "subscribed" } : INBOUND[type][state];
}

const PARTS: Readonly<Record<SubscriptionState, StateParts>> = {
  none: { subscription: "none", ask: false, pendingIn: false },
  "none+out": { subscription: "none", ask: true, pendingIn: false },
  "none+in": { subscription: "none", ask: false, pendingIn: true },
  "none+out+in": { subscription: "none", ask: true, pendingIn: true },
  to: { subscription: "to", ask: false, pendingIn: false },
  "to+in": { subscription: "to", ask: false, pendingIn: true },
  from: { subscription: "from", ask: false, pendingIn: false },
  "from+out": { subscription: "from", ask: true, pendingIn: false },
  both: { subscription: "both", ask: false, pendingIn: false },
};

type Table<Rule> = Readonly<Record<SubscriptionType, Readonly<Record<SubscriptionState, Rule>>>>;

const routed = (next: SubscriptionState): OutboundRule => ({ next, route: true });
const kept = (next: SubscriptionState): OutboundRule => ({ next, route: false });
const granting = (next: SubscriptionState): OutboundRule => ({ next, route: false, approval: "granted" });
const withdrawing = (next: SubscriptionState): OutboundRule => ({
  next,
  route: false,
  approval: "withdrawn",
});

const OUTBOUND: Table<OutboundRule> = {
  // A.2.1
  subscribe: {
    none: routed("none+out"),
    "none+out": routed("none+out"),
    "none+in": routed("none+out+in"),
    "none+out+in": routed("none+out+in"),
    to: routed("to"),
    "to+in": routed("to+in"),
    from: routed("from+out"),
    "from+out": routed("from+out"),
    both: routed("both"),
  },
  // A.2.2
  unsubscribe: {
    none: routed("none"),
    "none+out": routed("none"),
    "none+in": routed("none+in"),
    "none+out+in": routed("none+in"),
    to: routed("none"),
    "to+in": routed("none+in"),
    from: routed("from"),
    "from+out": routed("from"),
    both: routed("from"),
  },
  // A.2.3
  subscribed: {
    none: granting("none"),
    "none+out": granting("none+out"),
    "none+in": routed("from"),
    "none+out+in": routed("from+out"),
    to: granting("to"),
    "to+in": routed("both"),
    from: kept("from"),
    "from+out": kept("from+out"),
    both: kept("both"),
  },
  // A.2.4
  unsubscribed: {
    none: withdrawing("none"),
    "none+out": withdrawing("none+out"),
    "none+in": routed("none"),
    "none+out+in": routed("none+out"),
    to: withdrawing("to"),
    "to+in": routed("to"),
    from: routed("none"),
    "from+out": routed("none+out"),
    both: routed("to"),
  },
};

const delivered = (next: SubscriptionState): InboundRule => ({ next, deliver: true });
const ignored = (next: SubscriptionState): InboundRule => ({ next, deliver: false });
const granted = (next: SubscriptionState): InboundRule => ({ next, deliver: false, reply: "subscribed" });
const confirmed = (next: SubscriptionState): InboundRule => ({ next, deliver: true, reply: "unsubscribed" });

const INBOUND: Table<InboundRule> = {
  // A.3.1
  subscribe: {
    none: delivered("none+in"),
    "none+out": delivered("none+out+in"),
    "none+in": ignored("none+in"),
    "none+out+in": ignored("none+out+in"),
    to: delivered("to+in"),
    "to+in": ignored("to+in"),
    from: granted("from"),
    "from+out": granted("from+out"),
    both: granted("both"),
  },
  // A.3.2
  unsubscribe: {
    none: ignored("none"),
    "none+out": ignored("none+out"),
    "none+in": confirmed("none"),
    "none+out+in": confirmed("none+out"),
    to: ignored("to"),
    "to+in": confirmed("to"),
    from: confirmed("none"),
    "from+out": confirmed("none+out"),
    both: confirmed("to"),
  },
  // A.3.3
  subscribed: {
    none: ignored("none"),
    "none+out": delivered("to"),
    "none+in": ignored("none+in"),
    "none+out+in": delivered("to+in"),
    to: ignored("to"),
    "to+in": ignored("to+in"),
    from: ignored("from"),
    "from+out": delivered("both"),
    both: ignored("both"),
  },
  // A.3.4
  unsubscribed: {
    none: ignored("none"),
    "none+out": delivered("none"),
    "none+in": ignored("none+in"),
    "none+out+in": delivered("none+in"),
    to: delivered("none"),
    "to+in": delivered("none+in"),
    from: ignored("from"),
    "from+out": delivered("from"),
    both: delivered("from"),
  },
};

/** A.3.1 [1]: a request that was approved before it came. */
const PRE_APPROVED: Partial<Readonly<Record<SubscriptionState, SubscriptionState>>> = {
  none: "from",
  "none+out": "from+out",
  to: "both",
};
