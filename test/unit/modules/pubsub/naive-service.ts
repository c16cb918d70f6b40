/** XEP-0060 as one would write it down: no store, no cache, no speed. What each step gives whom. */

export const ACTORS = ["owner", "ann", "ben", "cat"] as const;
export type Actor = (typeof ACTORS)[number];
export const NODES = ["n1", "n2"] as const;
export const MODELS = ["open", "presence", "roster", "whitelist", "authorize"] as const;
export const PUBLISH_MODELS = ["publishers", "subscribers", "open"] as const;
export const GIVEN = ["publisher", "publish-only", "member", "outcast", "none", "owner"] as const;

export type Step =
  | {
      readonly kind: "publish" | "retract";
      readonly who: Actor;
      readonly node: string;
      readonly item: string;
    }
  | {
      readonly kind: "subscribe" | "unsubscribe" | "read" | "purge" | "delete";
      readonly who: Actor;
      readonly node: string;
    }
  | {
      readonly kind: "affiliate";
      readonly who: Actor;
      readonly node: string;
      readonly whom: Actor;
      readonly as: (typeof GIVEN)[number];
    }
  | {
      readonly kind: "configure";
      readonly who: Actor;
      readonly node: string;
      readonly access: (typeof MODELS)[number];
      readonly publish: (typeof PUBLISH_MODELS)[number];
      readonly max: number;
    }
  | {
      readonly kind: "decide";
      readonly who: Actor;
      readonly node: string;
      readonly whom: Actor;
      readonly allow: boolean;
    }
  | { readonly kind: "relate"; readonly whom: Actor; readonly sees: boolean; readonly friend: boolean }
  | { readonly kind: "lose" };

export interface Relation {
  readonly sees: boolean;
  readonly friend: boolean;
}

interface Node {
  access: string;
  publish: string;
  max: number;
  items: { readonly id: string; readonly by: Actor; readonly text: string }[];
  readonly affiliations: Map<Actor, string>;
  readonly subscriptions: Map<Actor, "subscribed" | "pending">;
}

export class Refused extends Error {}

const PRESENCE = "presence-subscription-required";

export class NaiveService {
  readonly nodes = new Map<string, Node>();
  readonly relations = new Map<Actor, Relation>();
  /** Whether strangers learn of open nodes alone. */
  readonly isPrivate: boolean;
  /** What was sent in this step: "whom what". */
  sent: string[] = [];

  constructor(isPrivate: boolean) {
    this.isPrivate = isPrivate;
  }

  /** What the one who asks is told. @throws Refused with the error. */
  do(step: Step, text: string): string {
    this.sent = [];
    switch (step.kind) {
      case "publish":
        return this.#publish(step.who, step.node, { id: step.item, by: step.who, text });
      case "retract":
        return this.#retract(step.who, step.node, step.item);
      case "subscribe":
        return this.#subscribe(step.who, step.node);
      case "unsubscribe":
        return this.#unsubscribe(step.who, step.node);
      case "read": {
        const node = this.#existing(step.who, step.node);
        this.#require(step.who, node);
        return node.items.map(({ id, text: content }) => `${id}=${content}`).join(" ");
      }
      case "purge": {
        const node = this.#owned(step.who, step.node);
        node.items = [];
        this.#tell(node, `${step.node} purge`);
        return "";
      }
      case "delete": {
        const node = this.#owned(step.who, step.node);
        this.#tell(node, `${step.node} delete`);
        for (const [actor, state] of node.subscriptions)
          if (state === "pending") this.sent.push(`${actor} ${step.node} delete`);
        this.nodes.delete(step.node);
        return "";
      }
      case "configure": {
        const node = this.#owned(step.who, step.node);
        Object.assign(node, { access: step.access, publish: step.publish, max: step.max });
        node.items = node.items.slice(-step.max);
        return "";
      }
      case "affiliate":
        return this.#affiliate(this.#owned(step.who, step.node), step.node, step.whom, step.as);
      case "decide": {
        const node = this.nodes.get(step.node);
        if (node && this.#affiliation(step.who, node) === "owner")
          this.#decide(node, step.node, step.whom, step.allow);
        return "";
      }
      case "relate":
        this.relations.set(step.whom, { sees: step.sees, friend: step.friend });
        for (const [id, node] of this.nodes) this.#cancel(node, id, step.whom);
        return "";
      case "lose":
        return "";
    }
  }

  sees(actor: Actor): boolean {
    return actor === "owner" || (this.relations.get(actor)?.sees ?? false);
  }

  #publish(who: Actor, id: string, item: Node["items"][number]): string {
    let node = this.nodes.get(id);
    if (!node) {
      if (who !== "owner") throw new Refused(this.isPrivate ? "forbidden" : "item-not-found");
      node = {
        access: "presence",
        publish: "publishers",
        max: 3,
        items: [],
        affiliations: new Map(),
        subscriptions: new Map(),
      };
      this.nodes.set(id, node);
    }
    this.#requirePublish(who, node);
    node.items = [...node.items.filter((old) => old.id !== item.id), item];
    const gone = node.items.splice(0, Math.max(0, node.items.length - node.max));
    this.#tell(node, `${id} ${item.id}=${item.text}`);
    if (gone.length > 0 && node.max > 1)
      this.#tell(node, `${id} retract ${gone.map((old) => old.id).join(" ")}`);
    return item.id;
  }

  #retract(who: Actor, id: string, itemId: string): string {
    const node = this.nodes.get(id);
    if (!node) throw new Refused(who === "owner" || !this.isPrivate ? "item-not-found" : "forbidden");
    this.#requirePublish(who, node);
    const item = node.items.find((each) => each.id === itemId);
    if (!item) throw new Refused("item-not-found");
    if (item.by !== who && this.#affiliation(who, node) !== "owner") throw new Refused("forbidden");
    node.items = node.items.filter((each) => each !== item);
    this.#tell(node, `${id} retract ${itemId}`);
    return "";
  }

  #subscribe(who: Actor, id: string): string {
    const node = this.#existing(who, id);
    const state = node.subscriptions.get(who);
    const isOutside = this.#affiliation(who, node) === "none" && (!this.isPrivate || this.sees(who));
    if (node.access === "authorize" && isOutside) {
      if (state === "pending") throw new Refused("pending-subscription");
      if (state) return state;
      node.subscriptions.set(who, "pending");
      this.sent.push("owner question");
      return "pending";
    }
    this.#require(who, node);
    if (state !== "subscribed") {
      node.subscriptions.set(who, "subscribed");
      this.#show(node, id, who);
    }
    return "subscribed";
  }

  #unsubscribe(who: Actor, id: string): string {
    const node = this.#existing(who, id);
    if (node.subscriptions.delete(who)) return "";
    this.#require(who, node);
    throw new Refused("not-subscribed");
  }

  #affiliate(node: Node, id: string, whom: Actor, as: string): string {
    if (whom === "owner") {
      if (as !== "owner") throw new Refused("not-acceptable");
      return "";
    }
    if (as === "none") node.affiliations.delete(whom);
    else node.affiliations.set(whom, as);
    const state = node.subscriptions.get(whom);
    if (state && (as === "outcast" || as === "publish-only")) {
      node.subscriptions.delete(whom);
      this.sent.push(`${whom} ${id} none`);
    } else if (state === "pending" && as !== "none") this.#decide(node, id, whom, true);
    return "";
  }

  #decide(node: Node, id: string, whom: Actor, allow: boolean): void {
    if (node.subscriptions.get(whom) !== "pending") return;
    if (allow) node.subscriptions.set(whom, "subscribed");
    else node.subscriptions.delete(whom);
    this.sent.push(`${whom} ${id} ${allow ? "subscribed" : "none"}`);
    if (allow && !this.#refusal(whom, node)) this.#show(node, id, whom);
  }

  #show({ items }: Node, id: string, whom: Actor): void {
    const last = items.at(-1);
    if (last) this.sent.push(`${whom} ${id} ${last.id}=${last.text} late`);
  }

  #tell(node: Node, what: string): void {
    const id = what.split(" ")[0] ?? "";
    for (const [actor, state] of node.subscriptions) {
      if (state !== "subscribed" || this.#cancel(node, id, actor)) continue;
      this.sent.push(`${actor} ${what}`);
    }
  }

  #cancel(node: Node, id: string, actor: Actor): boolean {
    if (node.subscriptions.get(actor) !== "subscribed" || !this.#refusal(actor, node)) return false;
    node.subscriptions.delete(actor);
    this.sent.push(`${actor} ${id} none`);
    return true;
  }

  #affiliation(who: Actor, node: Node): string {
    return who === "owner" ? "owner" : (node.affiliations.get(who) ?? "none");
  }

  #requirePublish(who: Actor, node: Node): void {
    const affiliation = this.#affiliation(who, node);
    const isPublisher = ["owner", "publisher", "publish-only"].includes(affiliation);
    const byModel =
      node.publish === "open" ||
      (node.publish === "subscribers" && node.subscriptions.get(who) === "subscribed");
    if (!isPublisher && (affiliation === "outcast" || !byModel)) throw new Refused("forbidden");
  }

  #existing(who: Actor, id: string): Node {
    const node = this.nodes.get(id);
    if (!node) throw new Refused(this.isPrivate && !this.sees(who) ? PRESENCE : "item-not-found");
    return node;
  }

  #owned(who: Actor, id: string): Node {
    const node = this.nodes.get(id);
    if (!node && !this.isPrivate) throw new Refused("item-not-found");
    if (node ? this.#affiliation(who, node) !== "owner" : who !== "owner") throw new Refused("forbidden");
    if (!node) throw new Refused("item-not-found");
    return node;
  }

  #require(who: Actor, node: Node): void {
    const refusal = this.#refusal(who, node);
    if (refusal) throw new Refused(refusal);
  }

  #refusal(who: Actor, node: Node): string | undefined {
    const hidden = (error: string) => (this.isPrivate && !this.sees(who) ? PRESENCE : error);
    const affiliation = this.#affiliation(who, node);
    if (["owner", "publisher", "member"].includes(affiliation)) return undefined;
    if (affiliation === "publish-only") return "forbidden";
    if (affiliation === "outcast") return node.access === "open" ? "forbidden" : hidden("forbidden");
    const isFriend = this.relations.get(who)?.friend ?? false;
    switch (node.access) {
      case "open":
        return undefined;
      case "presence":
        return this.sees(who) ? undefined : PRESENCE;
      case "roster":
        return this.sees(who) && isFriend ? undefined : hidden("not-in-roster-group");
      case "whitelist":
        return hidden("closed-node");
      default:
        return node.subscriptions.get(who) === "subscribed" ? undefined : hidden("not-subscribed");
    }
  }
}
