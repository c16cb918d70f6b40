import { type Awaitable, after } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { form } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Context } from "./context.ts";
import type { PubsubNode } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import type { NodeSummary } from "./pubsub-service.ts";

/** Items that are listed of one node. */
const LISTED_ITEMS = 1000;

/** XEP-0060 §5.2: the nodes that `who` may read, and no others. */
export function listNodes(
  { store, access }: Context,
  service: Jid,
  who: Jid,
): Awaitable<readonly NodeSummary[]> {
  return after(store.of(service), (set) => {
    const nodes = [...set.nodes.values()];
    const readable: NodeSummary[] = [];
    const add = (index: number): Awaitable<readonly NodeSummary[]> => {
      const node = nodes[index];
      if (!node) return readable;
      return after(access.refusal(set, node, who), (refusal) => {
        if (!refusal) readable.push({ id: node.id, title: node.config.title });
        return add(index + 1);
      });
    };
    return add(0);
  });
}

/** §5.3, §5.4. @throws StanzaError */
export function nodeInfo(context: Context, service: Jid, id: string, who: Jid): Awaitable<Element> {
  return after(context.store.of(service), (set) =>
    after(context.access.readable(set, id, who), (node) =>
      el(
        "query",
        { xmlns: ns.DISCO_INFO, node: id },
        el("identity", { category: "pubsub", type: "leaf", name: node.config.title || undefined }),
        el("feature", { var: ns.PUBSUB }),
        metadata(context, set, node),
      ),
    ),
  );
}

/** §5.5: items have a name, and no node. @throws StanzaError */
export function nodeItems(
  { store, access }: Context,
  service: Jid,
  id: string,
  who: Jid,
): Awaitable<Element> {
  return after(store.of(service), (set) =>
    after(access.readable(set, id, who), (node) =>
      after(set.list(node, { backwards: false, limit: LISTED_ITEMS }), (items) => {
        const listed = items.map((item) => el("item", { jid: service.toString(), name: item.id }));
        return el("query", { xmlns: ns.DISCO_ITEMS, node: id }, ...listed);
      }),
    ),
  );
}

function metadata({ profile }: Context, { service }: NodeSet, node: PubsubNode): Element {
  const { title, description, type, accessModel, publishModel, maxItems } = node.config;
  const text = (name: string, value: string) =>
    ({ name: `pubsub#${name}`, type: "text-single", value }) as const;
  const owners = profile.owners(service, node).map(String);
  return form({
    type: "result",
    formType: ns.NODE_METADATA,
    fields: [
      text("type", type),
      text("title", title),
      text("description", description),
      { name: "pubsub#creator", type: "jid-single", value: node.creator },
      text("creation_date", formatDateTime(node.created)),
      { name: "pubsub#access_model", type: "list-single", value: accessModel },
      { name: "pubsub#publish_model", type: "list-single", value: publishModel },
      text("max_items", String(maxItems)),
      { name: "pubsub#owner", type: "jid-multi", value: owners },
    ],
  });
}
