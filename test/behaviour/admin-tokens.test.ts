import { describe, expect } from "vitest";
import {
  addUser,
  disableUser,
  listUsers,
  removeUser,
  setPassword,
} from "../../src/admin/account-commands.ts";
import { listAudit } from "../../src/admin/audit-commands.ts";
import { runCommand } from "../../src/admin/command.ts";
import { adminCommands } from "../../src/admin/commands.ts";
import type { AdminContext } from "../../src/admin/context.ts";
import { createInvite } from "../../src/admin/invite-commands.ts";
import { COMMAND_LINE, mayRun, type Scope } from "../../src/admin/scopes.ts";
import { endSession } from "../../src/admin/session-commands.ts";
import { createToken, listTokens, revokeToken } from "../../src/admin/token-commands.ts";
import { removeAllUploads } from "../../src/admin/upload-commands.ts";
import { tokensService } from "../../src/modules/tokens/tokens.ts";
import type { XmppServer } from "../../src/server.ts";
import { test } from "../../src/testing/rig.ts";

const DAY = 86_400_000;
/** When the rig's clock starts. */
const START = "2025-01-01T12:00:00.000Z";
const later = (ms: number) => new Date(Date.parse(START) + ms).toISOString();

/** Whose token it is, if it is let in. */
function checker(server: XmppServer) {
  return async (token: string) => {
    const admission = await server.host().use(tokensService).admit(`Bearer ${token}`, "192.0.2.1");
    return admission.outcome === "good" ? admission.token : undefined;
  };
}

function contextOf(server: XmppServer, ...scopes: Scope[]): AdminContext {
  const by = scopes.length === 0 ? COMMAND_LINE : { name: "token shop", scopes: new Set(scopes) };
  return { by, hosts: server.hosts, commit: () => server.commit() };
}

describe("a token", () => {
  test("is shown once, and only a hash of it is kept", async ({ server }) => {
    const context = contextOf(server);
    const { token, id } = await runCommand(createToken, context, { name: "shop", scopes: ["read", "read"] });
    expect(token).toMatch(/^jackdaw_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const { tokens } = await runCommand(listTokens, context, {});
    expect(tokens).toEqual([{ id, name: "shop", scopes: ["read"], by: "command line", created: START }]);
    expect(JSON.stringify(tokens)).not.toContain(token.slice(21));
  });

  test("is good as it was given out, and for nobody who changed a letter", async ({ server }) => {
    const { token } = await runCommand(createToken, contextOf(server), { name: "shop", scopes: ["read"] });
    const check = checker(server);
    expect(await check(token)).toMatchObject({ name: "shop", scopes: ["read"] });
    const last = token.endsWith("A") ? "B" : "A";
    expect(await check(token.slice(0, -1) + last)).toBeUndefined();
    expect(await check(token.replace(/_[0-9a-f]{12}_/, "_000000000000_"))).toBeUndefined();
    expect(await check("")).toBeUndefined();
  });

  test("ends when it is revoked, or with its time; its last use is known", async ({ server, clock }) => {
    const context = contextOf(server);
    const check = checker(server);
    const made = await runCommand(createToken, context, { name: "a", scopes: ["read"], days: 1 });
    await clock.advance(DAY - 1);
    const other = await runCommand(createToken, context, { name: "b", scopes: ["read"] });
    expect(await check(made.token)).toBeDefined();
    await clock.advance(1);
    expect(await check(made.token)).toBeUndefined();
    expect((await runCommand(listTokens, context, {})).tokens[0]).toMatchObject({
      expires: later(DAY),
      used: later(DAY - 1),
    });

    await runCommand(revokeToken, context, { id: other.id });
    expect(await check(other.token)).toBeUndefined();
    await expect(runCommand(revokeToken, context, { id: other.id })).rejects.toThrow("there is no token");
  });
});

describe("a scope", () => {
  test("lets do what it names and nothing else", async ({ server }) => {
    const reader = contextOf(server, "read");
    await expect(runCommand(addUser, reader, { user: "a@localhost", password: "x" })).rejects.toThrow(
      'user-add needs the scope "accounts"',
    );
    expect(await runCommand(listUsers, reader, { domain: "localhost" })).toEqual({ users: [] });
    const accounts = contextOf(server, "accounts");
    await runCommand(addUser, accounts, { user: "a@localhost", password: "x" });
    expect(await runCommand(listUsers, accounts, { domain: "localhost" })).toEqual({
      users: ["a@localhost"],
    });
    await expect(runCommand(createToken, accounts, { name: "b", scopes: ["read"] })).rejects.toThrow("admin");
    await expect(
      runCommand(listUsers, contextOf(server, "metrics"), { domain: "localhost" }),
    ).rejects.toThrow("accounts");
  });

  test("of reading shows no secret and changes nothing; that of administrators is for everything", () => {
    const may = (scope: Scope) =>
      adminCommands.filter((command) => mayRun({ name: "x", scopes: new Set([scope]) }, command));
    expect(may("read").filter(({ changes, isSecret }) => changes || isSecret)).toEqual([]);
    expect(may("read").length).toBeGreaterThan(5);
    expect(may("admin")).toEqual(adminCommands);
    expect(may("metrics")).toEqual([]);
  });
});

test.override({ options: { config: { admins: ["root@localhost", "gone@localhost"] } } });

test("whoever may change accounts cannot become an administrator by it", async ({ server, connect }) => {
  await connect("root/desk");
  const accounts = contextOf(server, "accounts", "sessions");
  for (const [command, args] of [
    [setPassword, { user: "root@localhost", password: "mine" }],
    [removeUser, { user: "root@localhost" }],
    [disableUser, { user: "Root@Localhost" }],
    [addUser, { user: "gone@localhost", password: "mine" }],
    [createInvite, { username: "gone" }],
    [createInvite, { contact: "root@localhost" }],
    [removeAllUploads, { user: "root@localhost" }],
    [endSession, { address: "root@localhost/desk" }],
  ] as const) {
    await expect(runCommand(command as typeof addUser, accounts, args)).rejects.toThrow(
      "is an administrator",
    );
  }
  await runCommand(setPassword, contextOf(server, "admin"), { user: "root@localhost", password: "new" });
});

describe("the audit", () => {
  test("has every change with who made it, the latest first, and no secret", async ({ server, clock }) => {
    const context = contextOf(server);
    await runCommand(addUser, context, { user: "a@localhost", password: "sesame" });
    await clock.advance(1000);
    await runCommand(createToken, contextOf(server, "admin"), { name: "b", scopes: ["read"] });
    await runCommand(listUsers, context, { domain: "localhost" });
    await runCommand(removeUser, context, { user: "nobody@localhost" }).catch(() => {});
    const { entries } = await runCommand(listAudit, context, {});
    expect(entries).toEqual([
      {
        id: expect.any(Number),
        at: later(1000),
        by: "token shop",
        action: "token-create",
        details: { name: "b", scopes: ["read"] },
      },
      {
        id: expect.any(Number),
        at: START,
        by: "command line",
        action: "user-add",
        details: { user: "a@localhost", password: "(secret)" },
      },
    ]);
  });

  test("is read in pages", async ({ server }) => {
    const context = contextOf(server);
    for (const name of ["a", "b", "c"])
      await runCommand(addUser, context, { user: `${name}@localhost`, password: "x" });
    const { entries, next } = await runCommand(listAudit, context, { limit: 2 });
    expect(entries.map(({ details }) => (details as { user: string }).user)).toEqual([
      "c@localhost",
      "b@localhost",
    ]);
    const rest = await runCommand(listAudit, context, { limit: 2, before: next });
    expect(rest.entries.map(({ details }) => (details as { user: string }).user)).toEqual(["a@localhost"]);
    expect(rest.next).toBeUndefined();
  });
});
