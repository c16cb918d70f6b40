import { defineService } from "../../core/module.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { iq } from "../../xmpp/stanza.ts";
import type { Pubsub, StoredNode } from "../pubsub/pubsub-service.ts";

/** The nodes of accounts, for other modules. Users are bare JIDs. */
export interface Pep {
  /** As if the user had done so: a node that is not there is made, and subscribers are told. @throws StanzaError */
  publish(user: Jid, node: string, id: string, payload: Element, options?: PublishOptions): Promise<void>;
  /** Takes an item back; what is not there need not be. */
  retract(user: Jid, node: string, id: string): Promise<void>;
  node(user: Jid, node: string): Awaitable<StoredNode | undefined>;
}

/** XEP-0060 §7.1.5, by their names without "pubsub#". */
export type PublishOptions = Readonly<Record<string, string>>;

export const pepService = defineService<Pep>("pep");

export function createPep(engine: Pubsub): Pep {
  return {
    async publish(user, node, id, payload, options) {
      const publish = el("publish", { node }, el("item", { id }, payload));
      await ask(engine, user, publish, ...(options ? [optionsElement(options)] : []));
    },
    async retract(user, node, id) {
      const stored = await engine.node(user, node);
      if (!(await stored?.item(id))) return;
      await ask(engine, user, el("retract", { node, notify: "true" }, el("item", { id })));
    },
    node: (user, node) => engine.node(user, node),
  };
}

/** The answer goes to the account itself, which takes none (RFC 6120 §10.3.3). */
async function ask(engine: Pubsub, user: Jid, ...content: Element[]): Promise<void> {
  const payload = el("pubsub", { xmlns: ns.PUBSUB }, ...content);
  const stanza = iq({ type: "set", id: "pep", from: user, to: user }, payload);
  await engine.perform({ from: user, to: user, stanza, payload });
}

function optionsElement(options: PublishOptions): Element {
  const fields = Object.entries(options).map(([name, value]) =>
    el("field", { var: `pubsub#${name}` }, el("value", {}, value)),
  );
  const formType = el("field", { var: "FORM_TYPE", type: "hidden" }, el("value", {}, ns.PUBLISH_OPTIONS));
  return el("publish-options", {}, el("x", { xmlns: ns.DATA_FORMS, type: "submit" }, formType, ...fields));
}
