import { type Element, el } from "../../xml/element.ts";
import { form } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { PushRow } from "./registrations.ts";
import { isEncrypted } from "./worth-waking.ts";

/** What a push service is told. */
export interface Summary {
  /** That the device has not seen. */
  readonly messages: number;
  /** Subscription requests that wait for an answer. */
  readonly requests: number;
  /** The last message that it was not told of yet. */
  readonly last: Stanza | undefined;
}

/** How much of it the operator allows (XEP-0357 §9). */
export interface Disclosure {
  readonly includeSender: boolean;
  readonly includeBody: boolean;
}

/** In place of what was written: services in use wake a phone only quietly for a notification without a text. */
const NEW_MESSAGE = "New message";

/** What is told of a body, in characters: the whole notification of a phone is a few KB. */
const MAX_BODY_LENGTH = 1000;

/** XEP-0357 §7 with the summary form of §11.3.1. */
export function publication(
  { node, options }: PushRow,
  { messages, requests, last }: Summary,
  { includeSender, includeBody }: Disclosure,
): Element {
  const fields = [];
  if (messages > 0) fields.push({ name: "message-count", value: String(messages) });
  if (requests > 0) fields.push({ name: "pending-subscription-count", value: String(requests) });
  if (last) {
    if (includeSender) fields.push({ name: "last-message-sender", value: last.from?.toString() ?? "" });
    const body = includeBody && !isEncrypted(last) ? last.text("body") : undefined;
    const text = body?.slice(0, MAX_BODY_LENGTH).toWellFormed();
    fields.push({ name: "last-message-body", value: text || NEW_MESSAGE });
  }
  const summary = form({ type: "result", formType: ns.PUSH_SUMMARY, fields });
  const item = el("item", {}, el("notification", { xmlns: ns.PUSH }, summary));
  const pubsub = el("pubsub", { xmlns: ns.PUBSUB }, el("publish", { node: node || undefined }, item));
  const given = Object.entries(options).map(([name, value]) => ({ name, value }));
  if (given.length > 0) {
    const submitted = form({ type: "submit", formType: ns.PUBLISH_OPTIONS, fields: given });
    pubsub.cnode(el("publish-options", {}, submitted));
  }
  return pubsub;
}
