/**
 * XEP-0060 Publish-Subscribe, version 1.30.0
 * https://xmpp.org/extensions/xep-0060.html
 *
 * A service at an address of its own, `pubsub.DOMAIN`: nodes that belong to those who made them, for feeds and for programs.
 */
import { serviceNames } from "../config/names.ts";
import type { Host } from "../core/host.ts";
import { defineModule } from "../core/module.ts";
import type { DiscoNodes, ServiceHost } from "../core/service-host.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { type Infer, t } from "../util/schema.ts";
import { type Element, el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import type { NodeDefaults } from "./pubsub/node-config.ts";
import { pubsub, pubsubService } from "./pubsub/pubsub.ts";
import type { Pubsub, PubsubKind } from "./pubsub/pubsub-service.ts";

/** What a node is unless its owner says otherwise: open to read, its owner's to write. */
const DEFAULTS: NodeDefaults = { accessModel: "open", maxItems: 100, sendLast: "on_sub" };

const config = t.object({
  names: serviceNames(["pubsub"]).doc("Names of the service below the domain; `[]`: there is none."),
  create: t
    .oneOf(["everybody", "users", "admins"], "users")
    .doc("Who may make nodes. `users`: those of the domain."),
  createOnPublish: t.boolean(false).doc("Whoever may make nodes makes one by publishing to it (§7.1.4)."),
  nodes: t.integer(10_000, { min: 1 }).doc("Nodes of the service."),
  itemsPerNode: t.integer(10_000, { min: 1 }).doc('Items of one node; what its owner gets as "max".'),
  items: t.integer(1_000_000, { min: 1 }).doc("Items of the service."),
  size: t.size("1 GB").doc("Size of all items of the service."),
  itemSize: t.size("256 KB").doc("The largest item; stanzas have a limit of their own."),
  subscriptionsPerNode: t.integer(10_000, { min: 1 }).doc("Subscriptions to one node."),
  affiliationsPerNode: t
    .integer(1000, { min: 1 })
    .doc("Addresses that one node has as owners or publishers, lets in or keeps out by name."),
  changesPerMinute: t
    .integer(600, { min: 1, off: true })
    .doc(
      "How often one address may publish, or change something else, in a minute; beyond that it has to wait.",
    ),
});

export const standAlonePubsub = defineModule({
  name: "pubsubService",
  implements: ["XEP-0060 1.30.0"],
  requires: [pubsub],
  config,
  services: ({ names }) => names,

  setup(host, settings) {
    const domains = host.serviceDomains(settings.names);
    if (domains.length === 0) return;
    const engine = host.use(pubsubService).open(kindOf(host, settings));
    for (const domain of domains) open(host, engine, domain);
  },
});

function open(host: Host, engine: Pubsub, domain: string): void {
  const address = Jid.of("", domain);
  const nodes: DiscoNodes = {
    info: (node, { from }) => engine.nodeInfo(address, node, from),
    items: (node, { from }) => engine.nodeItems(address, node, from),
  };
  const service: ServiceHost = host.service(domain, {
    disco: {
      identities: [{ category: "pubsub", type: "service", name: "Publish-Subscribe" }],
      features: engine.features,
      nodes: [nodes],
      items: ({ from }) => after(engine.nodes(address, from), (list) => listOf(address, list)),
    },
    message: (stanza) => approve(engine, address, stanza),
  });
  for (const type of ["get", "set"] as const) {
    for (const namespace of [ns.PUBSUB, ns.PUBSUB_OWNER]) {
      service.iq(type, namespace, "pubsub", (request) => engine.handle(request));
    }
  }
}

/** §5.2 */
function listOf(service: Jid, nodes: Awaited<ReturnType<Pubsub["nodes"]>>): Element {
  const items = nodes.map(({ id, title }) =>
    el("item", { jid: service.toString(), node: id, name: title || undefined }),
  );
  return el("query", { xmlns: ns.DISCO_ITEMS }, ...items);
}

/** §8.6: an owner's answer. What comes back of events that nobody could take is not for anybody. */
function approve(engine: Pubsub, service: Jid, stanza: Stanza): Awaitable<void> {
  if (stanza.type === "error") return;
  return after(engine.handleApproval(service, stanza), (isApproval) => {
    if (!isApproval && stanza.type !== "headline") throw new StanzaError("service-unavailable");
  });
}

function kindOf(host: Host, settings: Infer<typeof config>): PubsubKind {
  const isAdmin = (who: Jid) => who.domain === host.domain && host.isAdmin(who.bare);
  return {
    defaults: DEFAULTS,
    limits: {
      ...settings,
      accessModels: ["authorize", "open", "whitelist"],
      publishModels: ["publishers", "subscribers", "open"],
    },
    affiliations: ["owner", "publisher", "publish-only", "member", "outcast"],
    autoCreate: settings.createOnPublish,
    isPrivate: false,
    isOwner: (_, who) => isAdmin(who),
    mayCreate(_, who) {
      if (isAdmin(who) || settings.create === "everybody") return true;
      return settings.create === "users" && who.local !== "" && who.domain === host.domain;
    },
    owners: (_, { affiliations }) =>
      [...affiliations].flatMap(([jid, affiliation]) => (affiliation === "owner" ? [Jid.parse(jid)] : [])),
    relation: () => ({ isSubscribed: false, groups: [] }),
  };
}
