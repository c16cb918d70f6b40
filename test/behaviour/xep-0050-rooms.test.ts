/** XEP-0050 at rooms, for their owners, and at the service, for the server's administrators. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, gone, JOIN, makeRoom, present, ROOM, SERVICE, STEP } from "./muc-client.ts";

const COMMANDS = "http://jabber.org/protocol/commands";
const ITEMS = "http://jabber.org/protocol/disco#items";
const DATA = "jabber:x:data";
const NODES = "urn:jackdaw:room";

test.override({ options: { config: { admins: ["alice@localhost"] } } });

async function list(client: Client, to: string): Promise<(string | undefined)[]> {
  await client.sends(`<iq type="get" id="l" to="${to}"><query xmlns="${ITEMS}" node="${COMMANDS}"/></iq>`);
  const answer = await client.receives(`<iq type="result" id="l" from="${to}">{...}</iq>`);
  return answer.children[0] && typeof answer.children[0] !== "string"
    ? answer.children[0].getChildren("item").map((item) => item.attrs["node"])
    : [];
}

/** Executes a command, and answers its form, if there is one, with these fields. */
async function execute(
  client: Client,
  to: string,
  node: string,
  fields?: Record<string, string>,
): Promise<string> {
  await client.sends(`<iq type="set" id="e" to="${to}"><command xmlns="${COMMANDS}" node="${node}"/></iq>`);
  const first = await next(client, "e");
  if (!fields) return first.toString();
  const session = first.getChild("command")?.attrs["sessionid"];
  const written = Object.entries(fields).map(
    ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
  );
  await client.sends(
    `<iq type="set" id="s" to="${to}"><command xmlns="${COMMANDS}" node="${node}" sessionid="${session}"><x xmlns="${DATA}" type="submit">${written.join("")}</x></command></iq>`,
  );
  return (await next(client, "s")).toString();
}

async function next(client: Client, id: string) {
  for (;;) {
    const element = await client.receivesAny();
    if (element.is("iq") && element.attrs["id"] === id) return element;
  }
}

describe("a room", () => {
  test("shows its commands to its owners, and to nobody else", async ({ connect }) => {
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(bob, "second");
    const own = ["configure", "lock-down", "affiliate", "announce", "destroy"];
    expect(await list(bob, ROOM)).toEqual(
      expect.arrayContaining([...own.map((name) => `${NODES}#${name}`), "urn:xmpp:hats:commands:create"]),
    );
    expect(await list(carol, ROOM)).toEqual([]);
    expect(await execute(carol, ROOM, `${NODES}#lock-down`)).toContain("<forbidden");
    expect(await execute(carol, ROOM, `${NODES}#nothing`)).toContain("<item-not-found");
    await bob.sends(
      `<iq type="get" id="i" to="${ROOM}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
    );
    expect((await next(bob, "i")).toString()).toContain(`<feature var="${COMMANDS}"/>`);
  });

  test("is locked down by one command, and opened by another", async ({ connect }) => {
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(bob, "second");
    await enter(carol, "third");
    expect(await execute(bob, ROOM, `${NODES}#lock-down`)).toContain("locked down");
    await carol.receives(gone("third", `affiliation="none" role="none"`, { codes: [110, 322] }));
    await carol.sends(`<presence to="${ROOM}/third">${JOIN}</presence>`);
    expect((await carol.receivesAny()).toString()).toContain("<registration-required");
    expect(await list(bob, ROOM)).toContain(`${NODES}#end-lock-down`);
    expect(await execute(bob, ROOM, `${NODES}#end-lock-down`)).toContain("open as before");
    expect((await enter(carol, "third")).at(-1)).toContain(`role="participant"`);
  });

  test("is configured, with the form that clients have", async ({ connect }) => {
    const bob = await connect("bob/phone");
    await makeRoom(bob, "second", { membersonly: "1" });
    const done = await execute(bob, ROOM, `${NODES}#configure`, { "muc#roomconfig_roomname": "Cave" });
    expect(done).toContain(`status="completed"`);
    await bob.sends(
      `<iq type="get" id="i" to="${ROOM}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
    );
    const info = (await next(bob, "i")).toString();
    expect(info).toContain(`name="Cave"`);
    // What was left out is as before.
    expect(info).toContain("muc_membersonly");
  });

  test("gives affiliations by the rules of the room, and announces", async ({ connect }) => {
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(bob, "second");
    await enter(carol, "third");
    forget(carol);
    await execute(bob, ROOM, `${NODES}#affiliate`, { jid: "carol@localhost", affiliation: "admin" });
    await carol.receives(
      present("third", `affiliation="admin" role="moderator" jid="{any}"`, {
        ahead: STEP,
        codes: [110],
        inside: "{...}",
      }),
    );
    forget(carol);
    const last = await execute(bob, ROOM, `${NODES}#affiliate`, {
      jid: "bob@localhost",
      affiliation: "none",
    });
    expect(last).toContain("<conflict");
    forget(carol);
    await execute(bob, ROOM, `${NODES}#announce`, { text: "Tea is ready" });
    await carol.receives(
      `<message type="groupchat" id="{any}" from="${ROOM}"><body>Tea is ready</body></message>`,
    );
  });

  test("ends, with where to go", async ({ connect }) => {
    const bob = await connect("bob/phone");
    await makeRoom(bob, "second");
    await bob.sends(
      `<iq type="set" id="e" to="${ROOM}"><command xmlns="${COMMANDS}" node="${NODES}#destroy"/></iq>`,
    );
    const session = (await next(bob, "e")).getChild("command")?.attrs["sessionid"];
    // A session of one room is none of another.
    await makeRoom(bob, "second", {}, `other@${SERVICE}`);
    const submit = (to: string) =>
      `<iq type="set" id="d" to="${to}"><command xmlns="${COMMANDS}" node="${NODES}#destroy" sessionid="${session}"><x xmlns="${DATA}" type="submit"><field var="reason"><value>Moved</value></field><field var="venue"><value>other@${SERVICE}</value></field></x></command></iq>`;
    await bob.sends(submit(`other@${SERVICE}`));
    expect((await next(bob, "d")).toString()).toContain("bad-sessionid");
    await bob.sends(submit(ROOM));
    await bob.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/phone"`, {
        codes: [110],
        behind: `<destroy jid="other@${SERVICE}"><reason>Moved</reason></destroy>`,
      }),
    );
    expect((await next(bob, "d")).toString()).toContain(`status="completed"`);
  });
});

describe("the service", () => {
  const nodes = ["list", "destroy", "affiliate", "lock-down", "announce"].map(
    (name) => `urn:jackdaw:rooms#${name}`,
  );

  test("shows its commands to the server's administrators, and to nobody else", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    expect(await list(alice, SERVICE)).toEqual(nodes);
    expect(await list(bob, SERVICE)).toEqual([]);
    expect(await execute(bob, SERVICE, "urn:jackdaw:rooms#list")).toContain("<forbidden");
  });

  test("lists rooms, gives affiliations in them, locks, announces and destroys", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(bob, "second", { publicroom: "0", roomname: "Cave" });
    const rooms = await execute(alice, SERVICE, "urn:jackdaw:rooms#list", { search: "cave" });
    expect(rooms).toContain(
      `<item><field var="jid"><value>${ROOM}</value></field><field var="name"><value>Cave</value></field><field var="occupants"><value>1</value></field></item>`,
    );
    await execute(alice, SERVICE, "urn:jackdaw:rooms#affiliate", {
      room: ROOM,
      user: "carol@localhost",
      affiliation: "outcast",
    });
    const carol = await connect("carol/phone");
    await carol.sends(`<presence to="${ROOM}/third">${JOIN}</presence>`);
    expect((await carol.receivesAny()).toString()).toContain("<forbidden");
    await execute(alice, SERVICE, "urn:jackdaw:rooms#lock-down", { room: ROOM, on: "1" });
    const dave = await connect("dave/phone");
    await dave.sends(`<presence to="${ROOM}/third">${JOIN}</presence>`);
    expect((await dave.receivesAny()).toString()).toContain("<registration-required");
    forget(bob);
    expect(await execute(alice, SERVICE, "urn:jackdaw:rooms#announce", { text: "Hear" })).toContain(
      "in 1 rooms",
    );
    await bob.receives(`<message type="groupchat" id="{any}" from="${ROOM}"><body>Hear</body></message>`);
    await execute(alice, SERVICE, "urn:jackdaw:rooms#destroy", { room: ROOM, reason: "Enough" });
    await bob.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/phone"`, {
        codes: [110],
        behind: `<destroy><reason>Enough</reason></destroy>`,
      }),
    );
  });
});
