/** Whatever several people do in a room, everybody in it sees the same, and hears what their role lets them (XEP-0045 §5). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Client } from "../../../../src/testing/client.ts";
import { createRig, type Rig } from "../../../../src/testing/create-rig.ts";
import type { Element } from "../../../../src/xml/element.ts";
import { type Affiliation, Model, type Role } from "./model.ts";

const MUC = "http://jabber.org/protocol/muc";
const USERS = ["anna", "bert", "cora", "dora"] as const;
const NICKS = ["n1", "n2", "n3", "n4", "n5"] as const;
const AFFILIATIONS = ["outcast", "none", "member", "admin", "owner"] as const;
const CONFIG = { admins: ["root@localhost"], modules: { muc: { defaults: { persistent: true } } } };

type Command =
  | { readonly do: "join" | "rename"; readonly user: string; readonly nick: string }
  | { readonly do: "leave" | "say"; readonly user: string }
  | { readonly do: "role"; readonly user: string; readonly nick: string; readonly role: Role }
  | {
      readonly do: "affiliate";
      readonly user: string;
      readonly target: string;
      readonly affiliation: Affiliation;
    }
  | {
      readonly do: "configure";
      readonly user: string;
      readonly moderated: boolean;
      readonly membersOnly: boolean;
    };

const user = fc.constantFrom(...USERS);
/** The one who begins as the owner does the most, so that there is something to see. */
const actor = fc.oneof({ weight: 3, arbitrary: fc.constant("anna") }, { weight: 2, arbitrary: user });
const nick = fc.constantFrom(...NICKS);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("join" as const), user, nick }) },
  fc.record({ do: fc.constant("rename" as const), user, nick }),
  fc.record({ do: fc.constant("leave" as const), user }),
  { weight: 5, arbitrary: fc.record({ do: fc.constant("say" as const), user }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("role" as const),
      user: actor,
      nick,
      role: fc.constantFrom<Role>("none", "visitor", "participant", "moderator"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("affiliate" as const),
      user: actor,
      target: user,
      affiliation: fc.constantFrom<Affiliation>(...AFFILIATIONS),
    }),
  },
  fc.record({
    do: fc.constant("configure" as const),
    user: actor,
    moderated: fc.boolean(),
    membersOnly: fc.boolean(),
  }),
);

/** What one client made of what it got: who is there, and whether it is itself. */
class View {
  readonly others = new Map<string, string>();
  own: string | undefined;
  heard: string[] = [];

  take(element: Element): void {
    if (element.is("message")) {
      const body = element.getChildText("body");
      if (body !== null && body !== undefined && element.attrs["type"] === "groupchat") this.heard.push(body);
      return;
    }
    const x = element.getChild("x", `${MUC}#user`);
    const item = x?.getChild("item");
    if (!element.is("presence") || !x || !item) return;
    const name = String(element.attrs["from"]).split("/")[1] ?? "";
    const codes = x.getChildren("status").map(({ attrs }) => attrs["code"] as unknown);
    const isOwn = codes.includes("110");
    if (element.attrs["type"] === "unavailable") {
      this.others.delete(name);
      if (isOwn && !codes.includes("303")) {
        this.own = undefined;
        this.others.clear();
      }
      return;
    }
    if (isOwn) this.own = name;
    this.others.set(name, `${item.attrs["affiliation"]} ${item.attrs["role"]}`);
    // §7.2.4: nobody but moderators learns addresses.
    const ownRole = this.own === undefined ? "" : (this.others.get(this.own) ?? "");
    if (this.own !== undefined && !ownRole.endsWith("moderator")) expect(item.attrs["jid"]).toBeUndefined();
  }
}

class World {
  readonly room: string;
  readonly model = new Model("anna", "n1");
  #rig: Rig;
  #clients = new Map<string, Client>();
  #views = new Map<string, View>();
  #said = 0;

  private constructor(rig: Rig, room: string) {
    this.#rig = rig;
    this.room = `${room}@conference.localhost`;
  }

  static async open(rig: Rig, room: string): Promise<World> {
    const world = new World(rig, room);
    await world.connect();
    await world.#send("anna", `<presence to="${world.room}/n1"><x xmlns="${MUC}"/></presence>`);
    await world.#send("anna", world.#form(false, false));
    for (const [index, name] of USERS.entries()) {
      if (index > 0) await world.run({ do: "join", user: name, nick: `n${index + 1}` });
    }
    return world;
  }

  async connect(rig: Rig = this.#rig): Promise<void> {
    this.#rig = rig;
    for (const name of [...USERS, "root"]) {
      this.#clients.set(name, await rig.connect(`${name}/r`));
      this.#views.set(name, new View());
    }
  }

  async disconnect(): Promise<void> {
    for (const client of this.#clients.values()) await client.disconnects();
  }

  async run(step: Command): Promise<void> {
    const { model } = this;
    for (const view of this.#views.values()) view.heard = [];
    switch (step.do) {
      case "join":
      case "rename": {
        const isKnown = model.visits.has(step.user);
        if (step.do === "join") model.join(step.user, step.nick);
        else model.rename(step.user, step.nick);
        const x = step.do === "join" && !isKnown ? `<x xmlns="${MUC}"/>` : "";
        return this.#send(step.user, `<presence to="${this.room}/${step.nick}">${x}</presence>`);
      }
      case "leave":
        model.leave(step.user);
        return this.#send(step.user, `<presence type="unavailable" to="${this.room}/x"/>`);
      case "say": {
        const text = `m${++this.#said}`;
        const isHeard = model.speak(step.user);
        await this.#send(
          step.user,
          `<message to="${this.room}" type="groupchat"><body>${text}</body></message>`,
        );
        for (const [name, view] of this.#views) {
          expect(view.heard.filter((each) => each === text)).toHaveLength(
            isHeard && model.visits.has(name) ? 1 : 0,
          );
        }
        return;
      }
      case "role":
        model.setRole(step.user, step.nick, step.role);
        return this.#administer(step.user, `<item nick="${step.nick}" role="${step.role}"/>`);
      case "affiliate":
        model.setAffiliation(step.user, step.target, step.affiliation);
        return this.#administer(
          step.user,
          `<item affiliation="${step.affiliation}" jid="${step.target}@localhost"/>`,
        );
      case "configure":
        model.configure(step.user, step.moderated, step.membersOnly);
        return this.#send(step.user, this.#form(step.moderated, step.membersOnly));
    }
  }

  /** Everybody sees what the model says. */
  check(): void {
    const { model } = this;
    const expected = new Map(
      [...model.visits].map(([name, { nick, role }]) => [nick, `${model.affiliation(name)} ${role}`]),
    );
    for (const name of USERS) {
      const view = this.#views.get(name) as View;
      const visit = model.visits.get(name);
      expect(view.own, name).toBe(visit?.nick);
      if (visit) expect(sorted(view.others), name).toEqual(sorted(expected));
    }
    expect(model.owners).toBeGreaterThan(0);
  }

  /** The lists of the room are those of the model. */
  async checkLists(): Promise<void> {
    const { model } = this;
    for (const affiliation of ["owner", "admin", "member", "outcast"] as const) {
      const wanted = USERS.filter((name) => model.affiliation(name) === affiliation);
      expect(await this.#list(affiliation), affiliation).toEqual(wanted);
    }
  }

  async #list(affiliation: Affiliation): Promise<string[]> {
    const root = this.#clients.get("root") as Client;
    root.forget(() => true);
    await root.sends(
      `<iq type="get" id="l" to="${this.room}"><query xmlns="${MUC}#admin"><item affiliation="${affiliation}"/></query></iq>`,
    );
    const items = (await root.receivesAny()).getChild("query")?.getChildren("item") ?? [];
    return items.map(({ attrs }) => String(attrs["jid"]).split("@")[0] ?? "").sort();
  }

  #administer(name: string, item: string): Promise<void> {
    return this.#send(
      name,
      `<iq type="set" id="a" to="${this.room}"><query xmlns="${MUC}#admin">${item}</query></iq>`,
    );
  }

  #form(moderated: boolean, membersOnly: boolean): string {
    const field = (option: string, value: boolean) =>
      `<field var="muc#roomconfig_${option}"><value>${value ? 1 : 0}</value></field>`;
    return `<iq type="set" id="c" to="${this.room}"><query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">
      <field var="FORM_TYPE"><value>${MUC}#roomconfig</value></field>
      ${field("moderatedroom", moderated)}${field("membersonly", membersOnly)}</x></query></iq>`;
  }

  async #send(name: string, xml: string): Promise<void> {
    await this.#clients.get(name)?.sends(xml);
    for (const [each, client] of this.#clients) {
      const seen: Element[] = [];
      client.forget((element) => seen.push(element) > 0);
      for (const element of seen.reverse()) this.#views.get(each)?.take(element);
    }
  }
}

const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => a.localeCompare(b));

test("everybody in a room sees the same, and it is what the model says", async () => {
  await using rig = await createRig({ config: CONFIG });
  let rooms = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), async (commands) => {
      const world = await World.open(rig, `room${++rooms}`);
      for (const step of commands) {
        await world.run(step);
        world.check();
      }
      await world.checkLists();
      await world.disconnect();
    }),
    { numRuns: 25 },
  );
  expect(rig.errors).toEqual([]);
}, 60_000);

test("a restart in the middle leaves the room as it was, and nobody in it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-muc-"));
  let rooms = 0;
  const open = () => createRig({ config: CONFIG, store: { sqlite: join(folder, "db.sqlite") } });
  const commands = fc.array(command, { minLength: 5, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(commands, commands, async (before, after) => {
      let rig = await open();
      const world = await World.open(rig, `room${++rooms}`);
      for (const step of before) await world.run(step);
      await rig.close();
      world.model.restart();
      rig = await open();
      await world.connect(rig);
      for (const step of after) {
        await world.run(step);
        world.check();
      }
      await world.checkLists();
      await rig.close();
      expect(rig.errors).toEqual([]);
    }),
    { numRuns: 3 },
  );
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
