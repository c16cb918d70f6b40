import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { iq } from "../../xmpp/stanza.ts";
import { decide } from "./approval.ts";
import type { Context } from "./context.ts";
import { AFFILIATIONS, type Affiliation, type PubsubNode } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import { unsupported } from "./pubsub-error.ts";
import { type Answer, attribute, type Command, nodeOf, parseJid } from "./requests.ts";
import { isCurrent } from "./subscription-options.ts";

/** Entries in one request. */
const MAX_CHANGES = 1000;

/** One entry of a request to change affiliations or subscriptions. */
interface Change {
  readonly jid: Jid;
  /** undefined: nothing changes. */
  readonly value: string | undefined;
}

/** XEP-0060 §8.8, §8.9: what owners do about those who have to do with a node. */
export class Members {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** §8.9.1 */
  affiliations(command: Command): Answer {
    return this.#at(command, (set, node) => {
      const owners = this.#context.profile
        .owners(set.service, node)
        .map((jid) => [jid.toString(), "owner"] as const);
      const entries = new Map<string, Affiliation>([...node.affiliations, ...owners]);
      const list = Array.from(entries, ([jid, affiliation]) => el("affiliation", { jid, affiliation }));
      return ownerAnswer("affiliations", node, list);
    });
  }

  /** §8.8.1; not those who wait. */
  subscriptions(command: Command): Answer {
    return this.#at(command, (_, node) => {
      const now = this.#context.host.clock.now();
      const subscribed = [...node.subscriptions.values()].filter(
        ({ state, options }) => state === "subscribed" && isCurrent(options, now),
      );
      const list = subscribed.map(({ jid, state }) =>
        el("subscription", { jid: jid.toString(), subscription: state }),
      );
      return ownerAnswer("subscriptions", node, list);
    });
  }

  /** §8.9.2 */
  setAffiliations(command: Command): Answer {
    const changes = readChanges(command.element, "affiliation");
    return this.#at(command, (set, node) => {
      const refused = this.#impossible(set, node, changes);
      for (const { value } of changes) this.#requireSupported(value);
      const done = each(changes, (change) =>
        change.value === undefined || refused.includes(change)
          ? undefined
          : this.#affiliate(set, node, change.jid.bare, change.value as Affiliation),
      );
      const unaltered = refused.map(({ jid }) =>
        el("affiliation", {
          jid: jid.toString(),
          affiliation: this.#context.access.affiliation(set, node, jid),
        }),
      );
      return after(done, () => this.#answer(command, node, unaltered));
    });
  }

  /** §8.8.2 */
  setSubscriptions(command: Command): Answer {
    const changes = readChanges(command.element, "subscription");
    return this.#at(command, (set, node) => {
      const refused = changes.filter((change) => !this.#isSettable(node, change));
      const done = each(changes, (change) =>
        change.value === undefined || refused.includes(change)
          ? undefined
          : this.#setSubscription(set, node, change.jid, change.value),
      );
      const unaltered = refused.map(({ jid }) => {
        const subscription = node.subscriptions.get(jid.toString())?.state ?? "none";
        return el("subscription", { jid: jid.toString(), subscription });
      });
      return after(done, () => this.#answer(command, node, unaltered));
    });
  }

  /** §8.9.2.4: what cannot be; somebody owns the node all the time. */
  #impossible(set: NodeSet, node: PubsubNode, changes: readonly Change[]): readonly Change[] {
    const owners = new Set(this.#context.profile.owners(set.service, node).map((owner) => owner.toString()));
    return changes.filter((change) => {
      if (!this.#isPossible(set, node, change)) return true;
      const { jid, value } = change;
      if (value === undefined) return false;
      const owner = jid.toString();
      if (value === "owner") owners.add(owner);
      else if (owners.size === 1 && owners.has(owner)) return true;
      else owners.delete(owner);
      return false;
    });
  }

  /** Whether the affiliation is one, may be that of an owner, and there is room for a stranger. */
  #isPossible(set: NodeSet, node: PubsubNode, { jid, value }: Change): boolean {
    if (value === undefined) return true;
    if (!AFFILIATIONS.some((known) => known === value)) return false;
    const { profile } = this.#context;
    if (!this.#hasOwners && profile.isOwner(set.service, jid)) return value === "owner";
    const isKnown = node.affiliations.has(jid.bare.toString());
    return isKnown || node.affiliations.size < profile.limits.affiliationsPerNode;
  }

  /** Whether each node has owners of its own, rather than one who owns them all. */
  get #hasOwners(): boolean {
    return this.#context.profile.affiliations.includes("owner");
  }

  /** §8.9.2.3 */
  #requireSupported(value: string | undefined): void {
    const isOne = AFFILIATIONS.some((known) => known === value) && value !== "none" && value !== "owner";
    if (isOne && !this.#context.profile.affiliations.some((known) => known === value)) {
      throw unsupported(`${value}-affiliation`);
    }
  }

  #affiliate(set: NodeSet, node: PubsubNode, jid: Jid, affiliation: Affiliation): Awaitable<void> {
    if (!this.#hasOwners && this.#context.profile.isOwner(set.service, jid)) return undefined;
    const written = set.affiliate(node, jid, affiliation);
    const own = [...node.subscriptions.values()].filter((entry) => entry.jid.bare.equals(jid));
    // §4.1: these do not subscribe. §8.7.4: who waits need not any longer.
    const isOut = affiliation === "outcast" || affiliation === "publish-only";
    const settled = each(own, (entry) => {
      if (isOut) return this.#setSubscription(set, node, entry.jid, "none");
      const isWaiting = entry.state === "pending" && affiliation !== "none";
      return isWaiting ? decide(this.#context, set, node, entry.jid, true) : undefined;
    });
    return together(written, settled);
  }

  #isSettable(node: PubsubNode, { jid, value }: Change): boolean {
    if (value === undefined || value === "none") return true;
    if (value !== "subscribed") return false;
    const isKnown = node.subscriptions.has(jid.toString());
    return isKnown || node.subscriptions.size < this.#context.profile.limits.subscriptionsPerNode;
  }

  /** §8.8.4: the subscriber is told. */
  #setSubscription(set: NodeSet, node: PubsubNode, jid: Jid, value: string): Awaitable<void> {
    const state = node.subscriptions.get(jid.toString())?.state ?? "none";
    if (state === value) return undefined;
    if (state === "pending") return decide(this.#context, set, node, jid, value === "subscribed");
    const written = value === "none" ? set.unsubscribe(node, jid) : set.subscribe(node, jid, "subscribed");
    return together(written, this.#context.notifier.subscription(set, node, jid, value));
  }

  /** §8.8.2.4, §8.9.2.4: nothing, or an error with what was left as it is. */
  #answer({ request, element }: Command, node: PubsubNode, unaltered: readonly Element[]): Answer {
    if (unaltered.length === 0) return undefined;
    const { id, from, to } = request.stanza;
    const failed = iq({ type: "set", id, from, to }, ownerAnswer(element.getName(), node, unaltered));
    const error = failed.error(new StanzaError("not-acceptable"));
    return after(this.#context.host.route(error), () => "answered" as const);
  }

  #at({ service, from, element }: Command, work: (set: NodeSet, node: PubsubNode) => Answer): Answer {
    const id = nodeOf(element);
    const { store, access } = this.#context;
    return after(store.of(service), (set) => work(set, access.owned(set, id, from)));
  }
}

/** @throws StanzaError for an address that is none, or is there twice (§8.9.2.4). */
function readChanges(element: Element, name: "affiliation" | "subscription"): Change[] {
  const entries = element.getChildren(name, ns.PUBSUB_OWNER);
  if (entries.length > MAX_CHANGES) throw new StanzaError("policy-violation", "too many changes at once");
  const changes = entries.map((entry) => {
    const jid = parseJid(attribute(entry, "jid") ?? "");
    return { jid: name === "affiliation" ? jid.bare : jid, value: attribute(entry, name) };
  });
  if (new Set(changes.map(({ jid }) => jid.toString())).size < changes.length)
    throw new StanzaError("bad-request");
  return changes;
}

function ownerAnswer(name: string, node: PubsubNode, list: readonly Element[]): Element {
  return el("pubsub", { xmlns: ns.PUBSUB_OWNER }, el(name, { node: node.id }, ...list));
}
