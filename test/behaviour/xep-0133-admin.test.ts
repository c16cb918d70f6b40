/** XEP-0133 Service Administration, version 1.3.1: who may, and what is done to users. */
import { describe, expect } from "vitest";
import { logIn } from "../../src/testing/log-in.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import {
  ADMIN,
  COMMANDS,
  completes,
  does,
  executes,
  field,
  isRefused,
  receivesForm,
  result,
  resultField,
  submits,
} from "./admin-client.ts";
import { befriend } from "./befriend.ts";

const ITEMS = "http://jabber.org/protocol/disco#items";
const NODES = [
  "add-user",
  "delete-user",
  "disable-user",
  "reenable-user",
  "end-user-session",
  "change-user-password",
  "get-user-roster",
  "get-user-lastlogin",
  "user-stats",
  "get-registered-users-num",
  "get-disabled-users-num",
  "get-online-users-num",
  "get-active-users-num",
  "get-idle-users-num",
  "get-registered-users-list",
  "get-disabled-users-list",
  "get-online-users-list",
  "get-active-users",
  "get-idle-users",
  "announce",
  "set-motd",
  "edit-motd",
  "delete-motd",
  "set-welcome",
  "delete-welcome",
  "edit-admin",
  "shutdown",
];

test.override({ options: { config: { admins: ["root@localhost"] } } });

describe("who may (§3, §6)", () => {
  test("administrators are shown the commands, others are not", async ({ connect }) => {
    for (const [name, nodes] of [
      ["root", NODES],
      ["alice", []],
    ] as const) {
      const client = await connect(`${name}/desk`);
      await client.sends(
        `<iq type="get" id="d" to="localhost"><query xmlns="${ITEMS}" node="${COMMANDS}"/></iq>`,
      );
      const answer = await client.receives(
        `<iq type="result" id="d"><query xmlns="${ITEMS}" node="${COMMANDS}">{any}</query></iq>`,
      );
      const shown = [...String(answer).matchAll(/admin#([\w-]+)/g)].map(([, node]) => node);
      expect(shown).toEqual(nodes);
    }
  });

  test.for(NODES)("%s is <forbidden/> to others", async (node, { connect }) => {
    const alice = await connect("alice/desk");
    await executes(alice, `${ADMIN}#${node}`);
    await isRefused(alice, "forbidden", "cancel");
  });

  test("a command that there is not is <feature-not-implemented/> (§5)", async ({ connect }) => {
    const root = await connect("root/desk");
    await executes(root, `${ADMIN}#restart`);
    await isRefused(root, "feature-not-implemented", "cancel");
  });

  test("whoever is promoted may, until they are demoted, also in the middle of a form", async ({
    connect,
    server,
  }) => {
    const alice = await connect("alice/desk");
    const jid = Jid.parse("alice@localhost");
    await server.host().setAdmin(jid, true);
    const node = `${ADMIN}#disable-user`;
    await executes(alice, node);
    await receivesForm(alice, node);
    await server.host().setAdmin(jid, false);
    await submits(alice, node, field("accountjids", "root@localhost"));
    await isRefused(alice, "forbidden", "cancel");
  });

  test("an administrator who is removed leaves nothing to whoever has the name next", async ({
    connect,
    server,
  }) => {
    const alice = Jid.parse("alice@localhost");
    await connect("alice/desk");
    await server.host().setAdmin(alice, true);
    await server.host().removeUser(alice);
    expect(server.host().isAdmin(alice)).toBe(false);
  });

  describe("on a server of several domains", () => {
    test.override({
      options: { domain: ["localhost", "other.org"], config: { admins: ["root@localhost"] } },
    });

    test("an administrator administers all of them, each at its own address", async ({ connect, user }) => {
      await user("bob@other.org");
      const root = await connect("root@localhost/desk");
      await does(root, "disable-user", field("accountjids", "bob@other.org"));
      await isRefused(root, "item-not-found", "cancel");
      await executes(root, `${ADMIN}#get-registered-users-num`, "other.org");
      await completes(
        root,
        `${ADMIN}#get-registered-users-num`,
        result(resultField("registeredusersnum", "text-single", "1")),
        "a1",
      );
    });
  });
});

describe("a user is", () => {
  test("added, and can log in (§4.1)", async ({ connect, raw }) => {
    const root = await connect("root/desk");
    await executes(root, `${ADMIN}#add-user`);
    await receivesForm(
      root,
      `${ADMIN}#add-user`,
      `{...}<field var="FORM_TYPE" type="hidden"><value>${ADMIN}</value></field>
       <field var="accountjid" type="jid-single" label="{any}"><required/></field>`,
    );
    const fields = [
      field("accountjid", "juliet@localhost"),
      field("password", "R0m30"),
      field("password-verify", "R0m30"),
    ];
    await submits(root, `${ADMIN}#add-user`, ...fields);
    await completes(root, `${ADMIN}#add-user`);
    await logIn(raw(), { domain: "localhost", user: "juliet", password: "R0m30" });
    await does(root, "add-user", ...fields);
    await isRefused(root, "conflict", "cancel");
    expect(root.heard).not.toContain("R0m30");
  });

  test("not added when the two passwords differ", async ({ connect, server }) => {
    const root = await connect("root/desk");
    const fields = [
      field("accountjid", "juliet@localhost"),
      field("password", "one"),
      field("password-verify", "two"),
    ];
    await does(root, "add-user", ...fields);
    await isRefused(root, "not-acceptable", "modify");
    expect(await server.host().accounts.exists(Jid.parse("juliet@localhost"))).toBe(false);
  });

  test("deleted, with several at once, or none of them when one is not there (§4.2)", async ({
    connect,
    server,
    user,
  }) => {
    const root = await connect("root/desk");
    const alice = await connect("alice/phone");
    await user("bob");
    await does(root, "delete-user", field("accountjids", "alice@localhost", "eve@localhost"));
    await isRefused(root, "item-not-found", "cancel");
    expect(alice.gone).toBe(false);
    await does(root, "delete-user", field("accountjids", "alice@localhost", "bob@localhost"));
    await completes(root, `${ADMIN}#delete-user`);
    await alice.closed("not-authorized");
    expect(await server.host().accounts.list("localhost")).toEqual([Jid.parse("root@localhost")]);
  });

  test("deleted also when the address of a session is given", async ({ connect, user, server }) => {
    const root = await connect("root/desk");
    await user("bob");
    await does(root, "delete-user", field("accountjids", "bob@localhost/phone", "bob@localhost"));
    await completes(root, `${ADMIN}#delete-user`);
    expect(await server.host().accounts.exists(Jid.parse("bob@localhost"))).toBe(false);
  });

  test("given a new password (§4.7)", async ({ connect, raw, user }) => {
    await user("alice");
    const root = await connect("root/desk");
    await does(
      root,
      "change-user-password",
      field("accountjid", "alice@localhost"),
      field("password", "V3r0n4"),
    );
    await completes(root, `${ADMIN}#change-user-password`);
    await logIn(raw(), { domain: "localhost", user: "alice", password: "V3r0n4" });
  });
});

describe("a user who is disabled (§4.3)", () => {
  test("loses all sessions, is offline for contacts, and cannot log in until enabled (§4.4)", async ({
    connect,
    raw,
    server,
    user,
  }) => {
    await user("alice");
    await user("bob");
    await befriend(server, "alice@localhost", "bob@localhost");
    const root = await connect("root/desk");
    const bob = await connect("bob/desk");
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    for (const client of [bob, phone, laptop]) client.forget(() => true);
    await does(root, "disable-user", field("accountjids", "alice@localhost"));
    await completes(root, `${ADMIN}#disable-user`);
    for (const client of [phone, laptop]) client.forget((element) => element.is("presence"));
    await phone.closed("not-authorized");
    await laptop.closed("not-authorized");
    await bob.receivesInAnyOrder([
      `<presence type="unavailable" from="alice@localhost/phone"/>`,
      `<presence type="unavailable" from="alice@localhost/laptop"/>`,
    ]);
    const message = Buffer.from("\0alice\0secret of alice").toString("base64");
    const late = raw();
    await late.opens({ to: "localhost" });
    await late.receivesAny();
    await late.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`);
    await late.receives(`<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><account-disabled/></failure>`);
    await does(root, "reenable-user", field("accountjids", "alice@localhost"));
    await completes(root, `${ADMIN}#reenable-user`);
    const again = await connect("alice/phone");
    await again.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    again.forget((element) => element.is("presence"));
    await again.receives(`
      <iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}">
        <item jid="bob@localhost" subscription="both"/></query></iq>`);
  });

  test("does not get in with an authentication from before", async ({ authenticated, connect }) => {
    const late = await authenticated("alice");
    const root = await connect("root/desk");
    await does(root, "disable-user", field("accountjids", "alice@localhost"));
    await completes(root, `${ADMIN}#disable-user`);
    await late.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await late.closed("not-authorized");
  });

  test("finds the messages that came meanwhile", async ({ connect, server, user }) => {
    await user("alice");
    const bob = await connect("bob/desk");
    await server.host().setDisabled(Jid.parse("alice@localhost"), true);
    await bob.sends(`<message to="alice@localhost" type="chat"><body>Hi</body></message>`);
    await bob.receivesNothing();
    await server.host().setDisabled(Jid.parse("alice@localhost"), false);
    const alice = await connect("alice/phone");
    await alice.receives(`<message type="chat" from="bob@localhost/desk"><body>Hi</body>{...}</message>`);
  });
});

describe("sessions are ended (§4.5)", () => {
  test("all of a user, who may come back", async ({ connect }) => {
    const root = await connect("root/desk");
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    await does(root, "end-user-session", field("accountjids", "alice@localhost"));
    await completes(root, `${ADMIN}#end-user-session`);
    for (const client of [phone, laptop]) {
      client.forget((element) => element.is("presence"));
      await client.closed("policy-violation");
    }
    await connect("alice/phone");
  });

  test("or only the one that is named", async ({ connect }) => {
    const root = await connect("root/desk");
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    await does(root, "end-user-session", field("accountjids", "alice@localhost/phone"));
    await completes(root, `${ADMIN}#end-user-session`);
    phone.forget((element) => element.is("presence"));
    await phone.closed("policy-violation");
    expect(laptop.gone).toBe(false);
    await does(root, "end-user-session", field("accountjids", "alice@localhost/phone"));
    await isRefused(root, "item-not-found", "cancel");
  });
});

describe("of a user is told", () => {
  test("the roster, in its own format (§4.8)", async ({ connect, server, user }) => {
    await user("alice");
    await user("bob");
    await befriend(server, "alice@localhost", "bob@localhost");
    const root = await connect("root/desk");
    await does(root, "get-user-roster", field("accountjids", "alice@localhost"));
    await completes(
      root,
      `${ADMIN}#get-user-roster`,
      result(
        resultField("accountjids", "jid-multi", "alice@localhost"),
        `<query xmlns="jabber:iq:roster"><item jid="bob@localhost" subscription="both"/></query>`,
      ),
    );
  });

  test("the last login as DateTime (§4.9)", async ({ connect, clock, user }) => {
    const root = await connect("root/desk");
    await user("alice");
    const ask = async (time: string) => {
      await does(root, "get-user-lastlogin", field("accountjids", "alice@localhost"));
      await completes(
        root,
        `${ADMIN}#get-user-lastlogin`,
        result(
          resultField("accountjids", "jid-multi", "alice@localhost"),
          resultField("lastlogin", "text-single", time),
        ),
      );
    };
    await ask("");
    const alice = await connect("alice/phone");
    const time = new Date(clock.now()).toISOString();
    await alice.sends("</stream:stream>");
    await clock.advance(60_000);
    await ask(time);
  });

  test("where they are connected, and how many contacts they have (§4.10)", async ({ connect, server }) => {
    const root = await connect("root/desk");
    await connect("alice/phone", { remote: "192.0.2.1" });
    await connect("alice/laptop", { remote: "192.0.2.1" });
    await befriend(server, "alice@localhost", "bob@localhost");
    await does(root, "user-stats", field("accountjid", "alice@localhost"));
    await completes(
      root,
      `${ADMIN}#user-stats`,
      result(
        resultField("ipaddresses", "list-multi", "192.0.2.1"),
        resultField("rostersize", "text-single", "1"),
        resultField("onlineresources", "text-multi", "phone", "laptop"),
      ),
    );
    await does(root, "user-stats", field("accountjid", "eve@localhost"));
    await isRefused(root, "item-not-found", "cancel");
  });
});
