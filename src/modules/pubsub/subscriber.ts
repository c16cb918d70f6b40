import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { approvalQuestion, showLast } from "./approval.ts";
import type { Context } from "./context.ts";
import type { PubsubNode, Subscription } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import { pubsubError, unsupported } from "./pubsub-error.ts";
import { type Answer, attribute, type Command, formIn, nodeOf, ownAddress } from "./requests.ts";
import {
  DEFAULT_OPTIONS,
  isCurrent,
  optionsForm,
  readOptions,
  type SubscriptionOptions,
} from "./subscription-options.ts";

/** Subscriptions of one user to one node: as many as they may have resources. */
const MAX_OWN = 20;

/** XEP-0060 §6.1 to §6.4, §5.6, §5.7: what users do about their own subscriptions. */
export class Subscriber {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** §6.1 */
  subscribe(command: Command): Answer {
    const { service, from, element, request } = command;
    const { store, access, host } = this.#context;
    const id = nodeOf(element);
    const jid = ownAddress(element, from);
    if (!jid) throw pubsubError("bad-request", "invalid-jid");
    // §6.1.3.6: nobody will be there to unsubscribe.
    if (request.session?.anonymous) throw new StanzaError("forbidden");
    const options = optionsBehind(request.payload, host.clock.now());
    return after(store.of(service), (set) =>
      after(access.existing(set, id, from), (node) =>
        after(access.mayRequest(set, node, from), (mayRequest) => {
          if (mayRequest) return this.#request(command, set, node, jid, options);
          return after(access.refusal(set, node, from), (refusal) => {
            if (refusal) throw refusal;
            return this.#subscribe(command, set, node, jid, options);
          });
        }),
      ),
    );
  }

  #subscribe(
    { request }: Command,
    set: NodeSet,
    node: PubsubNode,
    jid: Jid,
    options: SubscriptionOptions | undefined,
  ): Answer {
    const answer = subscriptionAnswer(node, jid, "subscribed", options);
    // §6.1.6: once more is as good as once.
    if (this.#known(node, jid)?.state === "subscribed") {
      return after(options && set.subscribe(node, jid, "subscribed", options), () => answer);
    }
    this.#requireRoom(node, jid);
    // §6.1.7: what there is comes once the subscription is known.
    return after(set.subscribe(node, jid, "subscribed", options), () =>
      after(this.#context.host.route(request.stanza.result(answer)), () =>
        after(showLast(this.#context, set, node, jid), () => "answered" as const),
      ),
    );
  }

  /** §6.1.4: the owners decide. */
  #request(
    command: Command,
    set: NodeSet,
    node: PubsubNode,
    jid: Jid,
    options: SubscriptionOptions | undefined,
  ): Answer {
    const { host, profile } = this.#context;
    const known = this.#known(node, jid);
    if (known?.state === "subscribed") return this.#subscribe(command, set, node, jid, options);
    if (known) throw pubsubError("not-authorized", "pending-subscription");
    this.#requireRoom(node, jid);
    const question = approvalQuestion(host, set.service, node, jid);
    const asked = each(profile.owners(set.service, node), (owner) =>
      host.route(question.with({ to: owner })),
    );
    return after(together(set.subscribe(node, jid, "pending", options), asked), () =>
      subscriptionAnswer(node, jid, "pending", options),
    );
  }

  /** The subscription, unless it has come to its end. */
  #known(node: PubsubNode, jid: Jid): Subscription | undefined {
    const entry = node.subscriptions.get(jid.toString());
    return entry && isCurrent(entry.options, this.#context.host.clock.now()) ? entry : undefined;
  }

  /** §6.1.3.8, §6.1.3.9. @throws StanzaError */
  #requireRoom(node: PubsubNode, jid: Jid): void {
    if (!node.config.subscribe) throw unsupported("subscribe");
    if (node.subscriptions.has(jid.toString())) return;
    // Nobody takes the room of everybody else with addresses of their own.
    let own = 0;
    for (const entry of node.subscriptions.values()) if (entry.jid.bare.equals(jid.bare)) own++;
    if (own >= MAX_OWN || node.subscriptions.size >= this.#context.profile.limits.subscriptionsPerNode) {
      throw pubsubError("policy-violation", "too-many-subscriptions", "wait");
    }
  }

  /** §6.2. There are no subscription ids: one that is given counts for nothing (§6.2.3.5). */
  unsubscribe({ service, from, element }: Command): Answer {
    const { store, access } = this.#context;
    const id = nodeOf(element);
    const jid = ownAddress(element, from);
    if (!jid) throw new StanzaError("forbidden");
    return after(store.of(service), (set) =>
      after(access.existing(set, id, from), (node) => {
        if (node.subscriptions.has(jid.toString())) return after(set.unsubscribe(node, jid), () => undefined);
        return after(access.readable(set, id, from), () => {
          throw pubsubError("unexpected-request", "not-subscribed", "cancel");
        });
      }),
    );
  }

  /** §6.3.2 */
  options(command: Command): Answer {
    return this.#ofOwn(command, (_, node, { jid, options }) => {
      const attributes = { node: node.id, jid: jid.toString() };
      return el("pubsub", { xmlns: ns.PUBSUB }, el("options", attributes, optionsForm("form", options)));
    });
  }

  /** §6.3.5 */
  setOptions(command: Command): Answer {
    return this.#ofOwn(command, (set, node, { jid, state, options }) => {
      const chosen = readOptions(formIn(command.element), options, this.#context.host.clock.now());
      return after(chosen && set.subscribe(node, jid, state, chosen), () => undefined);
    });
  }

  /** §6.3.4.1 to §6.3.4.3, with the subscription that is meant. */
  #ofOwn(
    { service, from, element }: Command,
    work: (set: NodeSet, node: PubsubNode, own: Subscription) => Answer,
  ): Answer {
    const { store, access } = this.#context;
    const id = nodeOf(element);
    const jid = ownAddress(element, from);
    if (!jid) throw new StanzaError("forbidden");
    return after(store.of(service), (set) =>
      after(access.existing(set, id, from), (node) => {
        const own = this.#known(node, jid);
        if (own) return work(set, node, own);
        // Who has nothing to do with the node learns of it what reading it would tell.
        return after(access.readable(set, id, from), () => {
          throw pubsubError("unexpected-request", "not-subscribed", "modify");
        });
      }),
    );
  }

  /** §6.4: the same for all nodes. */
  defaults({ service, from, element }: Command): Answer {
    const { store, access } = this.#context;
    const id = attribute(element, "node") || undefined;
    const form = optionsForm("result", DEFAULT_OPTIONS);
    const answer = el("pubsub", { xmlns: ns.PUBSUB }, el("default", { node: id }, form));
    if (id === undefined) return answer;
    return after(store.of(service), (set) => after(access.readable(set, id, from), () => answer));
  }

  /** §5.6: of all addresses of the user. */
  subscriptions(command: Command): Answer {
    return this.#list(command, "subscriptions", (_, node, from) =>
      [...node.subscriptions.values()]
        .filter(({ jid }) => jid.bare.equals(from.bare) && this.#known(node, jid) !== undefined)
        .map(({ jid, state }) =>
          el("subscription", { node: node.id, jid: jid.toString(), subscription: state }),
        ),
    );
  }

  /** §5.7 */
  affiliations(command: Command): Answer {
    return this.#list(command, "affiliations", (set, node, from) => {
      const affiliation = this.#context.access.affiliation(set, node, from);
      return affiliation === "none" ? [] : [el("affiliation", { node: node.id, affiliation })];
    });
  }

  #list(
    { service, from, element }: Command,
    name: string,
    entries: (set: NodeSet, node: PubsubNode, from: Jid) => Element[],
  ): Answer {
    const { store, access } = this.#context;
    const id = attribute(element, "node");
    const answer = (list: readonly Element[]) =>
      el("pubsub", { xmlns: ns.PUBSUB }, el(name, { node: id }, ...list));
    return after(store.of(service), (set): Awaitable<Element> => {
      if (id === undefined)
        return answer([...set.nodes.values()].flatMap((node) => entries(set, node, from)));
      return after(access.existing(set, id, from), (node) => {
        const own = entries(set, node, from);
        if (own.length > 0) return answer(own);
        // Who has nothing to do with the node learns of it what reading it would tell.
        return after(access.readable(set, id, from), () => answer(own));
      });
    });
  }
}

/** §6.3.8: options that were given along are told as they are now. */
function subscriptionAnswer(
  node: PubsubNode,
  jid: Jid,
  subscription: string,
  options: SubscriptionOptions | undefined,
): Element {
  const attributes = { node: node.id, jid: jid.toString(), subscription };
  const chosen = options ? [el("options", {}, optionsForm("result", options))] : [];
  return el("pubsub", { xmlns: ns.PUBSUB }, el("subscription", attributes), ...chosen);
}

/** §6.3.8: the `<options/>` of a subscription stand behind it, and are not addressed. @throws StanzaError */
function optionsBehind(pubsub: Element, now: number): SubscriptionOptions | undefined {
  const options = pubsub.getChild("options", ns.PUBSUB);
  if (!options) return undefined;
  const isAddressed = attribute(options, "node") !== undefined || attribute(options, "jid") !== undefined;
  if (isAddressed) throw new StanzaError("bad-request");
  return readOptions(formIn(options), DEFAULT_OPTIONS, now);
}
