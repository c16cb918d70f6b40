/** RFC 6121 §2–§4 under any sequence of what two users may do: both sides agree, and nobody sees what is not for them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { rosterService } from "../../../../src/modules/roster/roster.ts";
import { createRig, type PipeClient, type Rig } from "../../../../src/testing/create-rig.ts";
import type { Element } from "../../../../src/xml/element.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";

const ROSTER = "jabber:iq:roster";
const NAMES = ["alice", "bob"] as const;
const RESOURCES = ["phone", "desk"] as const;

const ACTIONS = [
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "rename",
  "remove",
  "come",
  "available",
  "unavailable",
  "leave",
  "lose",
] as const;

interface Step {
  readonly name: (typeof NAMES)[number];
  readonly resource: (typeof RESOURCES)[number];
  readonly action: (typeof ACTIONS)[number];
}

/** A client with what it knows from what it was told. */
interface Device {
  readonly client: PipeClient;
  readonly roster: Map<string, string>;
  /** Of the other user. */
  readonly seen: Set<string>;
  version: number;
  isAvailable: boolean;
}

const bare = (name: string) => `${name}@localhost`;
const other = (name: string) => (name === "alice" ? "bob" : "alice");

class World {
  readonly rig: Rig;
  readonly devices = new Map<string, Device>();

  constructor(rig: Rig) {
    this.rig = rig;
  }

  async act({ name, resource, action }: Step): Promise<void> {
    const address = `${name}/${resource}`;
    const device = this.devices.get(address);
    if (action === "lose") return void (await this.rig.server.host().emit("store:lost", {}));
    if (action === "come") return device ? undefined : this.#come(address);
    if (!device) return;
    const { client } = device;
    const contact = bare(other(name));
    switch (action) {
      case "rename":
        return client.sends(set(`<item jid="${contact}" name="${this.devices.size}"/>`));
      case "remove":
        return client.sends(set(`<item jid="${contact}" subscription="remove"/>`));
      case "available":
        if (!device.isAvailable) device.seen.clear();
        device.isAvailable = true;
        return client.sends("<presence/>");
      case "unavailable":
        await client.sends(`<presence type="unavailable"/>`);
        device.isAvailable = false;
        return device.seen.clear();
      case "leave":
        this.devices.delete(address);
        return client.disconnects();
      default:
        return client.sends(`<presence type="${action}" to="${contact}"/>`);
    }
  }

  async #come(address: string): Promise<void> {
    const client = await this.rig.connect(address, { presence: false });
    this.devices.set(address, { client, roster: new Map(), seen: new Set(), version: 0, isAvailable: false });
    await client.sends(`<iq type="get" id="get"><query xmlns="${ROSTER}"/></iq>`);
  }

  async check(before: readonly [boolean, boolean]): Promise<void> {
    await this.rig.settle();
    const [alice, bob] = await Promise.all(NAMES.map((name) => this.#side(name)));
    if (!alice || !bob) throw new Error("there are two");
    // Both sides agree on who sees whom, and on who asked.
    expect([alice.sees, alice.asks]).toEqual([bob.isSeen, bob.isAsked]);
    expect([bob.sees, bob.asks]).toEqual([alice.isSeen, alice.isAsked]);
    for (const side of [alice, bob]) expect(side.isApproved && (side.isSeen || side.isAsked)).toBe(false);
    for (const [address, device] of this.devices) {
      const side = address.startsWith("alice") ? alice : bob;
      const saw = before[side === alice ? 0 : 1];
      for (const element of drain(device.client)) this.#hear(address, device, element, saw || side.sees);
      expect(Object.fromEntries(device.roster)).toEqual(side.roster);
      if (device.isAvailable)
        expect([...device.seen].sort()).toEqual(side.sees ? this.#available(address) : []);
    }
  }

  async sees(): Promise<[boolean, boolean]> {
    const [alice, bob] = await Promise.all(NAMES.map((name) => this.#side(name)));
    return [alice?.sees ?? false, bob?.sees ?? false];
  }

  /** What the server believes of one user. */
  async #side(name: string) {
    const contact = Jid.parse(bare(other(name)));
    const list = await this.rig.server
      .host()
      .use(rosterService)
      .of(Jid.parse(bare(name)));
    const item = list.get(contact);
    const subscription = item?.subscription ?? "none";
    return {
      sees: subscription === "to" || subscription === "both",
      isSeen: subscription === "from" || subscription === "both",
      asks: item?.ask ?? false,
      isAsked: list.request(contact) !== undefined,
      isApproved: item?.approved ?? false,
      roster: Object.fromEntries(
        [...list.items()].map((each) => [
          each.contact.toString(),
          [each.subscription, each.name, each.ask, each.approved].join(),
        ]),
      ),
    };
  }

  #available(address: string): string[] {
    const name = other(address.split("/")[0] as string);
    return [...this.devices]
      .filter(([each, { isAvailable }]) => each.startsWith(name) && isAvailable)
      .map(([each]) => `${bare(name)}/${each.split("/")[1]}`)
      .sort();
  }

  /** `may`: the user saw the other one before or after the step. */
  #hear(address: string, device: Device, element: Element, may: boolean): void {
    const query =
      element.is("iq") && element.attrs.type !== "error" ? element.getChild("query", ROSTER) : undefined;
    if (query) {
      const version = Number(query.attrs.ver);
      if (element.attrs.type === "set") expect(version).toBeGreaterThan(device.version);
      device.version = version;
      for (const { attrs } of query.getChildren("item")) {
        const { jid, subscription, name = "", ask, approved } = attrs as Record<string, string | undefined>;
        const known = [subscription, name, ask === "subscribe", approved === "true"].join();
        if (subscription === "remove") device.roster.delete(String(jid));
        else device.roster.set(String(jid), known);
      }
    }
    const from = String(element.attrs.from);
    if (!element.is("presence") || !from.startsWith(other(address.split("/")[0] as string))) return;
    const { type } = element.attrs as { type?: string };
    if (type !== undefined && type !== "unavailable") return;
    expect(may, `${address} got ${element.toString()}`).toBe(true);
    if (type === undefined) device.seen.add(from);
    else device.seen.delete(from);
  }
}

function set(item: string): string {
  return `<iq type="set" id="s"><query xmlns="${ROSTER}">${item}</query></iq>`;
}

/** All that came, oldest first. */
function drain(client: PipeClient): Element[] {
  const elements: Element[] = [];
  client.forget((element) => elements.push(element) > 0);
  return elements.reverse();
}

const step = fc.record({
  name: fc.constantFrom(...NAMES),
  resource: fc.constantFrom(...RESOURCES),
  action: fc.constantFrom(...ACTIONS),
});

/** Most of what can go wrong begins with a mutual subscription. */
const HANDSHAKE: readonly Step[] = (
  [
    ["alice", "subscribe"],
    ["bob", "subscribed"],
    ["bob", "subscribe"],
    ["alice", "subscribed"],
  ] as const
).map(([name, action]) => ({ name, resource: "phone", action }));

test("whatever two users do, both sides agree and each sees what is for them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 40, size: "max" }),
      fc.boolean(),
      async (anySteps, areFriends) => {
        await using rig = await createRig();
        const world = new World(rig);
        for (const name of NAMES) {
          await rig.user(name);
          await world.act({ name, resource: "phone", action: "come" });
          await world.act({ name, resource: "phone", action: "available" });
        }
        await world.check([false, false]);
        for (const each of areFriends ? [...HANDSHAKE, ...anySteps] : anySteps) {
          const before = await world.sees();
          await world.act(each);
          await world.check(before);
        }
        expect(rig.errors).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
});
