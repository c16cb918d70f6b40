import { beforeAll, describe, expect, test } from "vitest";
import type { Accounts } from "../../../src/auth/accounts.ts";
import type { SaslContext } from "../../../src/auth/mechanism.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { certificateWith, otherName } from "./certificate.ts";
import { ALICE, accountsWithAlice, contextOf, failure, mechanismNamed, PASSWORD, respond } from "./setup.ts";

const BOB = Jid.parse("bob@example.org");

let accounts: Accounts;
beforeAll(async () => {
  accounts = await accountsWithAlice({ hashes: ["SHA-1"] });
  await accounts.create(BOB, PASSWORD);
});

const external = mechanismNamed("EXTERNAL");

function contextWith(names: string[], more: Partial<SaslContext> = {}): SaslContext {
  const der = certificateWith(names.map((name) => otherName(name)));
  return contextOf(accounts, { clientCertificate: () => der, ...more });
}

async function logIn(context: SaslContext, authzid = "") {
  const step = await respond(external.begin(context), authzid);
  if (step.kind !== "success") throw new Error("expected success");
  return step.user.toString();
}

async function conditionOf(context: SaslContext, authzid = "") {
  return (await failure(() => logIn(context, authzid))).condition;
}

describe("it is offered where a certificate names a user of the domain (RFC 6120 §6.3.4)", () => {
  test("and there only", () => {
    expect(external.offered(contextWith(["alice@example.org"]))).toBe(true);
  });

  test.each<[string, () => SaslContext]>([
    ["a certificate of another domain", () => contextWith(["alice@example.com"])],
    ["one that names the domain", () => contextWith(["example.org"])],
    ["one that names a resource", () => contextWith(["alice@example.org/phone"])],
    ["one that names no address", () => contextWith(["@"])],
    ["one without names", () => contextWith([])],
    ["no verified certificate", () => contextOf(accounts, { clientCertificate: () => undefined })],
    ["no certificates at all", () => contextOf(accounts)],
    ["a stream without TLS", () => contextWith(["alice@example.org"], { secure: false })],
  ])("%s: not offered, not authorized", async (_, context) => {
    expect(external.offered(context())).toBe(false);
    expect(await conditionOf(context())).toBe("not-authorized");
    expect(await conditionOf(context(), "alice@example.org")).toBe("not-authorized");
  });
});

describe("one XmppAddr (XEP-0178 §2, case 1)", () => {
  test("needs no authorization identity", async () => {
    expect(await logIn(contextWith(["Alice@Example.org"]))).toBe("alice@example.org");
  });
  test("goes with its own", async () => {
    expect(await logIn(contextWith(["alice@example.org"]), "alice@example.org")).toBe("alice@example.org");
  });
  test("does not go with another's", async () => {
    expect(await conditionOf(contextWith(["alice@example.org"]), "bob@example.org")).toBe("invalid-authzid");
  });
  test("does not log in to an account that is not there", async () => {
    expect(await conditionOf(contextWith(["carol@example.org"]))).toBe("not-authorized");
    expect(await conditionOf(contextWith(["carol@example.org"]), "carol@example.org")).toBe("not-authorized");
  });
});

describe("several XmppAddrs (XEP-0178 §2, case 2)", () => {
  const both = ["alice@example.org", "bob@example.org", "alice@example.com"];

  test("the authorization identity chooses", async () => {
    expect(await logIn(contextWith(both), "bob@example.org")).toBe("bob@example.org");
    expect(await conditionOf(contextWith(both), "alice@example.com")).toBe("invalid-authzid");
    expect(await conditionOf(contextWith(both), "bob@example.org/phone")).toBe("invalid-authzid");
  });
  test("without it the stream header does (RFC 6120 §13.7.2.2.1)", async () => {
    const streamFrom = Jid.parse("bob@example.org/phone");
    expect(await logIn(contextWith(both, { streamFrom }))).toBe("bob@example.org");
  });
  test("without either nobody does", async () => {
    expect(await conditionOf(contextWith(both))).toBe("invalid-authzid");
    const streamFrom = Jid.parse("carol@example.org");
    expect(await conditionOf(contextWith(both, { streamFrom }))).toBe("invalid-authzid");
  });
  test("the only one with an account needs no choice", async () => {
    expect(await logIn(contextWith(["carol@example.org", "alice@example.org"]))).toBe("alice@example.org");
  });
  test("the same twice is one", async () => {
    expect(await logIn(contextWith(["alice@example.org", "ALICE@example.org"]))).toBe("alice@example.org");
  });
});

test("a disabled account stays out", async () => {
  const own = await accountsWithAlice();
  await own.setDisabled(ALICE, true);
  const context = { ...contextWith(["alice@example.org"]), accounts: own };
  expect(await conditionOf(context)).toBe("account-disabled");
});

test("an authorization identity that is not UTF-8 is malformed", async () => {
  const exchange = external.begin(contextWith(["alice@example.org"]));
  expect((await failure(() => exchange.respond(Buffer.from([0xff])))).condition).toBe("malformed-request");
});
