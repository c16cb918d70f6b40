/** Whatever several people do in a room, everybody in it sees the same, and hears what their role lets them (XEP-0045 §5). */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Client } from "../../../../src/testing/client.ts";
import { createRig, type Rig } from "../../../../src/testing/create-rig.ts";
import type { Element } from "../../../../src/xml/element.ts";
import { type Affiliation, Model, type Options, type PresentRole, type Role } from "./model.ts";

const MUC = "http://jabber.org/protocol/muc";
const ITEMS = "http://jabber.org/protocol/disco#items";
const FIELDS: Readonly<Record<Exclude<keyof Options, "password">, string>> = {
  persistent: "muc#roomconfig_persistentroom",
  public: "muc#roomconfig_publicroom",
  moderated: "muc#roomconfig_moderatedroom",
  membersOnly: "muc#roomconfig_membersonly",
  whois: "muc#roomconfig_whois",
  shown: "muc#roomconfig_presencebroadcast",
  privateMessages: "muc#roomconfig_allowpm",
  lockdown: "{urn:jackdaw:muc}lockdown",
  slowMode: "{urn:jackdaw:muc}slow-mode",
};
const USERS = ["anna", "bert", "cora", "dora"] as const;
const NICKS = ["n1", "n2", "n3", "n4", "n5"] as const;
const AFFILIATIONS = ["outcast", "none", "member", "admin", "owner"] as const;
const PASSWORD = "sesame";
const SLOW_SECONDS = 30;
/** Nothing is too fast: the clock stands still. */
const RATES = {
  passwordsPerMinute: "off",
  presencesPerMinute: "off",
  changesPerMinute: "off",
  messagesPerMinute: "off",
};
const CONFIG = {
  admins: ["root@localhost"],
  limits: { idleTime: "off" },
  modules: { muc: { roomsPerUser: "off", listed: 10_000, defaults: { persistent: true }, ...RATES } },
};

type Command =
  | { readonly do: "join"; readonly user: string; readonly nick: string; readonly password: string }
  | { readonly do: "rename" | "whisper"; readonly user: string; readonly nick: string }
  | { readonly do: "leave" | "say" | "destroy"; readonly user: string }
  | { readonly do: "wait" }
  | { readonly do: "role"; readonly user: string; readonly nick: string; readonly role: Role }
  | {
      readonly do: "affiliate";
      readonly user: string;
      readonly target: string;
      readonly affiliation: Affiliation;
    }
  | { readonly do: "configure"; readonly user: string; readonly options: Partial<Options> };

const user = fc.constantFrom(...USERS);
/** The one who begins as the owner does the most, so that there is something to see. */
const actor = fc.oneof({ weight: 3, arbitrary: fc.constant("anna") }, { weight: 2, arbitrary: user });
const nick = fc.constantFrom(...NICKS);
const password = fc.oneof(
  { weight: 4, arbitrary: fc.constant(PASSWORD) },
  { weight: 1, arbitrary: fc.constant("") },
);
const changes: fc.Arbitrary<Partial<Options>> = fc.record(
  {
    persistent: fc.boolean(),
    public: fc.boolean(),
    moderated: fc.boolean(),
    membersOnly: fc.boolean(),
    password: fc.constantFrom("", "", PASSWORD),
    whois: fc.constantFrom("moderators", "anyone"),
    shown: fc.subarray<PresentRole>(["moderator", "participant", "visitor"]),
    privateMessages: fc.constantFrom("anyone", "participants", "moderators", "none"),
    lockdown: fc.boolean(),
    slowMode: fc.constantFrom(0, SLOW_SECONDS),
  },
  { requiredKeys: [] },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("join" as const), user, nick, password }) },
  fc.record({ do: fc.constant("rename" as const), user, nick }),
  fc.record({ do: fc.constant("leave" as const), user }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant("say" as const), user }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("whisper" as const), user, nick }) },
  fc.record({ do: fc.constant("wait" as const) }),
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
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("configure" as const), user: actor, options: changes }),
  },
  fc.record({ do: fc.constant("destroy" as const), user }),
);

/** What one client made of what it got: who is there, and whether it is itself. */
class View {
  readonly others = new Map<string, string>();
  /** By nickname, of those whose address it was told. */
  readonly addresses = new Map<string, string>();
  own: string | undefined;
  heard: string[] = [];
  /** Addresses that came with the last step. */
  told = 0;

  take(element: Element): void {
    if (element.is("message")) {
      const body = element.getChildText("body");
      if (body !== null && body !== undefined && element.attrs["type"] !== "error") this.heard.push(body);
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
      this.addresses.delete(name);
      if (isOwn && !codes.includes("303")) {
        this.own = undefined;
        this.others.clear();
        this.addresses.clear();
      }
      return;
    }
    if (isOwn) this.own = name;
    this.others.set(name, `${item.attrs["affiliation"]} ${item.attrs["role"]}`);
    const jid = item.attrs["jid"] as string | undefined;
    if (jid === undefined || isOwn) return;
    this.addresses.set(name, jid);
    this.told++;
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
    await world.#enter("anna", "n1", "");
    await world.#send("anna", world.#form({}));
    for (const [index, name] of USERS.entries()) {
      if (index > 0) await world.run({ do: "join", user: name, nick: `n${index + 1}`, password: "" });
    }
    return world;
  }

  async connect(): Promise<void> {
    for (const name of [...USERS, "root"]) {
      this.#clients.set(name, await this.#rig.connect(`${name}/r`));
      this.#views.set(name, new View());
    }
  }

  async disconnect(): Promise<void> {
    for (const client of this.#clients.values()) await client.disconnects();
  }

  async run(step: Command): Promise<void> {
    const { model } = this;
    for (const view of this.#views.values()) {
      view.heard = [];
      view.told = 0;
    }
    switch (step.do) {
      case "join": {
        const isNew = !model.exists;
        const isThere = model.visits.has(step.user);
        model.join(step.user, step.nick, step.password);
        if (isThere) return this.#send(step.user, `<presence to="${this.room}/${step.nick}"/>`);
        await this.#enter(step.user, step.nick, step.password);
        return isNew ? this.#send(step.user, this.#form({})) : undefined;
      }
      case "rename":
        model.rename(step.user, step.nick);
        return this.#send(step.user, `<presence to="${this.room}/${step.nick}"/>`);
      case "whisper": {
        const text = `w${++this.#said}`;
        const hearer = model.whisper(step.user, step.nick);
        await this.#send(
          step.user,
          `<message to="${this.room}/${step.nick}" type="chat"><body>${text}</body></message>`,
        );
        expect(this.#hearersOf(text)).toEqual(hearer === undefined ? [] : [hearer]);
        return;
      }
      case "wait":
        model.now += SLOW_SECONDS;
        return this.#rig.clock.advance(SLOW_SECONDS * 1000);
      case "destroy":
        model.destroy(step.user);
        return this.#send(
          step.user,
          `<iq type="set" id="d" to="${this.room}"><query xmlns="${MUC}#owner"><destroy/></query></iq>`,
        );
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
        expect(this.#hearersOf(text)).toEqual(isHeard ? [...model.visits.keys()].sort() : []);
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
        model.configure(step.user, step.options);
        return this.#send(step.user, this.#form(step.options));
    }
  }

  /** Everybody sees what the model says. */
  check(): void {
    const { model } = this;
    for (const name of USERS) {
      const view = this.#views.get(name) as View;
      const visit = model.visits.get(name);
      expect(view.own, name).toBe(visit?.nick);
      if (!visit) continue;
      const seen = [...model.visits].filter(([other]) => model.sees(name, other));
      const expected = seen.map(
        ([other, { nick, role }]) => [nick, `${model.affiliation(other)} ${role}`] as const,
      );
      expect(sorted(view.others), name).toEqual(sorted(new Map(expected)));
      // §7.2.3, §7.2.4: who may know addresses knows them, and nobody else is told.
      if (!model.seesAddresses(name)) expect(view.told, name).toBe(0);
      else {
        const addresses = seen.filter(([other]) => other !== name);
        const known = addresses.map(([other, { nick }]) => [nick, `${other}@localhost/r`] as const);
        expect(sorted(view.addresses), name).toEqual(sorted(new Map(known)));
      }
    }
    if (model.exists) expect(model.owners).toBeGreaterThan(0);
  }

  /** The lists of the room are those of the model. */
  async checkLists(): Promise<void> {
    const { model } = this;
    for (const affiliation of ["owner", "admin", "member", "outcast"] as const) {
      const wanted = USERS.filter((name) => model.affiliation(name) === affiliation);
      expect(await this.#list(affiliation), affiliation).toEqual(wanted);
    }
    const isListed = (await this.#ask("conference.localhost", `<query xmlns="${ITEMS}"/>`)).includes(
      this.room,
    );
    expect(isListed).toBe(model.exists && model.options.public);
  }

  /** It begins anew, with nobody there. */
  async restart(): Promise<void> {
    this.model.restart();
    await this.#rig.restart({});
    await this.connect();
  }

  async #list(affiliation: Affiliation): Promise<string[]> {
    const answer = await this.#ask(
      this.room,
      `<query xmlns="${MUC}#admin"><item affiliation="${affiliation}"/></query>`,
    );
    return [...answer.matchAll(/ jid="(\w+)@/g)].map(([, name = ""]) => name).sort();
  }

  async #ask(to: string, query: string): Promise<string> {
    const root = this.#clients.get("root") as Client;
    root.forget(() => true);
    await root.sends(`<iq type="get" id="l" to="${to}">${query}</iq>`);
    return (await root.receivesAny()).toString();
  }

  #hearersOf(text: string): string[] {
    const hearers = [...this.#views].flatMap(([name, { heard }]) =>
      heard.filter((each) => each === text).map(() => name),
    );
    return hearers.sort();
  }

  #enter(name: string, nick: string, password: string): Promise<void> {
    const x = `<x xmlns="${MUC}"><password>${password}</password></x>`;
    return this.#send(name, `<presence to="${this.room}/${nick}">${x}</presence>`);
  }

  #administer(name: string, item: string): Promise<void> {
    return this.#send(
      name,
      `<iq type="set" id="a" to="${this.room}"><query xmlns="${MUC}#admin">${item}</query></iq>`,
    );
  }

  #form(options: Partial<Options>): string {
    const fields: string[] = [];
    const field = (name: string, ...values: (string | number | boolean)[]) => {
      const written = values.map(
        (value) => `<value>${typeof value === "boolean" ? Number(value) : value}</value>`,
      );
      fields.push(`<field var="${name}">${written.join("")}</field>`);
    };
    for (const [key, value] of Object.entries(options)) {
      if (key === "password") {
        field("muc#roomconfig_passwordprotectedroom", value !== "");
        field("muc#roomconfig_roomsecret", value as string);
      } else field(FIELDS[key as keyof typeof FIELDS], ...[value].flat());
    }
    return `<iq type="set" id="c" to="${this.room}"><query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">
      <field var="FORM_TYPE"><value>${MUC}#roomconfig</value></field>${fields.join("")}</x></query></iq>`;
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
  await using rig = await createRig({ config: CONFIG, store: "sqlite" });
  let rooms = 0;
  const commands = fc.array(command, { minLength: 5, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(commands, commands, async (before, after) => {
      const world = await World.open(rig, `room${++rooms}`);
      for (const step of before) await world.run(step);
      await world.restart();
      for (const step of after) {
        await world.run(step);
        world.check();
      }
      await world.checkLists();
      await world.disconnect();
    }),
    { numRuns: 10 },
  );
  expect(rig.errors).toEqual([]);
}, 60_000);
