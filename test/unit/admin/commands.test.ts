import { expect, test } from "vitest";
import {
  addUser,
  checkUser,
  demoteAdmin,
  disableUser,
  enableUser,
  listAdmins,
  listDisabled,
  listUsers,
  promoteAdmin,
  removeUser,
  setPassword,
  showUser,
} from "../../../src/admin/account-commands.ts";
import { AdminError, runCommand } from "../../../src/admin/command.ts";
import { adminCommands } from "../../../src/admin/commands.ts";
import { announceText, countUsers, shutDown, status } from "../../../src/admin/service-commands.ts";
import { endSession } from "../../../src/admin/session-commands.ts";
import type { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { FakeContext } from "./fake-context.ts";

test("an account is added under its prepared address, and durable before that is reported", async () => {
  const context = new FakeContext();
  expect(await runCommand(addUser, context, { user: "ALICE@Localhost", password: "x" })).toEqual({
    user: "alice@localhost",
  });
  expect(context.events).toEqual(["set alice@localhost", "commit"]);
  expect(await runCommand(checkUser, context, { user: "alice@localhost" })).toMatchObject({ exists: true });
  expect(await runCommand(checkUser, context, { user: "bob@localhost" })).toMatchObject({ exists: false });
});

test("a password is set, an account removed", async () => {
  const context = new FakeContext(new Map([["alice@localhost", "old"]]));
  await runCommand(setPassword, context, { user: "alice@localhost", password: "new" });
  expect(context.passwords.get("alice@localhost")).toBe("new");
  await runCommand(removeUser, context, { user: "alice@localhost" });
  expect(context.passwords.size).toBe(0);
});

test.each([
  [addUser, { user: "bob@localhost", password: "x" }, "there is an account bob@localhost already"],
  [setPassword, { user: "eve@localhost", password: "x" }, "there is no account eve@localhost"],
  [removeUser, { user: "eve@localhost" }, "there is no account eve@localhost"],
  [addUser, { user: "eve@localhost", password: "x".repeat(2000) }, "the password is too long"],
  [
    addUser,
    { user: "eve@other.org", password: "x" },
    "other.org is not served here; the domains are: localhost",
  ],
  [addUser, { user: "localhost", password: "x" }, 'expected an address like user@domain, got "localhost"'],
  [
    addUser,
    { user: "a@localhost/x", password: "x" },
    'expected an address like user@domain, got "a@localhost/x"',
  ],
  [addUser, { user: "eve@localhost" }, "password: expected a string, got nothing"],
  [addUser, { user: "eve@localhost", password: 4711 }, "password: expected a string, got something else"],
  [disableUser, { user: "eve@localhost" }, "there is no account eve@localhost"],
  [promoteAdmin, { user: "eve@localhost" }, "there is no account eve@localhost"],
  [demoteAdmin, { user: "bob@localhost" }, "bob@localhost is no administrator"],
  [
    demoteAdmin,
    { user: "root@localhost" },
    'root@localhost is named under "admins" in the configuration; remove it there',
  ],
  [endSession, { address: "bob@localhost/phone" }, "bob@localhost/phone is not connected"],
  [showUser, { user: "bob@localhost" }, 'the module "roster" is switched off'],
  [announceText, { text: "x" }, 'the module "announce" is switched off'],
  [listUsers, { domian: "localhost" }, /domian: unknown key, did you mean "domain"\?/],
])("%o of %o is refused in words", async (command, args, message) => {
  const context = new FakeContext(new Map([["bob@localhost", "x"]]));
  const failure = runCommand(command as typeof addUser, context, args);
  await expect(failure).rejects.toThrow(AdminError);
  await expect(failure).rejects.toThrow(message);
  expect(context.events).not.toContain("commit");
});

test("accounts are listed in pages that join without gap", async () => {
  const users = Array.from({ length: 1001 }, (_, i) => `u${String(i).padStart(4, "0")}@localhost`);
  const context = new FakeContext(new Map(users.map((user) => [user, "x"])));
  const listed: string[] = [];
  let after: string | undefined;
  let pages = 0;
  do {
    const page = await runCommand(listUsers, context, { domain: "localhost", after });
    listed.push(...page.users);
    after = page.next;
    pages++;
  } while (after !== undefined);
  expect(listed).toEqual(users);
  expect(pages).toBe(3);
});

test("accounts are disabled and enabled, listed and counted", async () => {
  const context = new FakeContext(
    new Map([
      ["alice@localhost", "x"],
      ["bob@localhost", "x"],
    ]),
  );
  await runCommand(disableUser, context, { user: "alice@localhost" });
  expect(await runCommand(listDisabled, context, { domain: "localhost" })).toEqual({
    users: ["alice@localhost"],
  });
  expect(await runCommand(countUsers, context, {})).toEqual({
    registered: 2,
    disabled: 1,
    online: 0,
    active: 0,
    idle: 0,
  });
  await runCommand(enableUser, context, { user: "alice@localhost" });
  expect(await runCommand(countUsers, context, {})).toEqual({
    registered: 2,
    disabled: 0,
    online: 0,
    active: 0,
    idle: 0,
  });
});

test("administrators are promoted and demoted", async () => {
  const context = new FakeContext(new Map([["alice@localhost", "x"]]));
  const user = "alice@localhost";
  expect(await runCommand(promoteAdmin, context, { user })).toEqual({ user, changed: true });
  expect(await runCommand(promoteAdmin, context, { user })).toEqual({ user, changed: false });
  expect(await runCommand(listAdmins, context, {})).toEqual({ admins: [user] });
  await runCommand(demoteAdmin, context, { user });
  expect(await runCommand(listAdmins, context, {})).toEqual({ admins: [] });
});

test("the server stops after the answer, or after a delay", async () => {
  const context = new FakeContext();
  const clock = context.hosts.get("localhost")?.clock as VirtualClock;
  await runCommand(shutDown, context, {});
  expect(context.events).toEqual(["commit"]);
  await clock.advance(0);
  expect(context.events).toEqual(["commit", "shut down"]);
  await runCommand(shutDown, context, { delay: 30 });
  await clock.advance(29_999);
  expect(context.events).toHaveLength(3);
  await clock.advance(1);
  expect(context.events).toHaveLength(4);
});

test("every command is in the list once, and says what it does", async () => {
  expect(new Set(adminCommands.map(({ name }) => name)).size).toBe(adminCommands.length);
  for (const { description, args } of adminCommands) {
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(Object.values(args.fields ?? {}).every(({ text }) => text !== "")).toBe(true);
  }
  expect(await runCommand(status, new FakeContext(), {})).toEqual({ domains: ["localhost"], sessions: 0 });
});
