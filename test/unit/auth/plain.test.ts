import { beforeAll, expect, test } from "vitest";
import type { Accounts } from "../../../src/auth/accounts.ts";
import { KeyDerivation } from "../../../src/auth/key-derivation.ts";
import { plain } from "../../../src/auth/plain.ts";
import { ALICE, accountsWithAlice, contextOf, failure, mechanismNamed, PASSWORD, respond } from "./setup.ts";

let accounts: Accounts;
beforeAll(async () => {
  accounts = await accountsWithAlice();
});

function send(message: string) {
  return respond(mechanismNamed("PLAIN").begin(contextOf(accounts)), message);
}

test.each([`\0alice\0${PASSWORD}`, `\0ALICE\0${PASSWORD}`, `alice@example.org\0alice\0${PASSWORD}`])(
  "%j logs in",
  async (message) => {
    expect(await send(message)).toEqual({ kind: "success", user: ALICE });
  },
);

test.each([
  ["a wrong password", "\0alice\0wrong", "not-authorized"],
  ["a password with something behind it", `\0alice\0${PASSWORD}x`, "not-authorized"],
  ["a password that nobody may have", "\0alice\0\u200b", "not-authorized"],
  ["a password too long", `\0alice\0${"a".repeat(1025)}`, "not-authorized"],
  ["an unknown user", `\0nobody\0${PASSWORD}`, "not-authorized"],
  ["another's authzid", `bob@example.org\0alice\0${PASSWORD}`, "invalid-authzid"],
  ["another's authzid and a wrong password", "bob@example.org\0alice\0wrong", "not-authorized"],
])("%s is refused, with the name for the counters", async (_, message, condition) => {
  const error = await failure(() => send(message));
  expect([error.condition, error.username]).toEqual([condition, `${message.split("\0")[1]}@example.org`]);
});

test.each([
  ["nothing", ""],
  ["two parts", "alice\0secret"],
  ["four parts", "\0alice\0secret\0more"],
  ["no name", "\0\0secret"],
  ["no password", "\0alice\0"],
])("a message with %s is malformed", async (_, message) => {
  expect((await failure(() => send(message))).condition).toBe("malformed-request");
});

test("what can be nobody's name is not authorized", async () => {
  expect((await failure(() => send("\0alice@example.org\0secret"))).condition).toBe("not-authorized");
});

test("it needs TLS unless told otherwise (RFC 6120 §6.5.4)", async () => {
  const open = contextOf(accounts, { secure: false });
  const mechanism = mechanismNamed("PLAIN");
  expect(mechanism.offered(open)).toBe(false);
  expect((await failure(() => mechanism.begin(open))).condition).toBe("encryption-required");
  expect(plain(true).offered(open)).toBe(true);
});

test("a disabled account is told so after the right password only", async () => {
  const own = await accountsWithAlice();
  await own.setDisabled(ALICE, true);
  const attempt = (message: string) =>
    failure(() => respond(mechanismNamed("PLAIN").begin(contextOf(own)), message));
  expect((await attempt(`\0alice\0${PASSWORD}`)).condition).toBe("account-disabled");
  expect((await attempt("\0alice\0wrong")).condition).toBe("not-authorized");
});

test("more passwords than can be checked are put off", async () => {
  const own = await accountsWithAlice({ derivation: new KeyDerivation(1, 2) });
  const attempts = [1, 2, 3, 4].map(() =>
    respond(mechanismNamed("PLAIN").begin(contextOf(own)), `\0alice\0${PASSWORD}`),
  );
  const last = attempts.pop();
  expect((await failure(() => last)).condition).toBe("temporary-auth-failure");
  for (const step of await Promise.all(attempts)) expect(step.kind).toBe("success");
});
