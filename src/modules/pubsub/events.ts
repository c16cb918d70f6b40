import { type Element, escapeAttribute, serialize } from "../../xml/element.ts";
import type { XmlHead } from "../../xml/parser.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Item, PubsubNode } from "./node.ts";

/** What a message says besides its header, put together as text: an item is never parsed to be passed on. */
export interface EventContent {
  readonly heads: readonly XmlHead[];
  readonly inner: string;
}

const EVENT_HEAD: XmlHead = { name: "event", ns: ns.PUBSUB_EVENT };
const ADDRESSES_HEAD: XmlHead = { name: "addresses", ns: ns.ADDRESSES };
const DELAY_HEAD: XmlHead = { name: "delay", ns: ns.DELAY };

/** §7.1.2.1, §7.1.2.2; without an item for a node that has none (§4.3). */
export function itemEvent(node: PubsubNode, item: Item | undefined): EventContent {
  if (!item) return event(`<items node="${escapeAttribute(node.id)}"/>`);
  return event(`<items node="${escapeAttribute(node.id)}">${eventItem(node, item)}</items>`);
}

/** §7.2.2.1 */
export function retractEvent(node: PubsubNode, ids: readonly string[]): EventContent {
  const retracted = ids.map((id) => `<retract id="${escapeAttribute(id)}"/>`).join("");
  return event(`<items node="${escapeAttribute(node.id)}">${retracted}</items>`);
}

/** §8.4.2; §8.5.2 */
export function nodeEvent(node: PubsubNode, name: "delete" | "purge"): EventContent {
  return event(`<${name} node="${escapeAttribute(node.id)}"/>`);
}

/** §8.2.5.3 */
export function configurationEvent(node: PubsubNode, form: Element): EventContent {
  const tag = `<configuration node="${escapeAttribute(node.id)}"`;
  return event(node.config.deliverPayloads ? `${tag}>${serialize(form)}</configuration>` : `${tag}/>`);
}

/** §8.8.4, §12.11 */
export function subscriptionEvent(node: PubsubNode, jid: Jid, state: string): EventContent {
  const address = escapeAttribute(jid.toString());
  return event(`<subscription node="${escapeAttribute(node.id)}" jid="${address}" subscription="${state}"/>`);
}

/** XEP-0163 §4.3.1: which resource published. */
export function withReplyTo({ heads, inner }: EventContent, publisher: string): EventContent {
  const address = `<address type="replyto" jid="${escapeAttribute(publisher)}"/>`;
  return {
    heads: [...heads, ADDRESSES_HEAD],
    inner: `${inner}<addresses xmlns="${ns.ADDRESSES}">${address}</addresses>`,
  };
}

/** §6.1.7: what was published at `at`, milliseconds since the epoch. */
export function withDelay({ heads, inner }: EventContent, at: number): EventContent {
  const delay = `<delay xmlns="${ns.DELAY}" stamp="${formatDateTime(at)}"/>`;
  return { heads: [...heads, DELAY_HEAD], inner: inner + delay };
}

/** An item as it is retrieved: with its payload whatever events have. */
export function itemText(node: PubsubNode, item: Item): string {
  return element(node, item, item.payload);
}

function eventItem(node: PubsubNode, item: Item): string {
  return element(node, item, node.config.deliverPayloads ? item.payload : "");
}

function element(node: PubsubNode, { id, publisher }: Item, payload: string): string {
  let tag = `<item id="${escapeAttribute(id)}"`;
  // §7.1.2.3: made by the service, not by the publisher.
  if (node.config.itemReply === "publisher") {
    tag += ` publisher="${escapeAttribute(Jid.parse(publisher).bare.toString())}"`;
  }
  return payload === "" ? `${tag}/>` : `${tag}>${payload}</item>`;
}

function event(content: string): EventContent {
  return { heads: [EVENT_HEAD], inner: `<event xmlns="${ns.PUBSUB_EVENT}">${content}</event>` };
}
