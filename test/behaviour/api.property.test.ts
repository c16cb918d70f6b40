import fc from "fast-check";
import { expect } from "vitest";
import { type AdminCommand, runCommand } from "../../src/admin/command.ts";
import { adminCommands } from "../../src/admin/commands.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import { createToken } from "../../src/admin/token-commands.ts";
import { test } from "../../src/testing/rig.ts";

const RUNS = 1500;

/** What is nearly right, and what is not at all. */
const value = fc.oneof(
  fc.constantFrom("alice@localhost", "alice@localhost/x", "team@conference.localhost", "localhost"),
  fc.constantFrom("", "@", "a@b@c", "\u0000", "\ud800", "x".repeat(3000), "é@localhost", "__proto__"),
  fc.constantFrom("read", "member", "owner", "motd", "all", "info", "conference.localhost"),
  fc.constantFrom<unknown>(0, -1, 1, 1e9, 1.5, true, false, null, [], {}, ["a"], [1]),
  fc.jsonValue({ maxDepth: 1 }),
);

/** A command that does not end the server, with arguments of its own names. */
const call = fc.constantFrom(...adminCommands.filter(({ name }) => name !== "shutdown")).chain((command) => {
  const keys = Object.keys(command.args.fields ?? {});
  const args = fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] });
  return fc.tuple(fc.constant(command), args);
});

function queryOf(args: Readonly<Record<string, unknown>>): string {
  const text = (each: unknown) => (typeof each === "string" ? each : JSON.stringify(each));
  const pairs = Object.entries(args).map(([key, each]) => [key, text(each)] as [string, string]);
  return new URLSearchParams(pairs).toString();
}

test.override({ options: { config: { modules: { tokens: { perMinute: RUNS * 2 } } } } });

test("whatever arguments a command is given, it is done or refused, and the server has no fault", async ({
  rig,
}) => {
  const { server } = rig;
  const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
  const { token } = await runCommand(createToken, context, {
    name: "fuzz",
    scopes: ["read", "accounts", "sessions", "rooms", "service"],
  });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ask = ({ name, changes }: AdminCommand, args: Readonly<Record<string, unknown>>) =>
    changes
      ? rig.request(`/api/v1/${name}`, { method: "POST", body: JSON.stringify(args), headers })
      : rig.request(`/api/v1/${name}?${queryOf(args)}`, { headers });
  await rig.user("alice");
  await fc.assert(
    fc.asyncProperty(call, async ([command, args]) => {
      expect([200, 400, 403, 404, 409, 422, 501, 503]).toContain((await ask(command, args)).status);
    }),
    { numRuns: RUNS },
  );
});
