import type { Host } from "../../core/host.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { childElements, type Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import { nodeRequired, pubsubError } from "./pubsub-error.ts";

/** What the handlers of the engine answer. */
export type Answer = Awaitable<Element | "answered" | undefined>;

/** What is asked of a service: one command, and what else stands beside it. */
export interface Command {
  readonly service: Jid;
  /** The full JID of who asks. */
  readonly from: Jid;
  readonly request: IqRequest;
  /** `<publish/>`, `<items/>`, … */
  readonly element: Element;
}

/** Of the names of nodes and items, in UTF-16 units. */
const MAX_NAME_LENGTH = 1023;

/** The value of an attribute; undefined when it is not there. */
export function attribute(element: Element, name: string): string | undefined {
  return (element.attrs as Record<string, string | undefined>)[name];
}

/** The node that the command is about. @throws StanzaError */
export function nodeOf(element: Element): string {
  return checkedName(attribute(element, "node") || undefined) ?? refuseNode();
}

/** @throws StanzaError when the name of a node or item is too long. */
export function checkedName<T extends string | undefined>(name: T): T {
  if (name !== undefined && name.length > MAX_NAME_LENGTH)
    throw new StanzaError("not-acceptable", "the name is too long");
  return name;
}

function refuseNode(): never {
  throw nodeRequired();
}

/** The `<item/>` children. */
export function itemElements(element: Element): Element[] {
  return childElements(element).filter(
    (child) => child.getName() === "item" && child.getNS() === element.getNS(),
  );
}

/** The data form in `element`, if there is one. */
export function formIn(element: Element): Element | undefined {
  return element.getChild("x", ns.DATA_FORMS);
}

/** §6.1.3.1: the address that is to be subscribed, which is one of the sender's own. @throws StanzaError */
export function ownAddress(element: Element, from: Jid): Jid | undefined {
  const text = attribute(element, "jid");
  if (text === undefined) throw pubsubError("bad-request", "jid-required");
  const jid = parseJid(text);
  return jid.bare.equals(from.bare) ? jid : undefined;
}

/** @throws StanzaError */
export function parseJid(text: string): Jid {
  try {
    return Jid.parse(text);
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed");
    throw error;
  }
}

/** Answers with `inner`, the content of `<pubsub/>` as text: what the store holds need not be parsed. */
export function answer(host: Host, { request }: Command, inner: string): Awaitable<"answered"> {
  const { stanza, payload } = request;
  const namespace = payload.getNS() ?? ns.PUBSUB;
  const result = Stanza.ofText(
    { kind: "iq", type: "result", id: stanza.id, from: stanza.to, to: stanza.from },
    [{ name: "pubsub", ns: namespace }],
    `<pubsub xmlns="${namespace}">${inner}</pubsub>`,
  );
  return after(host.route(result), () => "answered" as const);
}
