import { Mechanism as Client } from "sasl-scram-sha-1";
import { beforeAll, expect, test } from "vitest";
import type { Accounts } from "../../../src/auth/accounts.ts";
import type { SaslExchange } from "../../../src/auth/mechanism.ts";
import {
  ALICE,
  accountsWithAlice,
  challengeTo,
  contextOf,
  failure,
  mechanismNamed,
  PASSWORD,
  respond,
} from "./setup.ts";

let accounts: Accounts;
/** Salted once: this client takes half a second for it. */
let salted: { salt: Uint8Array; saltedPassword: Uint8Array };

beforeAll(async () => {
  accounts = await accountsWithAlice();
});

function begin(): SaslExchange {
  return mechanismNamed("SCRAM-SHA-1").begin(contextOf(accounts));
}

test("an independent client logs in with the password", async () => {
  const client = new Client();
  const exchange = begin();
  client.challenge(await challengeTo(exchange, await client.response({ username: "alice" })));
  const final = await client.response({ username: "alice", password: PASSWORD });
  const step = await respond(exchange, final);
  salted = { salt: client.cache.salt, saltedPassword: client.cache.saltedPassword };

  expect(step).toMatchObject({ kind: "success", user: ALICE });
  expect(step.data?.toString()).toMatch(/^v=[A-Za-z0-9+/]{27}=$/);
});

test("it logs in with the salted password that it kept, and an authorization identity", async () => {
  expect(await attempt({ authzid: "alice@example.org" })).toMatchObject({ kind: "success", user: ALICE });
});

test("it does not with another's authorization identity", async () => {
  const error = await failure(() => attempt({ authzid: "bob@example.org" }));
  expect(error.condition).toBe("invalid-authzid");
});

test("it does not with a wrong password", async () => {
  const wrong = { saltedPassword: Uint8Array.from(salted.saltedPassword).reverse() };
  expect((await failure(() => attempt(wrong))).condition).toBe("not-authorized");
});

test("it does not when somebody changes the nonce it sees", async () => {
  const error = await failure(() => attempt({}, (challenge) => challenge.replace(/,s=/, "x,s=")));
  expect(error.condition).toBe("not-authorized");
});

test("it does not when somebody changes its last message", async () => {
  for (const [from, to] of [
    ["c=bi", "c=eS"],
    ["p=", "x=y,p="],
  ] as const) {
    const error = await failure(() => attempt({}, undefined, (final) => final.replace(from, to)));
    expect(error.condition).toBe("not-authorized");
  }
});

const unchanged = (text: string) => text;

async function attempt(
  own: { authzid?: string; saltedPassword?: Uint8Array },
  tamperChallenge = unchanged,
  tamperFinal = unchanged,
) {
  const client = new Client();
  const exchange = begin();
  const credentials = { username: "alice", ...salted, ...own };
  const challenge = await challengeTo(exchange, await client.response(credentials));
  client.challenge(tamperChallenge(challenge));
  return respond(exchange, tamperFinal(await client.response(credentials)));
}
