/** XEP-0133 Service Administration, version 1.3.1: numbers and lists of users, messages to all, and the end. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import {
  ADMIN,
  completes,
  does,
  executes,
  field,
  isRefused,
  receivesForm,
  result,
  resultField,
} from "./admin-client.ts";

test.override({ options: { config: { admins: ["root@localhost"] } } });

/** Begins a command that has no form. */
async function doesAtOnce(client: Client, name: string): Promise<void> {
  await executes(client, `${ADMIN}#${name}`);
  await completes(client, `${ADMIN}#${name}`, undefined, "a1");
}

function says(text: string, type = ""): string {
  return `<message from="localhost"${type && ` type="${type}"`}><body>${text}</body></message>`;
}

describe("users are counted and listed", () => {
  test.for([
    ["get-registered-users-num", "registeredusersnum", "3"],
    ["get-disabled-users-num", "disabledusersnum", "1"],
    ["get-online-users-num", "onlineusersnum", "2"],
    ["get-active-users-num", "activeusersnum", "1"],
    ["get-idle-users-num", "idleusersnum", "1"],
  ] as const)("%s (§4.13 to §4.17)", async ([node, name, number], { connect, clock, server, user }) => {
    const root = await connect("root/desk");
    await connect("root/phone");
    await connect("alice/phone");
    await clock.advance(15 * 60_000);
    root.forget(() => true);
    await server.host().setDisabled(Jid.parse(await user("bob")), true);
    await executes(root, `${ADMIN}#${node}`);
    await completes(root, `${ADMIN}#${node}`, result(resultField(name, "text-single", number)), "a1");
  });

  test.for([
    [
      "get-registered-users-list",
      "registereduserjids",
      ["alice@localhost", "bob@localhost", "root@localhost"],
    ],
    ["get-disabled-users-list", "disableduserjids", ["bob@localhost"]],
    ["get-online-users-list", "onlineuserjids", ["alice@localhost", "root@localhost"]],
    ["get-active-users", "activeuserjids", ["root@localhost"]],
    ["get-idle-users", "idleuserjids", ["alice@localhost"]],
  ] as const)("%s (§4.18 to §4.22)", async ([node, name, users], { connect, clock, server, user }) => {
    const root = await connect("root/desk");
    await connect("alice/phone");
    await clock.advance(15 * 60_000);
    await server.host().setDisabled(Jid.parse(await user("bob")), true);
    await does(root, node, field("max_items", "none"));
    await completes(root, `${ADMIN}#${node}`, result(resultField(name, "jid-multi", ...users)));
  });

  test("no more than asked for, and with a warning", async ({ connect, user }) => {
    const root = await connect("root/desk");
    const users = Array.from({ length: 26 }, (_, i) => `a${String(i).padStart(2, "0")}`);
    for (const name of users) await user(name);
    await does(root, "get-registered-users-list", field("max_items", "25"));
    const shown = users.slice(0, 25).map((name) => `${name}@localhost`);
    await completes(
      root,
      `${ADMIN}#get-registered-users-list`,
      `<note type="warn">{any}</note>${result(resultField("registereduserjids", "jid-multi", ...shown))}`,
    );
    await does(root, "get-registered-users-list", field("max_items", "1000000"));
    await isRefused(root, "bad-request", "modify", "bad-payload");
  });
});

describe("an announcement (§4.23)", () => {
  test("reaches everybody who is online, and is kept for nobody", async ({ connect, user }) => {
    await user("bob");
    const root = await connect("root/desk");
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    const shy = await connect("carol/desk", { priority: -1 });
    const hidden = await connect("dave/desk", { presence: false });
    for (const client of [phone, laptop, shy]) client.forget(() => true);
    await does(root, "announce", field("announcement", "Attention!", "It ends."));
    for (const client of [root, phone, laptop])
      await client.receives(says("Attention!\nIt ends.", "headline"));
    await completes(
      root,
      `${ADMIN}#announce`,
      `<note type="info">Operation finished successfully: sent to 3 sessions</note>`,
    );
    for (const client of [shy, hidden, await connect("bob/desk")]) await client.receivesNothing();
  });

  test.for([
    ["nothing", " "],
    ["too much", "x".repeat(10_001)],
  ])("of %s is refused", async ([, text], { connect }) => {
    const root = await connect("root/desk");
    await does(root, "announce", field("announcement", text as string));
    await isRefused(root, "not-acceptable", "modify");
  });
});

describe("the message of the day (§4.24)", () => {
  test("goes to those who are online at once, and to each other user once", async ({ connect }) => {
    const root = await connect("root/desk");
    const phone = await connect("alice/phone");
    await does(root, "set-motd", field("motd", "Tomorrow", "we open."));
    await phone.receives(says("Tomorrow\nwe open."));
    await root.receives(says("Tomorrow\nwe open."));
    await completes(root, `${ADMIN}#set-motd`);
    const laptop = await connect("alice/laptop");
    await laptop.receivesNothing();
    const bob = await connect("bob/desk");
    await bob.receives(says("Tomorrow\nwe open."));
    await bob.sends("<presence><show>away</show></presence>");
    bob.forget((element) => element.is("presence"));
    await bob.receivesNothing();
    const other = await connect("bob/phone");
    await other.receivesNothing();
  });

  test("waits for a resource that wants messages", async ({ connect }) => {
    const root = await connect("root/desk");
    await does(root, "set-motd", field("motd", "News"));
    const bob = await connect("bob/desk", { priority: -1 });
    await bob.receivesNothing();
    await bob.sends("<presence/>");
    bob.forget((element) => element.is("presence"));
    await bob.receives(says("News"));
  });

  test("is edited, with its text in the form; who had it does not get it again (§4.25)", async ({
    connect,
  }) => {
    const root = await connect("root/desk");
    await does(root, "edit-motd", field("motd", "Nothing yet"));
    await isRefused(root, "item-not-found", "cancel");
    await does(root, "set-motd", field("motd", "The Globe Stuff"));
    await root.receives(says("The Globe Stuff"));
    await completes(root, `${ADMIN}#set-motd`);
    await executes(root, `${ADMIN}#edit-motd`);
    await receivesForm(
      root,
      `${ADMIN}#edit-motd`,
      `{...}<field var="motd" type="text-multi" label="{any}"><required/><value>The Globe Stuff</value></field>`,
    );
    await does(root, "edit-motd", field("motd", "The Globe Staff"));
    await completes(root, `${ADMIN}#edit-motd`);
    await (await connect("root/phone")).receivesNothing();
    await (await connect("bob/desk")).receives(says("The Globe Staff"));
  });

  test("set again is another one", async ({ connect }) => {
    const root = await connect("root/desk");
    for (const text of ["one", "two"]) {
      await does(root, "set-motd", field("motd", text));
      await root.receives(says(text));
      await completes(root, `${ADMIN}#set-motd`);
    }
  });

  test("is deleted (§4.26)", async ({ connect }) => {
    const root = await connect("root/desk");
    await does(root, "set-motd", field("motd", "News"));
    root.forget(() => true);
    await doesAtOnce(root, "delete-motd");
    await (await connect("bob/desk")).receivesNothing();
    await executes(root, `${ADMIN}#delete-motd`);
    await isRefused(root, "item-not-found", "cancel");
  });
});

describe("the welcome (§4.27)", () => {
  test("greets those who log in for the first time, and is deleted (§4.28)", async ({ connect }) => {
    const root = await connect("root/desk");
    await does(root, "set-welcome", field("welcome", "Welcome to Shakespeare.lit"));
    await completes(root, `${ADMIN}#set-welcome`);
    const bob = await connect("bob/desk");
    await bob.receives(says("Welcome to Shakespeare.lit"));
    await bob.sends("</stream:stream>");
    await (await connect("bob/desk")).receivesNothing();
    await executes(root, `${ADMIN}#set-welcome`);
    await receivesForm(
      root,
      `${ADMIN}#set-welcome`,
      `{...}
      <field var="welcome" type="text-multi" label="{any}"><required/><value>Welcome to Shakespeare.lit</value></field>`,
    );
    await doesAtOnce(root, "delete-welcome");
    await (await connect("carol/desk")).receivesNothing();
  });
});

describe("the list of administrators (§4.29)", () => {
  test("is edited; those whom the configuration names stay", async ({ connect, server, user }) => {
    const root = await connect("root/desk");
    await user("alice");
    await does(root, "edit-admin", field("adminjids", "root@localhost", "alice@localhost"));
    await completes(root, `${ADMIN}#edit-admin`);
    await executes(root, `${ADMIN}#edit-admin`);
    await receivesForm(
      root,
      `${ADMIN}#edit-admin`,
      `{...}<field var="adminjids" type="jid-multi" label="{any}"><required/>
        <value>root@localhost</value><value>alice@localhost</value></field>`,
    );
    await does(root, "edit-admin", field("adminjids", "alice@localhost"));
    await isRefused(root, "not-allowed", "cancel");
    await does(root, "edit-admin", field("adminjids", "root@localhost"));
    await completes(root, `${ADMIN}#edit-admin`);
    expect(server.host().admins).toEqual([Jid.parse("root@localhost")]);
    await does(root, "edit-admin", field("adminjids", "root@localhost", "eve@localhost"));
    await isRefused(root, "item-not-found", "cancel");
  });
});

test("the server is shut down after a delay, and says so (§4.31)", async ({ connect, clock }) => {
  const root = await connect("root/desk");
  const bob = await connect("bob/desk");
  await does(root, "shutdown", field("delay", "120"), field("announcement", "Log off now."));
  await bob.receives(says("Log off now.", "headline"));
  await root.receives(says("Log off now.", "headline"));
  await completes(root, `${ADMIN}#shutdown`);
  await clock.advance(119_000);
  expect(bob.gone).toBe(false);
  await clock.advance(1000);
  await bob.closed("system-shutdown");
});
