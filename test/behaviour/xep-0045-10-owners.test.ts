/** XEP-0045 Multi-User Chat, version 1.35.5, §10: rooms are made, configured and destroyed. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import {
  administers,
  CONFIG,
  configure,
  enter,
  failed,
  forget,
  gone,
  grants,
  JOIN,
  makeRoom,
  meet,
  OWNER,
  present,
  ROOM,
  STEP,
  said,
  submission,
  USER,
  unlock,
} from "./muc-client.ts";

const OWNS = `affiliation="owner" role="moderator"`;
const query = (inner: string) => `<query xmlns="${OWNER}">${inner}</query>`;
const asks = (type: "get" | "set", inner = "") =>
  `<iq type="${type}" id="o1" to="${ROOM}">${query(inner)}</iq>`;
const DONE = `<iq type="result" id="o1" from="${ROOM}"/>`;

describe("a new room", () => {
  test("is its creator's, tells so with 201, and is locked (§10.1.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence to="${ROOM}/first">${JOIN}</presence>`);
    await alice.receives(present("first", `${OWNS} jid="alice@localhost/phone"`, { codes: [110, 201] }));
    await alice.receives(`<message from="${ROOM}" type="groupchat"><subject/></message>`);
  });

  test("opens with the defaults: an instant room (§10.1.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enter(alice, "first");
    await unlock(alice);
    await alice.receivesNothing();
    expect(await enter(bob, "second")).toHaveLength(2);
  });

  test("opens with what its owner wants: a reserved room (§10.1.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await enter(alice, "first");
    await alice.sends(asks("get"));
    const form = await alice.receives(
      `<iq type="result" id="o1" from="${ROOM}">${query(`<x xmlns="jabber:x:data" type="form">{...}
        <field type="hidden" var="FORM_TYPE"><value>${CONFIG}</value></field></x>`)}</iq>`,
    );
    const fields = form.getChild("query")?.getChild("x")?.getChildren("field") ?? [];
    const names = fields.map(({ attrs }) => String(attrs["var"]).replace("muc#roomconfig_", ""));
    expect(names).toEqual(
      expect.arrayContaining([
        "roomname",
        "roomdesc",
        "lang",
        "enablelogging",
        "changesubject",
        "allowinvites",
        "allowpm",
        "maxusers",
        "presencebroadcast",
        "getmemberlist",
        "publicroom",
        "persistentroom",
        "moderatedroom",
        "membersonly",
        "passwordprotectedroom",
        "roomsecret",
        "whois",
        "muc#maxhistoryfetch",
        "roomadmins",
        "roomowners",
        "pubsub",
      ]),
    );
    await configure(alice, { roomname: "A Dark Cave", roomadmins: ["bob@localhost"] });
    const bob = await connect("bob/desk");
    expect((await enter(bob, "second"))[1]).toContain(`affiliation="admin" role="moderator"`);
  });

  test("ends when its owner cancels (§10.1.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await enter(alice, "first");
    await alice.sends(asks("set", `<x xmlns="jabber:x:data" type="cancel"/>`));
    await alice.receives(
      gone("first", `affiliation="none" role="none" jid="alice@localhost/phone"`, {
        behind: "<destroy/>",
        codes: [110],
      }),
    );
    await alice.receives(DONE);
  });

  test("ends when its owner leaves (§10.1.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enter(alice, "first");
    await alice.sends(`<presence type="unavailable" to="${ROOM}/first"/>`);
    await alice.receives(
      gone("first", `affiliation="none" role="none" jid="alice@localhost/phone"`, {
        behind: "<destroy/>",
        codes: [110],
      }),
    );
    expect((await enter(bob, "second"))[0]).toContain(`code="201"`);
  });

  test("opens with the defaults when its owner does not ask for the form (§10.1.3)", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enter(alice, "first");
    await clock.advance(8_000);
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(failed("presence", `from="${ROOM}/second"`, JOIN, "cancel", "item-not-found"));
    await clock.advance(8_000);
    expect(await enter(bob, "second")).toHaveLength(2);
    await alice.receives(present("second", `affiliation="none" role="participant" jid="bob@localhost/desk"`));
  });

  describe("whose owner has the form", () => {
    test.override({ options: { config: { modules: { muc: { unconfigured: "5m" } } } } });

    test("waits longer, and opens then (§10.1.3)", async ({ connect, clock }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await enter(alice, "first");
      await alice.sends(asks("get"));
      await alice.receives(`<iq type="result">{...}</iq>`);
      await clock.advance(4 * 60_000);
      await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
      await bob.receives(failed("presence", `from="${ROOM}/second"`, JOIN, "cancel", "item-not-found"));
      await clock.advance(2 * 60_000);
      expect(await enter(bob, "second")).toHaveLength(2);
    });
  });

  describe("where users may make none", () => {
    test.override({
      options: { config: { modules: { muc: { create: "admins" } }, admins: ["root@localhost"] } },
    });

    test("is not allowed, but for administrators (§10.1.1)", async ({ connect }) => {
      const alice = await connect("alice/phone");
      const root = await connect("root/phone");
      await alice.sends(`<presence to="${ROOM}/first">${JOIN}</presence>`);
      await alice.receives(failed("presence", `from="${ROOM}/first"`, JOIN, "cancel", "not-allowed"));
      expect(await enter(root, "first")).toHaveLength(1);
    });
  });
});

describe("the configuration", () => {
  test("is the owner's business (§10.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(asks("get"));
    await bob.receives(failed("iq", `id="o1" from="${ROOM}"`, query(""), "auth", "forbidden"));
    await bob.sends(submission({ roomname: "Mine" }));
    expect((await bob.receivesAny()).toString()).toContain("<forbidden");
    await alice.receivesNothing();
  });

  test("is taken from a form that does not name its kind, and not from another form", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const name = `<field var="muc#roomconfig_roomname"><value>Cave</value></field>`;
    const other = `<field var="FORM_TYPE"><value>urn:example:other</value></field>`;
    await alice.sends(asks("set", `<x xmlns="jabber:x:data" type="submit">${other}${name}</x>`));
    expect((await alice.receivesAny()).toString()).toContain("<bad-request");
    await alice.sends(asks("set", `<x xmlns="jabber:x:data" type="submit">${name}</x>`));
    await alice.receives(DONE);
    forget(alice);
    await alice.sends(asks("get"));
    expect((await alice.receivesAny()).toString()).toContain("<value>Cave</value>");
  });

  test("stays as it was when it is cancelled (§10.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", { roomname: "Cave" });
    await alice.sends(asks("set", `<x xmlns="jabber:x:data" type="cancel"/>`));
    await alice.receives(DONE);
    await alice.sends(asks("get"));
    expect((await alice.receivesAny()).toString()).toContain("<value>Cave</value>");
  });

  test.for([
    [{ passwordprotectedroom: "1", roomsecret: "" }, "not-acceptable"],
    [{ whois: "nobody" }, "not-acceptable"],
    [{ allowpm: "some" }, "not-acceptable"],
    [{ presencebroadcast: ["moderator", "ghost"] }, "not-acceptable"],
    [{ maxusers: "many" }, "not-acceptable"],
    [{ maxusers: "99999999" }, "not-acceptable"],
    [{ "muc#maxhistoryfetch": "-1" }, "not-acceptable"],
    [{ publicroom: "maybe" }, "bad-request"],
    [{ roomadmins: ["@"] }, "jid-malformed"],
    [{ roomowners: [] as string[] }, "conflict"],
  ] as const)("%j is %s (§10.1.3, §10.4)", async ([fields, condition], { connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(submission(fields));
    expect((await alice.receivesAny()).toString()).toContain(`<${condition} `);
    await alice.receivesNothing();
  });

  test.for([
    [{ enablelogging: "1" }, [170]],
    [{ whois: "anyone" }, [172]],
    [{ roomname: "Cave" }, [104]],
    [{ whois: "anyone", roomname: "Cave" }, [172, 104]],
  ] as const)("%j is told to all occupants with %j (§10.2.1)", async ([fields, codes], { connect }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    await configure(alice, fields);
    const statuses = codes.map((code) => `<status code="${code}"/>`).join("");
    for (const client of [alice, bob]) {
      await client.receives(
        `<message from="${ROOM}" type="groupchat"><x xmlns="${USER}">${statuses}</x></message>`,
      );
    }
  });

  test("that makes addresses public shows them to those who did not know them, after the warning (§7.2.3)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/desk");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    await enter(carol, "third");
    forget(alice, bob, carol);
    await configure(alice, { whois: "anyone" });
    const warning = `<message from="${ROOM}" type="groupchat"><x xmlns="${USER}"><status code="172"/></x></message>`;
    await bob.receives(warning);
    await bob.receives(present("first", `affiliation="owner" role="moderator" jid="alice@localhost/phone"`));
    await bob.receives(present("third", `affiliation="none" role="participant" jid="carol@localhost/desk"`));
    await bob.receivesNothing();
    await alice.receives(warning);
    await alice.receivesNothing();
  });

  test("back again is told with 171 and 173 (§10.2.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", { enablelogging: "1", whois: "anyone" });
    await configure(alice, { enablelogging: "0", whois: "moderators" });
    await alice.receives(
      `<message from="${ROOM}" type="groupchat"><x xmlns="${USER}"><status code="171"/><status code="173"/></x></message>`,
    );
    await configure(alice, { whois: "moderators" });
    await alice.receivesNothing();
  });

  test("that lets in members only removes all others with 322 (§10.2)", async ({ connect }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    await configure(alice, { membersonly: "1" });
    await bob.receives(gone("second", `affiliation="none" role="none"`, { codes: [110, 322] }));
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, { codes: [322] }),
    );
  });

  test("that hides a role and sends its holders away leaves nobody in view (§15.5.3)", async ({
    connect,
  }) => {
    const [alice] = await meet(connect);
    forget(alice);
    await configure(alice, { membersonly: "1", presencebroadcast: ["moderator"] });
    await alice.receives(gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`));
  });

  test("that is not to stay ends at once where nobody is (§4.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await alice.sends(`<presence type="unavailable" to="${ROOM}/first"/>`);
    forget(alice);
    await configure(alice, { persistentroom: "0" });
    await alice.sends(`<message type="groupchat" to="${ROOM}"><body>hi</body></message>`);
    expect((await alice.receivesAny()).toString()).toContain("<item-not-found ");
    const [own = ""] = await enter(alice, "first");
    expect(own).toContain(`<status code="201"/>`);
  });

  test("makes and unmakes admins and owners, by full lists (§10.2)", async ({ connect }) => {
    const [alice] = await meet(connect);
    forget(alice);
    const jid = `jid="bob@localhost/desk"`;
    const inside = `<actor nick="first"/>`;
    await configure(alice, { roomadmins: ["bob@localhost"] });
    await alice.receives(
      present("second", `affiliation="admin" role="moderator" ${jid}`, { ahead: STEP, inside }),
    );
    await configure(alice, { roomowners: ["alice@localhost", "bob@localhost"] });
    await alice.receives(
      present("second", `affiliation="owner" role="moderator" ${jid}`, { ahead: STEP, inside }),
    );
    await configure(alice, { roomowners: ["alice@localhost"] });
    await alice.receives(
      present("second", `affiliation="admin" role="moderator" ${jid}`, { ahead: STEP, inside }),
    );
    await configure(alice, { roomadmins: [] });
    await alice.receives(
      present("second", `affiliation="member" role="participant" ${jid}`, { ahead: STEP, inside }),
    );
    await configure(alice, { roomowners: ["alice@localhost", "bob@localhost"] });
    await alice.receives(
      present("second", `affiliation="owner" role="moderator" ${jid}`, { ahead: STEP, inside }),
    );
    await configure(alice, { roomowners: ["alice@localhost"], roomadmins: [] });
    await alice.receives(
      present("second", `affiliation="member" role="participant" ${jid}`, { ahead: STEP, inside }),
    );
  });

  test("without need of voice leaves nobody without (§5.1.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { moderatedroom: "1" });
    await enter(bob, "second");
    forget(alice);
    await configure(alice, { moderatedroom: "0" });
    forget(alice, bob);
    await bob.sends(`<message type="groupchat" to="${ROOM}"><body>hi</body></message>`);
    await alice.receives(said("second", "<body>hi</body>"));
  });
});

describe("an owner", () => {
  test("may step down when there is another one, and not before (§10.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const item = `<item affiliation="admin" jid="alice@localhost"/>`;
    await administers(alice, item);
    expect((await alice.receivesAny()).toString()).toContain("<conflict ");
    await grants(alice, `<item affiliation="owner" jid="bob@localhost"/>`);
    forget(alice);
    await administers(alice, item, "down");
    await alice.receives(`<iq type="result" id="down" from="${ROOM}"/>`);
    await alice.receives(
      present("first", `affiliation="admin" role="moderator" jid="alice@localhost/phone"`, {
        ahead: STEP,
        codes: [110],
        inside: `<actor nick="first"/>`,
      }),
    );
  });

  test("whose account goes leaves the room to an admin; without one it ends with the account", async ({
    connect,
    server,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { persistentroom: "1", roomadmins: ["bob@localhost"] });
    await enter(bob, "second");
    await server.removeUser(Jid.parse("alice@localhost"));
    forget(bob);
    await bob.sends(asks("get"));
    const form = (await bob.receivesAny()).toString();
    expect(form).toContain("bob@localhost");
    expect(form).not.toContain("alice@localhost");
    const carol = await connect("carol/tab");
    const other = "other@conference.localhost";
    await makeRoom(carol, "third", { persistentroom: "1" }, other);
    await server.removeUser(Jid.parse("carol@localhost"));
    expect((await enter(bob, "second", { room: other }))[0]).toContain(`code="201"`);
  });
});

describe("the end of a room", () => {
  const destroy = `<destroy jid="heath@${ROOM.split("@")[1]}"><reason>Macbeth doth come.</reason><password>pw</password></destroy>`;

  test("is told to each occupant once, with reason and other venue (§10.9)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await enter(bob, "second");
    forget(alice);
    await alice.sends(asks("set", destroy));
    await bob.receives(gone("second", `affiliation="none" role="none"`, { behind: destroy, codes: [110] }));
    await bob.receivesNothing();
    await alice.receives(
      gone("first", `affiliation="none" role="none" jid="alice@localhost/phone"`, {
        behind: destroy,
        codes: [110],
      }),
    );
    await alice.receives(DONE);
    expect((await enter(bob, "second"))[0]).toContain(`code="201"`);
  });

  test("is the owner's alone to bring about (§10.9)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { roomadmins: ["bob@localhost"] });
    forget(alice);
    await bob.sends(asks("set", "<destroy/>"));
    await bob.receives(failed("iq", `id="o1" from="${ROOM}"`, query("<destroy/>"), "auth", "forbidden"));
    await alice.receivesNothing();
  });
});
