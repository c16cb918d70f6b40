import { configOf } from "../../../../src/modules/pubsub/node-config.ts";
import type { PubsubProfile } from "../../../../src/modules/pubsub/pubsub-service.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { type Actor, MODELS, type NaiveService, PUBLISH_MODELS } from "./naive-service.ts";

/** A service whose owner is "owner", with the relations that the naive one has. */
export function profileFor(
  naive: NaiveService,
  limits: Partial<PubsubProfile["limits"]> = {},
): PubsubProfile {
  return {
    defaults: configOf({ accessModel: "presence", maxItems: 3, sendLast: "on_sub" }),
    limits: {
      accessModels: MODELS,
      publishModels: PUBLISH_MODELS,
      itemsPerNode: 20_000,
      nodes: 10,
      items: 20_000,
      size: 10_000_000,
      itemSize: 1000,
      subscriptionsPerNode: 10,
      affiliationsPerNode: 10,
      changesPerMinute: Number.POSITIVE_INFINITY,
      ...limits,
    },
    affiliations: ["publisher", "publish-only", "member", "outcast"],
    autoCreate: true,
    isPrivate: naive.isPrivate,
    isOwner: (_, who) => who.local === "owner",
    mayCreate: (_, who) => who.local === "owner",
    owners: () => [Jid.parse("owner@localhost")],
    relation: (_, who) => ({
      isSubscribed: naive.sees(who.local as Actor),
      groups: naive.relations.get(who.local as Actor)?.friend ? ["friends"] : [],
    }),
  };
}
