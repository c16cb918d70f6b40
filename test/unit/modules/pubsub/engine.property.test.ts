/** XEP-0060: any sequence of what users may do at a service gives everybody what the rules say, and nothing else. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Host } from "../../../../src/core/host.ts";
import { Engine } from "../../../../src/modules/pubsub/engine.ts";
import { openNodeTables } from "../../../../src/modules/pubsub/node-tables.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import type { TableSpec } from "../../../../src/store/store.ts";
import { readXml } from "../../../../src/testing/read-xml.ts";
import { createMetrics } from "../../../../src/util/metrics.ts";
import { systemRandom } from "../../../../src/util/random.ts";
import type { Element } from "../../../../src/xml/element.ts";
import { StanzaError } from "../../../../src/xmpp/errors.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { iq, message, type Stanza } from "../../../../src/xmpp/stanza.ts";
import { form, PUBSUB } from "../../../behaviour/pubsub-client.ts";
import {
  ACTORS,
  type Actor,
  GIVEN,
  MODELS,
  NaiveService,
  NODES,
  PUBLISH_MODELS,
  Refused,
  type Step,
} from "./naive-service.ts";
import { profileFor } from "./profile.ts";

const SERVICE = Jid.parse("pubsub.localhost");
const jidOf = (actor: Actor) => Jid.parse(`${actor}@localhost/r`);

/** The engine, driven by steps. */
class RealService {
  readonly sent: Stanza[] = [];
  readonly #forgetters: (() => void)[] = [];
  readonly #engine: Engine;

  private constructor(engine: (host: Host) => Engine) {
    const host: Partial<Host> = {
      route: (stanza) => void this.sent.push(stanza),
      hook: (name, _, hook) => {
        if (name === "store:lost") this.#forgetters.push(() => void hook({} as never));
      },
      emit: () => undefined,
      random: systemRandom,
      metrics: createMetrics(),
      clock: { now: () => 0 } as Host["clock"],
    };
    this.#engine = engine(host as Host);
  }

  static async open(naive: NaiveService): Promise<RealService> {
    const store = createMemoryStore();
    const tables = await openNodeTables({
      table: <R extends object>(spec: TableSpec<R>) => store.table(spec),
    });
    return new RealService((host) => new Engine(host, tables, profileFor(naive)));
  }

  /** What the one who asks is told. @throws StanzaError */
  async do(step: Step, text: string): Promise<string> {
    this.sent.length = 0;
    if (step.kind === "lose") {
      for (const forget of this.#forgetters) forget();
      return "";
    }
    if (step.kind === "relate") {
      await this.#engine.recheck(SERVICE, jidOf(step.whom));
      return "";
    }
    if (step.kind === "decide") {
      const answer = form("subscribe_authorization", {
        node: step.node,
        subscriber_jid: `${step.whom}@localhost`,
        allow: String(step.allow),
      });
      await this.#engine.handleApproval(
        SERVICE,
        message({ from: jidOf(step.who), to: SERVICE }, readXml(answer)),
      );
      return "";
    }
    return this.#ask(step.who, step.kind === "read" ? "get" : "set", readXml(requestOf(step, text)));
  }

  async #ask(who: Actor, type: "get" | "set", payload: Element): Promise<string> {
    const from = jidOf(who);
    const stanza = iq({ type, id: "q", from, to: SERVICE }, payload);
    const result = await this.#engine.handle({ from, to: SERVICE, stanza, payload });
    const answer = this.sent.find(({ kind }) => kind === "iq");
    if (answer?.type === "error")
      throw new StanzaError(
        answer.child("error", "jabber:client")?.getChild("not-acceptable") ? "not-acceptable" : "bad-request",
      );
    const pubsub = result === "answered" ? answer?.payload[0] : result;
    const items = pubsub?.getChild("items") ?? pubsub?.getChild("publish");
    if (items) return items.getChildren("item").map(textOf).join(" ");
    return String(pubsub?.getChild("subscription")?.attrs["subscription"] ?? "");
  }

  /** "whom what", of all messages. */
  get told(): string[] {
    return this.sent.filter(({ kind }) => kind === "message").map(messageText);
  }
}

function requestOf(step: Step & { readonly who: Actor; readonly node: string }, text: string): string {
  const { kind, who, node } = step;
  const own = (content: string) => `<pubsub xmlns="${PUBSUB}">${content}</pubsub>`;
  const owner = (content: string) => `<pubsub xmlns="${PUBSUB}#owner">${content}</pubsub>`;
  switch (kind) {
    case "publish":
      return own(
        `<publish node="${node}"><item id="${step.item}"><e xmlns="urn:e">${text}</e></item></publish>`,
      );
    case "retract":
      return own(`<retract node="${node}"><item id="${step.item}"/></retract>`);
    case "subscribe":
    case "unsubscribe":
      return own(`<${kind} node="${node}" jid="${who}@localhost"/>`);
    case "read":
      return own(`<items node="${node}"/>`);
    case "purge":
    case "delete":
      return owner(`<${kind} node="${node}"/>`);
    case "affiliate":
      return owner(
        `<affiliations node="${node}"><affiliation jid="${step.whom}@localhost" affiliation="${step.as}"/></affiliations>`,
      );
    case "configure": {
      const fields = {
        access_model: step.access,
        publish_model: step.publish,
        max_items: String(step.max),
        roster_groups_allowed: "friends",
      };
      return owner(`<configure node="${node}">${form("node_config", fields)}</configure>`);
    }
    default:
      throw new Error(`${kind} is no request`);
  }
}

function textOf(item: Element): string {
  const text = item.getChildText("e");
  return text === null ? String(item.attrs["id"]) : `${String(item.attrs["id"])}=${text}`;
}

function messageText(stanza: Stanza): string {
  const to = stanza.to?.local ?? "";
  const event = stanza.child("event", `${PUBSUB}#event`);
  if (!event) return `${to} question`;
  const [what] = event.children as Element[];
  const late = stanza.has("delay", "urn:xmpp:delay") ? " late" : "";
  const node = String(what?.attrs["node"]);
  if (what?.getName() === "subscription") return `${to} ${node} ${String(what.attrs["subscription"])}`;
  if (what?.getName() !== "items") return `${to} ${node} ${what?.getName()}`;
  const retracted = what.getChildren("retract").map(({ attrs }) => String(attrs["id"]));
  if (retracted.length > 0) return `${to} ${node} retract ${retracted.join(" ")}`;
  return `${to} ${node} ${what.getChildren("item").map(textOf).join(" ")}${late}`;
}

const who = fc.constantFrom(...ACTORS);
const guest = fc.constantFrom("ann" as const, "ben" as const);
const mostlyOwner = fc.constantFrom("owner" as const, "owner" as const, "owner" as const, "ann" as const);
/** Mostly the first, so that the steps meet. */
const node = fc.constantFrom(...NODES, NODES[0], NODES[0]);
const item = fc.constantFrom("a", "b", "c", "d");
const kind = <const K extends Step["kind"]>(...kinds: K[]) => fc.constantFrom(...kinds);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kind("publish"), who: fc.oneof(mostlyOwner, who), node, item }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("retract"), who, node, item }) },
  { weight: 5, arbitrary: fc.record({ kind: kind("subscribe"), who: fc.oneof(guest, who), node }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("unsubscribe", "read", "read"), who, node }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("purge", "delete"), who: mostlyOwner, node }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind("affiliate"),
      who: mostlyOwner,
      node,
      whom: fc.oneof(guest, who),
      as: fc.constantFrom(...GIVEN),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("configure"),
      who: mostlyOwner,
      node,
      access: fc.constantFrom(...MODELS, "authorize" as const, "authorize" as const),
      publish: fc.constantFrom(...PUBLISH_MODELS),
      max: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: kind("decide"), who: mostlyOwner, node, whom: guest, allow: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: kind("relate"), whom: guest, sees: fc.boolean(), friend: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("lose") }) },
);

/** What somebody is told: the answer, or the most particular condition of the error. */
async function outcome(work: () => string | Promise<string>): Promise<string> {
  try {
    return `ok ${await work()}`;
  } catch (error) {
    if (error instanceof StanzaError) return `error ${error.detail?.name ?? error.condition}`;
    if (error instanceof Refused) return `error ${error.message}`;
    throw error;
  }
}

test.each([true, false])("a service, private: %s", async (isPrivate) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (steps) => {
      const naive = new NaiveService(isPrivate);
      const real = await RealService.open(naive);
      for (const [index, each] of steps.entries()) {
        const text = String(index);
        const wanted = await outcome(() => naive.do(each, text));
        expect(await outcome(() => real.do(each, text)), `step ${index}`).toBe(wanted);
        expect(real.told.toSorted(), `step ${index}`).toEqual(naive.sent.toSorted());
      }
    }),
    { numRuns: 150 },
  );
});
