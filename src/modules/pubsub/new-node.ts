import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { PubsubNode } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NodeSet } from "./node-set.ts";
import type { PubsubLimits } from "./pubsub-service.ts";

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

/** How many items the node may have. */
export function highestItems({ maxItems }: NodeConfig, { itemsPerNode }: PubsubLimits): number {
  return maxItems === "max" ? itemsPerNode : Math.min(maxItems, itemsPerNode);
}
