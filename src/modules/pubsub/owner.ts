import { type Awaitable, after, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { configForm, readConfig } from "./config-form.ts";
import type { Context } from "./context.ts";
import { configurationEvent, nodeEvent } from "./events.ts";
import { create, highestItems, newNode } from "./new-node.ts";
import type { PubsubNode } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import type { NodeSet } from "./node-set.ts";
import { unsupported } from "./pubsub-error.ts";
import { type Answer, attribute, type Command, checkedName, formIn, nodeOf } from "./requests.ts";

/** XEP-0060 §8.1 to §8.5: what owners do with their nodes. */
export class Owner {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** §8.1 */
  create({ service, from, element, request }: Command): Answer {
    const { host, store, profile } = this.#context;
    if (!profile.mayCreate(service, from) || request.session?.anonymous) throw new StanzaError("forbidden");
    const wanted = checkedName(attribute(element, "node") || undefined);
    const type = attribute(element, "type");
    if (type !== undefined && type !== "leaf") throw unsupported("collections");
    const x = this.#configuration(request.payload);
    const config = (x && readConfig(x, profile.defaults, profile.limits)) ?? profile.defaults;
    return after(store.of(service), (set) => {
      if (wanted !== undefined && set.nodes.has(wanted)) throw new StanzaError("conflict");
      // §8.1.1: an instant node is told its name.
      const id = wanted ?? host.random.id();
      const node = newNode(set, profile.limits, id, from, host.clock.now(), config);
      return after(create(set, profile, node, from), () =>
        wanted === undefined ? el("pubsub", { xmlns: ns.PUBSUB }, el("create", { node: id })) : undefined,
      );
    });
  }

  /** §8.1.3: the form in `<configure/>`, which names no node of its own. @throws StanzaError */
  #configuration(pubsub: Element): Element | undefined {
    const configure = pubsub.getChild("configure", ns.PUBSUB);
    if (configure && attribute(configure, "node") !== undefined) throw new StanzaError("bad-request");
    return configure && formIn(configure);
  }

  /** §8.2.1 */
  configuration(command: Command): Answer {
    return this.#at(command, (_, node) => {
      const form = configForm("form", node.config, this.#context.profile.limits);
      return el("pubsub", { xmlns: ns.PUBSUB_OWNER }, el("configure", { node: node.id }, form));
    });
  }

  /** §8.2.4 */
  configure(command: Command): Answer {
    const x = formIn(command.element);
    if (!x) throw new StanzaError("bad-request", "the configuration is missing");
    return this.#at(command, (set, node) => {
      const { profile, notifier } = this.#context;
      const config = readConfig(x, node.config, profile.limits);
      if (!config) return undefined;
      const fitted = this.#fit(set, node, config);
      const written = set.configure(node, config);
      const content = configurationEvent(node, configForm("result", config, profile.limits));
      const told = config.notifyConfig ? notifier.tell(set, node, content) : undefined;
      return after(together(fitted, written, told), () => undefined);
    });
  }

  /** Items that the new configuration has no room for go. */
  #fit(set: NodeSet, node: PubsubNode, config: NodeConfig): Awaitable<void> {
    if (node.config.persistItems && !config.persistItems) return set.purge(node);
    const excess = node.items - highestItems(config, this.#context.profile.limits);
    if (excess <= 0) return undefined;
    return after(set.list(node, { backwards: false, limit: excess }), (oldest) => set.remove(node, oldest));
  }

  /** §8.3 */
  defaults({ element }: Command): Answer {
    const type = attribute(element, "type");
    if (type !== undefined && type !== "leaf") throw unsupported("collections");
    const { defaults, limits } = this.#context.profile;
    return el("pubsub", { xmlns: ns.PUBSUB_OWNER }, el("default", {}, configForm("form", defaults, limits)));
  }

  /** §8.4 */
  delete(command: Command): Answer {
    return this.#at(command, (set, node) => {
      const { notifyDelete } = node.config;
      const { notifier } = this.#context;
      const told = notifyDelete ? notifier.tellGone(set, node, nodeEvent(node, "delete")) : undefined;
      return after(told, () => after(set.delete(node), () => undefined));
    });
  }

  /** §8.5 */
  purge(command: Command): Answer {
    return this.#at(command, (set, node) => {
      if (!node.config.persistItems) throw unsupported("persistent-items");
      return after(this.purgeNode(set, node), () => undefined);
    });
  }

  purgeNode(set: NodeSet, node: PubsubNode): Awaitable<void> {
    const told = node.config.notifyRetract
      ? this.#context.notifier.tell(set, node, nodeEvent(node, "purge"))
      : undefined;
    return together(told, set.purge(node));
  }

  #at({ service, from, element }: Command, work: (set: NodeSet, node: PubsubNode) => Answer): Answer {
    const id = nodeOf(element);
    const { store, access } = this.#context;
    return after(store.of(service), (set) => work(set, access.owned(set, id, from)));
  }
}
