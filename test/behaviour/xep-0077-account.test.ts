/** XEP-0077 In-Band Registration, version 2.4: what users do with the account they have. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, onTestFinished } from "vitest";
import { defineModule, defineService } from "../../src/core/module.ts";
import { announceService } from "../../src/modules/announce.ts";
import { defaultModules } from "../../src/modules/index.ts";
import type { Table } from "../../src/store/store.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { logIn } from "../../src/testing/log-in.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { invites } from "./invite-client.ts";
import { letSee } from "./subscribe.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const NS = "jabber:iq:register";

async function sets(client: Client, fields: string, to = "localhost"): Promise<void> {
  await client.sends(`<iq type="set" id="set1" to="${to}"><query xmlns="${NS}">${fields}</query></iq>`);
}

function change(username: string, password: string): string {
  return `<username>${username}</username><password>${password}</password>`;
}

/** The answer has the error and nothing else: what was sent may hold a password. */
async function isRefused(client: Client, condition: string, type: string): Promise<void> {
  await client.receives(
    `<iq type="error" id="set1"><error type="${type}"><${condition} xmlns="${STANZAS}"/></error></iq>`,
  );
}

async function isTurnedAway(client: Client, password: string): Promise<void> {
  await expect(logIn(client, { domain: "localhost", user: "alice", password })).rejects.toThrow("<failure");
}

describe("whoever asks", () => {
  test.for(["localhost", "alice@localhost"])(
    "learns from %s of being registered, as whom, and no password (§3.1)",
    async (to, { connect }) => {
      const alice = await connect("alice/phone");
      await alice.sends(`<iq type="get" id="reg1" to="${to}"><query xmlns="${NS}"/></iq>`);
      await alice.receives(`
        <iq type="result" id="reg1" from="${to}"><query xmlns="${NS}">
          <registered/><instructions>{any}</instructions><username>alice</username><password/>
          <x xmlns="jabber:x:data" type="form">
            <title>{any}</title><instructions>{any}</instructions>
            <field var="FORM_TYPE" type="hidden"><value>jabber:iq:register</value></field>
            <field var="username" type="text-single" label="{any}"><required/><value>alice</value></field>
            <field var="password" type="text-private" label="{any}"><required/></field>
          </x></query></iq>`);
    },
  );

  test.for(["bob@localhost", "nobody@localhost"])(
    "at %s gets no answer of it",
    async (to, { connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await alice.sends(`<iq type="get" id="reg1" to="${to}"><query xmlns="${NS}"/></iq>`);
      await alice.receives(
        `<iq type="error" id="reg1"><query xmlns="${NS}"/><error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error></iq>`,
      );
    },
  );
});

describe("a change of password (§3.3)", () => {
  test("makes the old one useless and the new one work; sessions stay", async ({ connect, raw, rig }) => {
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    phone.forget(() => true);
    await sets(phone, change("alice", "newpass"));
    await phone.receives(`<iq type="result" id="set1" from="localhost"/>`);
    expect([phone.gone, laptop.gone]).toEqual([false, false]);
    await laptop.receivesNothing();
    await isTurnedAway(raw(), "secret of alice");
    await logIn(raw(), { domain: "localhost", user: "alice", password: "newpass" });
    expect(rig.transcript.toString()).not.toContain("newpass");
  });

  test("may be made by the form (§4)", async ({ connect, raw }) => {
    const alice = await connect("alice/phone");
    const field = (name: string, value: string) => `<field var="${name}"><value>${value}</value></field>`;
    const fields = `${field("FORM_TYPE", NS)}${field("username", "alice")}${field("password", "newpass")}`;
    await sets(alice, `<x xmlns="jabber:x:data" type="submit">${fields}</x>`);
    await alice.receives(`<iq type="result" id="set1" from="localhost"/>`);
    await logIn(raw(), { domain: "localhost", user: "alice", password: "newpass" });
  });

  test.for([
    ["an empty password", "<username>alice</username><password/>", "bad-request", "modify"],
    ["no password", "<username>alice</username>", "bad-request", "modify"],
    ["no user name", "<password>newpass</password>", "bad-request", "modify"],
    ["another's name", change("bob", "newpass"), "forbidden", "auth"],
    ["a name that is none", change("a@b@c", "newpass"), "jid-malformed", "modify"],
    ["a password that cannot be one", change("alice", "new&#9;pass"), "not-acceptable", "modify"],
  ] as const)(
    "with %s changes nothing, and what was sent does not come back",
    async ([, fields, condition, type], { connect, raw, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await sets(alice, fields);
      await isRefused(alice, condition, type);
      await logIn(raw(), { domain: "localhost", user: "alice", password: "secret of alice" });
      await logIn(raw(), { domain: "localhost", user: "bob", password: "secret of bob" });
    },
  );

  test("is not possible at another's address, and does not come back from there", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await sets(alice, change("bob", "newpass"), "bob@localhost");
    await isRefused(alice, "registration-required", "auth");
    await sets(alice, "<remove/>", "bob@localhost");
    await isRefused(alice, "registration-required", "auth");
  });

  describe("where that is not allowed", () => {
    test.override({ options: { config: { modules: { register: { passwordChange: false } } } } });

    test("is <not-allowed/>", async ({ connect, raw }) => {
      const alice = await connect("alice/phone");
      await sets(alice, change("alice", "newpass"));
      await isRefused(alice, "not-allowed", "cancel");
      await logIn(raw(), { domain: "localhost", user: "alice", password: "secret of alice" });
    });
  });
});

describe("removal (§3.2)", () => {
  test("is answered, then all sessions of the account end with <not-authorized/>", async ({
    connect,
    raw,
    server,
  }) => {
    const laptop = await connect("alice/laptop");
    const phone = await connect("alice/phone");
    phone.forget(() => true);
    laptop.forget(() => true);
    await phone.sends(`<iq type="set" id="unreg1"><query xmlns="${NS}"><remove/></query></iq>`);
    await phone.receives(`<iq type="result" id="unreg1"/>`);
    phone.forget((element) => element.is("presence"));
    laptop.forget((element) => element.is("presence"));
    await phone.closed("not-authorized");
    await laptop.closed("not-authorized");
    expect(await server.host().accounts.exists(Jid.parse("alice@localhost"))).toBe(false);
    await isTurnedAway(raw(), "secret of alice");
  });

  test("reaches a client that is authenticated and has no session yet", async ({
    connect,
    authenticated,
  }) => {
    const late = await authenticated("alice");
    const phone = await connect("alice/phone");
    await sets(phone, "<remove/>");
    await late.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await late.closed("not-authorized");
  });

  test("ends the subscriptions of those who saw the presence", async ({ connect, server, user }) => {
    await user("alice");
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    bob.forget(() => true);
    await sets(alice, "<remove/>");
    await bob.receives(`<presence type="unavailable" from="alice@localhost/phone"/>`);
  });

  test.for([
    ["together with something else", "<remove/><username>alice</username>", "bad-request", "modify"],
  ] as const)("%s is refused", async ([, fields, condition, type], { connect, raw }) => {
    const alice = await connect("alice/phone");
    await sets(alice, fields);
    await isRefused(alice, condition, type);
    await logIn(raw(), { domain: "localhost", user: "alice", password: "secret of alice" });
  });

  describe("where that is not allowed", () => {
    test.override({ options: { config: { modules: { register: { removal: false } } } } });

    test("is <not-allowed/>", async ({ connect }) => {
      const alice = await connect("alice/phone");
      await sets(alice, "<remove/>");
      await isRefused(alice, "not-allowed", "cancel");
    });
  });
});

describe("an unregistered guest (XEP-0175)", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("has no password to change and no account to remove", async ({ raw }) => {
    const guest = raw();
    await guest.opens();
    await guest.receives("<stream:features>{any}</stream:features>");
    await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    await guest.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await guest.opens();
    await guest.receives("<stream:features>{any}</stream:features>");
    await guest.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await guest.receivesAny();
    for (const fields of [change("guest", "newpass"), "<remove/>"]) {
      await sets(guest, fields);
      await isRefused(guest, "registration-required", "auth");
    }
  });
});

describe("a user of another domain of the server", () => {
  test.override({ options: { domain: ["localhost", "example.org"] } });

  test("is nobody here", async ({ connect, raw }) => {
    const alice = await connect("alice@localhost/phone");
    await sets(alice, change("alice", "newpass"), "example.org");
    await isRefused(alice, "registration-required", "auth");
    await sets(alice, "<remove/>", "example.org");
    await isRefused(alice, "registration-required", "auth");
    await logIn(raw(), { domain: "localhost", user: "alice", password: "secret of alice" });
  });
});

test("of a removed account nothing is left in any table", async () => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-removal-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sqlite = join(folder, "db.sqlite");
  {
    await using rig = await createRig({ store: { sqlite } });
    await rig.user("alice");
    await letSee(rig.server, "alice@localhost", "bob@localhost");
    await rig.server.host().setAdmin(Jid.parse("alice@localhost"), true);
    await rig.server.host().use(announceService).set("motd", "News");
    const laptop = await rig.connect("alice/laptop");
    laptop.forget((element) => element.is("message"));
    await invites(laptop);
    await laptop.sends("</stream:stream>");
    const bob = await rig.connect("bob/desk");
    await bob.sends(`<message to="alice@localhost"><body>Are you there?</body></message>`);
    await bob.sends(`<presence type="subscribe" to="alice@localhost"/>`);
    const carol = await rig.connect("carol/desk");
    await carol.sends(`<presence type="subscribe" to="alice@localhost"/>`);
    const phone = await rig.connect("alice/phone", { priority: -1 });
    await phone.sends(`<presence type="unavailable"><status>Bye</status></presence>`);
  }
  // Whoever adds a table of what users have fills it above.
  expect(tablesOf(sqlite, "alice@localhost")).toEqual(
    expect.arrayContaining([
      "accounts",
      "admins",
      "invites",
      "last",
      "logins",
      "motd_seen",
      "offline",
      "roster",
      "roster_floors",
      "subscription_requests",
    ]),
  );
  {
    await using rig = await createRig({ store: { sqlite } });
    const phone = await rig.connect("alice/phone", { priority: -1 });
    await sets(phone, "<remove/>");
  }
  expect(tablesOf(sqlite, "alice@localhost")).toEqual([]);
});

describe("what modules write when a session ends", () => {
  const diary = defineModule({
    name: "diary",
    implements: [],
    async setup(host) {
      const table = await host.table<{ user: string }>({
        name: "diary",
        version: 1,
        columns: { user: "text" },
        key: ["user"],
      });
      host.hook("session:close", "observe", async ({ session }) => {
        await new Promise<void>((resolve) => host.clock.immediate(resolve));
        await table.put({ user: session.jid.bare.toString() });
      });
      host.hook("user:deleted", "observe", async ({ user }) => {
        await table.delete({ user: user.toString() });
      });
      host.provide(diaryService, table);
    },
  });
  const diaryService = defineService<Table<{ user: string }>>("diary");
  test.override({ options: { modules: [...defaultModules, diary] } });

  test("goes with the account as well", async ({ connect, server }) => {
    const table = server.host().use(diaryService);
    const phone = await connect("alice/phone");
    await phone.disconnects();
    expect(await table.count()).toBe(1);
    const laptop = await connect("alice/laptop");
    await connect("alice/tablet");
    await sets(laptop, "<remove/>");
    expect(await table.count()).toBe(0);
  });
});

/** The tables that have a row of this user: one whose key begins with the address. */
function tablesOf(file: string, user: string): string[] {
  const db = new Database(file, { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck();
  const owner = db.prepare("SELECT name FROM pragma_table_info(?) WHERE pk = 1").pluck();
  const found = (tables.all() as string[]).filter((table) => {
    const column = owner.get(table) as string | undefined;
    return column && db.prepare(`SELECT 1 FROM "${table}" WHERE "${column}" = ?`).get(user) !== undefined;
  });
  db.close();
  return found;
}
