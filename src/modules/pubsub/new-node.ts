import { type Awaitable, together } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { PubsubNode } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NodeSet } from "./node-set.ts";
import type { PubsubLimits, PubsubProfile } from "./pubsub-service.ts";

/** A node that the set does not have yet. @throws StanzaError when there are too many. */
export function newNode(
  set: NodeSet,
  limits: PubsubLimits,
  id: string,
  creator: Jid,
  now: number,
  config: NodeConfig,
): PubsubNode {
  if (set.nodes.size >= limits.nodes) {
    throw new StanzaError("resource-constraint", "there are too many nodes");
  }
  return new PubsubNode(id, creator.bare.toString(), now, config);
}

/** Puts it into the set; whoever made it owns it, unless somebody owns them all. */
export function create(
  set: NodeSet,
  { affiliations }: PubsubProfile,
  node: PubsubNode,
  creator: Jid,
): Awaitable<void> {
  const isOwned = affiliations.includes("owner");
  return together(set.create(node), isOwned ? set.affiliate(node, creator.bare, "owner") : undefined);
}

/** How many items the node may have. */
export function highestItems({ maxItems }: NodeConfig, { itemsPerNode }: PubsubLimits): number {
  return maxItems === "max" ? itemsPerNode : Math.min(maxItems, itemsPerNode);
}
