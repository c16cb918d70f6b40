import type { Host } from "../../core/host.ts";
import { type Awaitable, after, together } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import { form, readBoolean, readForm } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message, type Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { PubsubNode, Subscription } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import { parseJid } from "./requests.ts";

/** XEP-0060 §8.6: asks an owner. */
function approvalForm(node: PubsubNode, subscriber: Jid): Element {
  return form({
    type: "form",
    title: "Subscription request",
    instructions: "May this address subscribe?",
    formType: ns.SUBSCRIBE_AUTHORIZATION,
    fields: [
      { name: "pubsub#node", type: "text-single", label: "Node", value: node.id },
      { name: "pubsub#subscriber_jid", type: "jid-single", label: "Address", value: subscriber.toString() },
      { name: "pubsub#allow", type: "boolean", label: "Allow it to subscribe?", value: false },
    ],
  });
}

/** The question, without its addressee. */
export function approvalQuestion(
  { random }: Pick<Host, "random">,
  service: Jid,
  node: PubsubNode,
  subscriber: Jid,
): Stanza {
  return message({ id: random.id(), from: service }, approvalForm(node, subscriber));
}

/** Those who wait for an answer. */
export function waiting(node: PubsubNode): readonly Subscription[] {
  return [...node.subscriptions.values()].filter(({ state }) => state === "pending");
}

/** §8.6: what an owner decided; whether the message was such an answer. @throws StanzaError for a malformed one. */
export function handleApproval(context: Context, service: Jid, message: Stanza): Awaitable<boolean> {
  const x = message.child("x", ns.DATA_FORMS);
  if (!x || !message.from || x.attrs.type === "form") return false;
  const { type, formType, values } = readForm(x);
  if (formType !== ns.SUBSCRIBE_AUTHORIZATION) return false;
  const [id] = values.get("pubsub#node") ?? [];
  const [address] = values.get("pubsub#subscriber_jid") ?? [];
  const [allow] = values.get("pubsub#allow") ?? [];
  // A question that was cancelled stays open.
  if (type !== "submit" || id === undefined || address === undefined || allow === undefined) return true;
  const { from } = message;
  return after(context.store.of(service), (set) => {
    const node = set.nodes.get(id);
    if (!node || context.access.affiliation(set, node, from) !== "owner") return true;
    return after(decide(context, set, node, parseJid(address), readBoolean(allow)), () => true);
  });
}

/** Who waits for an answer has it now; anybody else is left as they are. */
export function decide(
  { access, notifier, profile }: Context,
  set: NodeSet,
  node: PubsubNode,
  jid: Jid,
  isAllowed: boolean,
): Awaitable<void> {
  if (node.subscriptions.get(jid.toString())?.state !== "pending") return;
  const kept = isAllowed ? set.subscribe(node, jid, "subscribed") : set.unsubscribe(node, jid);
  const told = notifier.subscription(set, node, jid, isAllowed ? "subscribed" : "none");
  if (!isAllowed) return together(kept, told);
  return together(kept, told, showLast({ access, notifier, profile }, set, node, jid));
}

/** §12.7: a new subscriber sees what is there. */
export function showLast(
  { access, notifier, profile }: Pick<Context, "access" | "notifier" | "profile">,
  set: NodeSet,
  node: PubsubNode,
  jid: Jid,
): Awaitable<void> {
  if (node.config.sendLast === "never") return undefined;
  return after(access.refusal(set, node, jid), (refusal) => {
    if (refusal) return undefined;
    return after(profile.relation(set.service, jid.bare), ({ isSubscribed }) =>
      notifier.last(set, node, jid, isSubscribed),
    );
  });
}
