/** XEP-0317 Hats, version 0.3.1. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { enter, forget, grants, makeRoom, ROOM, USER } from "./muc-client.ts";

const HATS = "urn:xmpp:hats:0";
const NODES = "urn:xmpp:hats:commands";
const COMMANDS = "http://jabber.org/protocol/commands";
const DATA = "jabber:x:data";
const URI = "http://tech.example.edu/hats#Assistant";
const HAT = `<hat title="Assistant" uri="${URI}" hue="327.255249"/>`;

const fields = (given: Readonly<Record<string, string>>) => {
  const written = Object.entries({ FORM_TYPE: NODES, ...given }).map(
    ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
  );
  return `<x xmlns="${DATA}" type="submit">${written.join("")}</x>`;
};
const CREATED = { "hats#title": "Assistant", "hats#uri": URI, "hats#hue": "327.255249" };
const WORN = { "hats#jid": "bob@localhost", "hats#uri": URI };

async function next(client: Client, id: string) {
  for (;;) {
    const element = await client.receivesAny();
    if (element.is("iq") && element.attrs["id"] === id) return element;
  }
}

/** Sends a command, with its form at once. */
async function asks(client: Client, node: string, given?: Readonly<Record<string, string>>): Promise<string> {
  const form = given ? fields(given) : "";
  await client.sends(
    `<iq type="set" id="c" to="${ROOM}"><command xmlns="${COMMANDS}" action="execute" node="${NODES}:${node}">${form}</command></iq>`,
  );
  return (await next(client, "c")).toString();
}

const hash = async (client: Client) => {
  await client.sends(
    `<iq type="get" id="i" to="${ROOM}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  const info = (await next(client, "i")).toString();
  expect(info).toContain(`<feature var="${HATS}"/>`);
  return /var="hats#hash"[^>]*><value>([^<]*)/.exec(info)?.[1];
};

async function theRoom(connect: (name: string) => Promise<Client>): Promise<readonly [Client, Client]> {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/phone");
  await makeRoom(alice, "first", { persistentroom: "1" });
  await enter(bob, "second");
  forget(alice, bob);
  return [alice, bob];
}

describe("hats", () => {
  test("are advertised by the room, with a hash that changes with the list (§2)", async ({ connect }) => {
    const [alice, bob] = await theRoom(connect);
    expect(await hash(bob)).toBeUndefined();
    await asks(alice, "create", CREATED);
    const first = await hash(bob);
    expect(first).toMatch(/^[0-9a-f]{40,}$/);
    await asks(alice, "create", { ...CREATED, "hats#title": "Helper" });
    const second = await hash(bob);
    expect(second).not.toBe(first);
    await asks(alice, "destroy", { "hats#uri": URI });
    expect(await hash(bob)).toBeUndefined();
  });

  test("are made through a form, and everybody hears that the list is another one (§3.2)", async ({
    connect,
  }) => {
    const [alice, bob] = await theRoom(connect);
    const form = await asks(alice, "create");
    expect(form).toContain(`<field var="FORM_TYPE" type="hidden"><value>${NODES}</value></field>`);
    for (const name of ["hats#title", "hats#uri", "hats#hue"]) expect(form).toContain(`var="${name}"`);
    const session = /sessionid="([^"]+)"/.exec(form)?.[1];
    await alice.sends(
      `<iq type="set" id="s" to="${ROOM}"><command xmlns="${COMMANDS}" node="${NODES}:create" sessionid="${session}">${fields(CREATED)}</command></iq>`,
    );
    expect((await next(alice, "s")).toString()).toContain(`status="completed"`);
    await bob.receives(
      `<message type="groupchat" id="{any}" from="${ROOM}"><x xmlns="${USER}"><status code="104"/></x></message>`,
    );
    const list = await asks(bob, "list");
    expect(list).toContain(`status="completed"`);
    expect(list).toContain(
      `<reported><field var="hats#title"/><field var="hats#uri"/><field var="hats#hue"/></reported><item><field var="hats#title"><value>Assistant</value></field><field var="hats#uri"><value>${URI}</value></field><field var="hats#hue"><value>327.255249</value></field></item>`,
    );
  });

  test("are in the presence of who wears them, seen by all, those who come later too (§3.1, §3.5)", async ({
    connect,
  }) => {
    const [alice, bob] = await theRoom(connect);
    await asks(alice, "create", CREATED);
    forget(alice, bob);
    await alice.sends(
      `<iq type="set" id="c" to="${ROOM}"><command xmlns="${COMMANDS}" action="execute" node="${NODES}:assign">${fields(WORN)}</command></iq>`,
    );
    const worn = `<hats xmlns="${HATS}">${HAT}</hats>`;
    await bob.receives(
      `<presence from="${ROOM}/second"><x xmlns="${USER}"><mav xmlns="urn:xmpp:muc:affiliations:1" until="{any}"/><item affiliation="none" role="participant"/><status code="110"/></x>{...}${worn}</presence>`,
    );
    await alice.receives(
      `<presence from="${ROOM}/second"><x xmlns="${USER}"><item affiliation="none" role="participant" jid="bob@localhost/phone"/></x>{...}${worn}</presence>`,
    );
    const carol = await connect("carol/phone");
    expect((await enter(carol, "third")).find((each) => each.includes("/second"))).toContain(HAT);
    // Another title is seen at once (§3.2).
    forget(alice, bob);
    await asks(alice, "create", { ...CREATED, "hats#title": "Helper" });
    await bob.receives(`<message type="groupchat" id="{any}" from="${ROOM}">{...}</message>`);
    expect((await bob.receivesAny()).toString()).toContain(`title="Helper"`);
    expect(await asks(alice, "list-assigned")).toContain(
      `<item><field var="hats#jid"><value>bob@localhost</value></field><field var="hats#uri"><value>${URI}</value></field><field var="hats#title"><value>Helper</value></field>`,
    );
    // §3.6
    forget(bob);
    await asks(alice, "unassign", WORN);
    expect((await bob.receivesAny()).toString()).not.toContain("<hats");
  });

  test("go from everybody when they are destroyed (§3.3)", async ({ connect }) => {
    const [alice, bob] = await theRoom(connect);
    await asks(alice, "create", CREATED);
    await asks(alice, "assign", WORN);
    forget(bob);
    expect(await asks(alice, "destroy", { "hats#uri": URI })).toContain(`status="completed"`);
    expect((await bob.receivesAny()).toString()).toContain(`<status code="104"/>`);
    expect((await bob.receivesAny()).toString()).not.toContain("<hats");
    expect(await asks(alice, "list-assigned")).not.toContain("<item");
    expect(await asks(alice, "destroy", { "hats#uri": URI })).toContain(`type="error"`);
  });

  test("are nobody's to forge", async ({ connect }) => {
    const [alice, bob] = await theRoom(connect);
    await bob.sends(
      `<presence to="${ROOM}/second"><hats xmlns="${HATS}">${HAT}</hats><status>hi</status></presence>`,
    );
    const seen = (await alice.receivesAny()).toString();
    expect(seen).toContain("<status>hi</status>");
    expect(seen).not.toContain("hats");
  });
});

describe("who may", () => {
  test("make and give hats are admins and owners; who wears them is as secret as addresses are", async ({
    connect,
  }) => {
    const [alice, bob] = await theRoom(connect);
    for (const node of ["create", "destroy", "assign", "unassign", "list-assigned"]) {
      expect(await asks(bob, node)).toContain("<forbidden");
    }
    const carol = await connect("carol/phone");
    expect(await asks(carol, "list")).toContain("<forbidden");
    await grants(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    expect(await asks(bob, "create", CREATED)).toContain(`status="completed"`);
  });

  test("wear a hat: an occupant by nickname as well, nothing that is no user", async ({ connect }) => {
    const [alice, bob] = await theRoom(connect);
    await asks(alice, "create", CREATED);
    forget(bob);
    expect(await asks(alice, "assign", { ...WORN, "hats#jid": `${ROOM}/second` })).toContain("completed");
    expect((await bob.receivesAny()).toString()).toContain(HAT);
    for (const wrong of ["localhost", `${ROOM}/nobody`]) {
      expect(await asks(alice, "assign", { ...WORN, "hats#jid": wrong })).toContain(`type="error"`);
    }
  });
});

describe("limits", () => {
  test.override({ options: { config: { modules: { muc: { hats: 1, hatsWorn: 1 } } } } });

  test("of what a hat is, how many there are, and how often they are worn", async ({ connect }) => {
    const [alice] = await theRoom(connect);
    for (const wrong of [
      { "hats#uri": "no uri" },
      { "hats#uri": `x:${"x".repeat(2000)}` },
      { "hats#title": "x".repeat(200) },
      { "hats#hue": "361" },
      { "hats#hue": "red" },
    ]) {
      expect(await asks(alice, "create", { ...CREATED, ...wrong })).toContain("<not-acceptable");
    }
    expect(await asks(alice, "create", CREATED)).toContain("completed");
    expect(await asks(alice, "create", { ...CREATED, "hats#uri": "x:y" })).toContain("<resource-constraint");
    expect(await asks(alice, "assign", WORN)).toContain("completed");
    expect(await asks(alice, "assign", { ...WORN, "hats#jid": "x@localhost" })).toContain(
      "<resource-constraint",
    );
  });
});

describe("what is kept", () => {
  test.override({ options: { store: "sqlite" } });

  test("is there after a restart, and forgotten with the account", async ({ rig }) => {
    const [alice] = await theRoom((name) => rig.connect(name));
    await asks(alice, "create", CREATED);
    await asks(alice, "assign", WORN);
    await rig.restart({});
    const again = await rig.connect("alice/phone");
    await enter(again, "first");
    expect(await asks(again, "list-assigned")).toContain("bob@localhost");
    await rig.server.removeUser(Jid.parse("bob@localhost"));
    expect(await asks(again, "list-assigned")).not.toContain("bob@localhost");
    expect(await asks(again, "list")).toContain(URI);
  });
});
