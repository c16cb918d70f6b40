/**
 * XEP-0163 Personal Eventing Protocol, version 1.2.2
 * XEP-0222 Persistent Storage of Public Data via PubSub, version 1.0
 * XEP-0223 Persistent Storage of Private Data via PubSub, version 1.1.1
 * https://xmpp.org/extensions/xep-0163.html
 *
 * Makes every account a publish-subscribe service of its owner: for moods and avatars, bookmarks and the keys of devices.
 */
import type { Host } from "../../core/host.ts";
import { defineModule } from "../../core/module.ts";
import { after } from "../../util/awaitable.ts";
import { type Infer, t } from "../../util/schema.ts";
import { ns } from "../../xmpp/ns.ts";
import { adhocService } from "../adhoc/adhoc.ts";
import { blocking, blockingService } from "../blocking/blocking.ts";
import { caps, capsService } from "../caps/caps.ts";
import { disco, discoService } from "../disco.ts";
import { presence } from "../presence/presence.ts";
import type { NodeDefaults } from "../pubsub/node-config.ts";
import { pubsub, pubsubService } from "../pubsub/pubsub.ts";
import type { PubsubKind } from "../pubsub/pubsub-service.ts";
import { roster, rosterService } from "../roster/roster.ts";
import { type AudienceParts, audienceOf } from "./audience.ts";
import { getPending } from "./get-pending.ts";
import { LastItems } from "./last-items.ts";
import { createPep, pepService } from "./pep-service.ts";
import { Visitors } from "./visitors.ts";

/** XEP-0163 §5. One item, since nodes show what is now so; clients ask for more where they want it. */
const DEFAULTS: NodeDefaults = { accessModel: "presence", maxItems: 1, sendLast: "on_sub_and_presence" };

const config = t.object({
  nodes: t.integer(500, { min: 1 }).doc("Nodes of one account."),
  itemsPerNode: t.integer(10_000, { min: 1 }).doc('Items of one node; what its owner gets as "max".'),
  items: t.integer(20_000, { min: 1 }).doc("Items of one account."),
  size: t.size("50 MB").doc("Size of all items of one account."),
  itemSize: t.size("256 KB").doc("The largest item; stanzas have a limit of their own."),
  subscriptionsPerNode: t
    .integer(1000, { min: 1 })
    .doc("Subscriptions to one node, beside those of contacts."),
  affiliationsPerNode: t
    .integer(1000, { min: 1 })
    .doc("Addresses that one node lets in or keeps out by name."),
  visitors: t
    .integer(1000, { min: 1 })
    .doc(
      "Resources, of contacts elsewhere and of whoever sent their presence directly, that get events of one account.",
    ),
  changesPerMinute: t
    .integer(600, { min: 1, off: true })
    .doc(
      "How often one account may publish, or change something else, in a minute; beyond that it has to wait.",
    ),
});

export const pep = defineModule({
  name: "pep",
  implements: ["XEP-0163 1.2.2", "XEP-0222 1.0", "XEP-0223 1.1.1"],
  requires: [roster, presence, disco, caps, pubsub],
  config,

  setup(host, limits) {
    const visitors = new Visitors(
      host,
      host.use(capsService),
      host.use(rosterService),
      { perAccount: limits.visitors },
      (owner, { jid, interests }) => lastItems.visit(owner, jid, interests),
    );
    const parts = partsOf(host, visitors);
    const engine = host.use(pubsubService).open(kindOf(parts, limits));
    const lastItems = new LastItems(parts, engine);

    for (const type of ["get", "set"] as const) {
      for (const namespace of [ns.PUBSUB, ns.PUBSUB_OWNER]) {
        host.iq(type, namespace, "pubsub", (request) => engine.handle(request), "address");
      }
    }

    host.use(discoService).addAccountNodes({
      identity: { category: "pubsub", type: "pep" },
      features: [...engine.features, ...OWN_FEATURES.map((name) => `${ns.PUBSUB}#${name}`)],
      list: (account, from) => engine.nodes(account, from),
      info: (account, node, from) => engine.nodeInfo(account, node, from),
      items: (account, node, from) => engine.nodeItems(account, node, from),
    });

    // XEP-0060 §8.6: the owner's answer to what the account asked.
    host.hook("message:sent", "guard", ({ session, stanza }) => {
      const user = session.jid.bare;
      if (!stanza.has("x", ns.DATA_FORMS) || !stanza.to?.equals(user)) return undefined;
      return after(engine.handleApproval(user, stanza), (isApproval) => (isApproval ? "handled" : undefined));
    });

    host.find(adhocService)?.add(getPending(engine, host.domain));
    host.provide(pepService, createPep(engine));
    host.hook("user:export", "observe", (event) => engine.exportNodes(event));
    host.hook("user:import", "observe", (event) => engine.importPiece(event));

    lastItems.listen();
    visitors.listen();
  },
});

/** XEP-0060 §10: what only accounts can do, since they have contacts. */
const OWN_FEATURES = [
  "auto-subscribe",
  "filtered-notifications",
  "get-pending",
  "presence-subscribe",
  "pubsub-on-a-jid",
] as const;

function partsOf(host: Host, visitors: Visitors): AudienceParts {
  let blocks: AudienceParts["blocks"] | undefined;
  return {
    host,
    rosters: host.use(rosterService),
    caps: host.use(capsService),
    visitors,
    blocks(user, peer) {
      blocks ??= host.modules.includes(blocking) ? host.use(blockingService).blocks : () => false;
      return blocks(user, peer);
    },
  };
}

function kindOf(parts: AudienceParts, limits: Infer<typeof config>): PubsubKind {
  const { rosters } = parts;
  return {
    defaults: DEFAULTS,
    limits: {
      ...limits,
      accessModels: ["authorize", "open", "presence", "roster", "whitelist"],
      // XEP-0163 §3.2: the owner alone publishes.
      publishModels: ["publishers"],
    },
    affiliations: ["member", "outcast"],
    autoCreate: true,
    isPrivate: true,
    isOwner: (account, who) => who.bare.equals(account),
    mayCreate: (account, who) => who.bare.equals(account),
    owners: (account) => [account],
    relation: (account, who) =>
      who.bare.equals(account)
        ? { isSubscribed: true, groups: [] }
        : after(rosters.of(account), (list) => ({
            isSubscribed: list.isSeenBy(who.bare),
            groups: list.get(who.bare)?.groups ?? [],
          })),
    audience: (account, node) => audienceOf(parts, account, node),
  };
}
