import { type ErrorType, type StanzaCondition, StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";

/** XEP-0060 §16.7.3: conditions of its own. */
export type PubsubCondition =
  | "closed-node"
  | "invalid-jid"
  | "invalid-options"
  | "invalid-payload"
  | "item-forbidden"
  | "item-required"
  | "jid-required"
  | "node-full"
  | "nodeid-required"
  | "not-in-roster-group"
  | "not-subscribed"
  | "payload-required"
  | "payload-too-big"
  | "pending-subscription"
  | "precondition-not-met"
  | "presence-subscription-required"
  | "too-many-subscriptions"
  | "unsupported-access-model";

export function pubsubError(
  condition: StanzaCondition,
  detail: PubsubCondition,
  type?: ErrorType,
): StanzaError {
  return new StanzaError(condition, "", {
    detail: { name: detail, ns: ns.PUBSUB_ERRORS },
    ...(type && { type }),
  });
}

/** XEP-0060 §11: the service does not have this feature. */
export function unsupported(feature: string): StanzaError {
  return new StanzaError("feature-not-implemented", "", {
    detail: { name: "unsupported", ns: ns.PUBSUB_ERRORS, attributes: { feature } },
  });
}

export function nodeRequired(): StanzaError {
  return pubsubError("bad-request", "nodeid-required");
}
