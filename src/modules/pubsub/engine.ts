import type { Host } from "../../core/host.ts";
import type { UserExport, UserImport } from "../../core/user-data.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import type { Counter } from "../../util/metrics.ts";
import { Rates } from "../../util/rates.ts";
import { childElements, type Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { Access } from "./access.ts";
import { approvalQuestion, handleApproval, waiting } from "./approval.ts";
import type { Context } from "./context.ts";
import { Members } from "./members.ts";
import type { AccessModel } from "./node-config.ts";
import { listNodes, nodeInfo, nodeItems } from "./node-discovery.ts";
import { type Involvement, NodeStore } from "./node-store.ts";
import type { NodeTables } from "./node-tables.ts";
import { exportNodes, NodeImport } from "./node-transfer.ts";
import { Notifier } from "./notifier.ts";
import { Owner } from "./owner.ts";
import { Publisher } from "./publisher.ts";
import {
  accessFeature,
  type NodeSummary,
  type Pubsub,
  type PubsubProfile,
  type StoredNode,
} from "./pubsub-service.ts";
import type { Answer, Command } from "./requests.ts";
import { Retriever } from "./retriever.ts";
import { Subscriber } from "./subscriber.ts";

type Handler = (command: Command) => Answer;

/** Services of one kind: knows which part does what is asked. */
export class Engine implements Pubsub {
  readonly #context: Context;
  readonly #owner: Owner;
  readonly #incoming: NodeImport;
  readonly #rates: Rates;
  readonly #waiting: Counter;
  /** By type, namespace and name of the command. */
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(host: Host, tables: NodeTables, profile: PubsubProfile) {
    const store = new NodeStore(tables, profile.defaults);
    const access = new Access(profile, host.clock);
    const notifier = new Notifier(host, profile, access);
    this.#context = { host, profile, store, access, notifier };
    this.#owner = new Owner(this.#context);
    this.#incoming = new NodeImport(this.#context);
    this.#rates = new Rates(profile.limits.changesPerMinute, host.clock);
    this.#waiting = host.metrics.counter(
      "jackdaw_pubsub_limited",
      "changes of nodes over the limit of an account",
    );
    this.#handlers = handlersOf(
      this.#owner,
      new Publisher(this.#context),
      new Retriever(this.#context),
      new Subscriber(this.#context),
      new Members(this.#context),
    );
    host.hook("store:lost", "observe", () => store.forget());
  }

  handle(request: IqRequest): Answer {
    if (request.stanza.type === "set" && !this.#rates.tryTake(request.from.bare.toString())) {
      this.#waiting.inc();
      throw new StanzaError("resource-constraint", "too much is published", { type: "wait" });
    }
    return this.perform(request);
  }

  perform(request: IqRequest): Answer {
    const { payload, stanza, from, to } = request;
    // §16.7: what changes a command stands behind it.
    const [element] = childElements(payload);
    if (!element) throw new StanzaError("bad-request", "nothing is asked");
    const handler = this.#handlers.get(`${stanza.type} ${element.getNS()} ${element.getName()}`);
    if (!handler || element.getNS() !== payload.getNS()) throw new StanzaError("feature-not-implemented");
    return handler({ service: to.bare, from, request, element });
  }

  /** The user is gone. */
  drop(user: Jid, involvement: Involvement): void {
    this.#context.store.drop(user, involvement);
  }

  handleApproval(service: Jid, message: Stanza): Awaitable<boolean> {
    return handleApproval(this.#context, service, message);
  }

  pending(service: Jid): Awaitable<readonly string[]> {
    return after(this.#context.store.of(service), (set) =>
      [...set.nodes.values()].filter((node) => waiting(node).length > 0).map(({ id }) => id),
    );
  }

  remind(service: Jid, id: string, owner: Jid): Awaitable<void> {
    const { host, store, access } = this.#context;
    return after(store.of(service), (set) => {
      const node = access.owned(set, id, owner);
      return each(waiting(node), ({ jid }) =>
        host.route(approvalQuestion(host, service, node, jid).with({ to: owner })),
      );
    });
  }

  nodes(service: Jid, who: Jid): Awaitable<readonly NodeSummary[]> {
    return listNodes(this.#context, service, who);
  }

  nodeInfo(service: Jid, node: string, who: Jid): Awaitable<Element> {
    return nodeInfo(this.#context, service, node, who);
  }

  nodeItems(service: Jid, node: string, who: Jid): Awaitable<Element> {
    return nodeItems(this.#context, service, node, who);
  }

  sendLast(service: Jid, nodes: ReadonlySet<string>, to: Jid, only?: AccessModel): Awaitable<void> {
    const { store, access, notifier } = this.#context;
    return after(store.of(service), (set) =>
      each(set.nodes.values(), (node) => {
        if (!nodes.has(node.id) || node.config.sendLast !== "on_sub_and_presence") return undefined;
        if (only !== undefined && node.config.accessModel !== only) return undefined;
        return after(access.refusal(set, node, to), (refusal) =>
          refusal ? undefined : notifier.last(set, node, to, only === undefined),
        );
      }),
    );
  }

  ownerGone(service: Jid): Awaitable<void> {
    return after(this.#context.store.of(service), (set) => {
      const leaving = [...set.nodes.values()].filter(({ config, items }) => config.purgeOffline && items > 0);
      return each(leaving, (node) => this.#owner.purgeNode(set, node));
    });
  }

  recheck(service: Jid, contact: Jid): Awaitable<void> {
    const { store, notifier } = this.#context;
    return after(store.of(service), (set) =>
      each(set.nodes.values(), (node) => notifier.cancelRefused(set, node, contact)),
    );
  }

  node(service: Jid, id: string): Awaitable<StoredNode | undefined> {
    return after(this.#context.store.of(service), (set) => {
      const node = set.nodes.get(id);
      if (!node) return undefined;
      return {
        accessModel: node.config.accessModel,
        last: () => set.last(node),
        item: (itemId) => set.item(node, itemId),
        items: (limit) => set.list(node, { backwards: true, limit }),
      };
    });
  }

  exportNodes(event: UserExport): Promise<void> {
    return exportNodes(this.#context, event);
  }

  importPiece(event: UserImport): Promise<"handled" | undefined> {
    return this.#incoming.take(event);
  }

  get features(): readonly string[] {
    const { defaults, affiliations, autoCreate } = this.#context.profile;
    const names = [
      accessFeature(defaults.accessModel),
      ...(autoCreate ? ["auto-create"] : []),
      ...(defaults.sendLast === "on_sub_and_presence" ? ["last-published"] : []),
      ...affiliations.map((affiliation) => `${affiliation}-affiliation`),
      ...FEATURES,
    ];
    return [ns.PUBSUB, ...names.map((name) => `${ns.PUBSUB}#${name}`)];
  }
}

/** §10: what every service of the engine does. */
const FEATURES = [
  "config-node",
  "config-node-max",
  "create-and-configure",
  "create-nodes",
  "delete-items",
  "delete-nodes",
  "instant-nodes",
  "item-ids",
  "leased-subscription",
  "manage-subscriptions",
  "meta-data",
  "modify-affiliations",
  "multi-items",
  "persistent-items",
  "presence-notifications",
  "publish",
  "publish-node-full",
  "publish-options",
  "purge-nodes",
  "retract-items",
  "retrieve-affiliations",
  "retrieve-default",
  "retrieve-default-sub",
  "retrieve-items",
  "retrieve-subscriptions",
  "rsm",
  "subscribe",
  "subscription-notifications",
  "subscription-options",
] as const;

function handlersOf(
  owner: Owner,
  publisher: Publisher,
  retriever: Retriever,
  subscriber: Subscriber,
  members: Members,
): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    [`set ${ns.PUBSUB} publish`, (command) => publisher.publish(command)],
    [`set ${ns.PUBSUB} retract`, (command) => publisher.retract(command)],
    [`set ${ns.PUBSUB} create`, (command) => owner.create(command)],
    [`set ${ns.PUBSUB} subscribe`, (command) => subscriber.subscribe(command)],
    [`set ${ns.PUBSUB} unsubscribe`, (command) => subscriber.unsubscribe(command)],
    [`get ${ns.PUBSUB} items`, (command) => retriever.items(command)],
    [`get ${ns.PUBSUB} subscriptions`, (command) => subscriber.subscriptions(command)],
    [`get ${ns.PUBSUB} affiliations`, (command) => subscriber.affiliations(command)],
    [`get ${ns.PUBSUB} options`, (command) => subscriber.options(command)],
    [`set ${ns.PUBSUB} options`, (command) => subscriber.setOptions(command)],
    [`get ${ns.PUBSUB} default`, (command) => subscriber.defaults(command)],
    [`get ${ns.PUBSUB_OWNER} configure`, (command) => owner.configuration(command)],
    [`set ${ns.PUBSUB_OWNER} configure`, (command) => owner.configure(command)],
    [`get ${ns.PUBSUB_OWNER} default`, (command) => owner.defaults(command)],
    [`set ${ns.PUBSUB_OWNER} delete`, (command) => owner.delete(command)],
    [`set ${ns.PUBSUB_OWNER} purge`, (command) => owner.purge(command)],
    [`get ${ns.PUBSUB_OWNER} affiliations`, (command) => members.affiliations(command)],
    [`set ${ns.PUBSUB_OWNER} affiliations`, (command) => members.setAffiliations(command)],
    [`get ${ns.PUBSUB_OWNER} subscriptions`, (command) => members.subscriptions(command)],
    [`set ${ns.PUBSUB_OWNER} subscriptions`, (command) => members.setSubscriptions(command)],
  ]);
}
