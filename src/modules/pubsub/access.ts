import { type Awaitable, after } from "../../util/awaitable.ts";
import type { Clock } from "../../util/clock.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Affiliation, PubsubNode } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import { pubsubError } from "./pubsub-error.ts";
import type { PubsubProfile, Relation } from "./pubsub-service.ts";
import { isCurrent } from "./subscription-options.ts";

/** XEP-0060 §4.1, §4.5: who may do what at a node. */
export class Access {
  readonly #profile: PubsubProfile;
  readonly #clock: Pick<Clock, "now">;

  constructor(profile: PubsubProfile, clock: Pick<Clock, "now">) {
    this.#profile = profile;
    this.#clock = clock;
  }

  affiliation({ service }: NodeSet, node: PubsubNode, who: Jid): Affiliation {
    if (this.#profile.isOwner(service, who)) return "owner";
    return node.affiliations.get(who.bare.toString()) ?? "none";
  }

  /** The node for somebody who wants to read it, or to subscribe. @throws StanzaError when they may not. */
  readable(set: NodeSet, id: string, who: Jid): Awaitable<PubsubNode> {
    return this.#existing(set, id, who, (node) =>
      after(this.refusal(set, node, who), (refusal) => {
        if (refusal) throw refusal;
        return node;
      }),
    );
  }

  /** The node for its owner. @throws StanzaError for everybody else. */
  owned(set: NodeSet, id: string, who: Jid): PubsubNode {
    const node = set.nodes.get(id);
    if (!node && !this.#profile.isPrivate) throw new StanzaError("item-not-found");
    if (node ? this.affiliation(set, node, who) !== "owner" : !this.#profile.isOwner(set.service, who)) {
      throw new StanzaError("forbidden");
    }
    if (!node) throw new StanzaError("item-not-found");
    return node;
  }

  /** Why `who` may not read the node nor subscribe to it; undefined when that is allowed. */
  refusal(set: NodeSet, node: PubsubNode, who: Jid): Awaitable<StanzaError | undefined> {
    switch (this.affiliation(set, node, who)) {
      case "owner":
      case "publisher":
      case "member":
        return undefined;
      case "publish-only":
        return new StanzaError("forbidden");
      case "outcast":
        // That an open node is there is no secret.
        if (node.config.accessModel === "open") return new StanzaError("forbidden");
        return this.#hidingFrom(set, who, new StanzaError("forbidden"));
      case "none":
        break;
    }
    const { accessModel, rosterGroups } = node.config;
    switch (accessModel) {
      case "open":
        return undefined;
      case "presence":
        return after(this.#relation(set, who), ({ isSubscribed }) =>
          isSubscribed ? undefined : presenceRequired(),
        );
      case "roster":
        return after(this.#relation(set, who), ({ isSubscribed, groups }) => {
          if (isSubscribed && groups.some((group) => rosterGroups.includes(group))) return undefined;
          return this.#hide(isSubscribed, pubsubError("not-authorized", "not-in-roster-group"));
        });
      case "whitelist":
        return this.#hidingFrom(set, who, pubsubError("not-allowed", "closed-node"));
      case "authorize":
        if (this.isSubscribed(node, who)) return undefined;
        return this.#hidingFrom(set, who, pubsubError("not-authorized", "not-subscribed"));
    }
  }

  /** Whether `who` may ask to be let in where requests have to be approved (§6.1.4). */
  mayRequest(set: NodeSet, node: PubsubNode, who: Jid): Awaitable<boolean> {
    if (node.config.accessModel !== "authorize" || this.affiliation(set, node, who) !== "none") return false;
    if (!this.#profile.isPrivate) return true;
    return after(this.#relation(set, who), ({ isSubscribed }) => isSubscribed);
  }

  /** The node if it is there. @throws StanzaError */
  existing(set: NodeSet, id: string, who: Jid): Awaitable<PubsubNode> {
    return this.#existing(set, id, who, (node) => node);
  }

  /** The table in §4.1, and the publish model. */
  mayPublish(set: NodeSet, node: PubsubNode, who: Jid): boolean {
    switch (this.affiliation(set, node, who)) {
      case "owner":
      case "publisher":
      case "publish-only":
        return true;
      case "outcast":
        return false;
      case "member":
      case "none":
        break;
    }
    const { publishModel } = node.config;
    return publishModel === "open" || (publishModel === "subscribers" && this.isSubscribed(node, who));
  }

  /** Whether some address of the user is subscribed. */
  isSubscribed(node: PubsubNode, who: Jid): boolean {
    if (node.subscriptions.size === 0) return false;
    const now = this.#clock.now();
    for (const { jid, state, options } of node.subscriptions.values()) {
      if (state === "subscribed" && jid.bare.equals(who.bare) && isCurrent(options, now)) return true;
    }
    return false;
  }

  #existing(
    set: NodeSet,
    id: string,
    who: Jid,
    then: (node: PubsubNode) => Awaitable<PubsubNode>,
  ): Awaitable<PubsubNode> {
    const node = set.nodes.get(id);
    if (node) return then(node);
    return after(this.#hidingFrom(set, who, new StanzaError("item-not-found")), (refusal) => {
      throw refusal;
    });
  }

  #hidingFrom(set: NodeSet, who: Jid, error: StanzaError): Awaitable<StanzaError> {
    if (!this.#profile.isPrivate || this.#profile.isOwner(set.service, who)) return error;
    return after(this.#relation(set, who), ({ isSubscribed }) => this.#hide(isSubscribed, error));
  }

  /** What a stranger hears is the same for all nodes, those included that are not there. */
  #hide(isSubscribed: boolean, error: StanzaError): StanzaError {
    return this.#profile.isPrivate && !isSubscribed ? presenceRequired() : error;
  }

  #relation({ service }: NodeSet, who: Jid): Awaitable<Relation> {
    return this.#profile.relation(service, who.bare);
  }
}

/** §6.1.3.2, §6.5.9.6 */
function presenceRequired(): StanzaError {
  return pubsubError("not-authorized", "presence-subscription-required");
}
