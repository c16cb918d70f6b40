import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Accounts } from "../../../src/auth/accounts.ts";
import type { SaslContext } from "../../../src/auth/mechanism.ts";
import { selectMechanisms } from "../../../src/auth/mechanisms.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { preparePassword } from "../../../src/xmpp/precis.ts";
import {
  ALICE,
  accountsWithAlice,
  challengeTo,
  contextOf,
  failure,
  mechanismNamed,
  openAccounts,
  PASSWORD,
  respond,
  ScramClient,
} from "./setup.ts";

const EXPORTER = Buffer.from("what both ends of the channel know");
const END_POINT = Buffer.from("hash of the certificate");

/** What a TLS stream can bind to. */
const BINDABLE: Partial<SaslContext> = {
  channelBindings: ["tls-exporter", "tls-server-end-point"],
  channelBinding: (type) => (type === "tls-exporter" ? EXPORTER : END_POINT),
};

let accounts: Accounts;
beforeAll(async () => {
  accounts = await accountsWithAlice();
});

/** A whole exchange; `tamper` changes the client's last message. */
async function logIn(
  client: ScramClient,
  context: SaslContext,
  { mechanism = "SCRAM-SHA-256", data = Buffer.alloc(0), tamper = (final: string) => final } = {},
) {
  const exchange = mechanismNamed(mechanism).begin(context);
  const challenge = await challengeTo(exchange, client.first);
  return respond(exchange, tamper(client.final(challenge, data)));
}

test.each([
  ["SCRAM-SHA-1", "sha1"],
  ["SCRAM-SHA-256", "sha256"],
  ["SCRAM-SHA-512", "sha512"],
])("%s lets the right password in and proves the server", async (mechanism, digest) => {
  const client = new ScramClient(digest, "Alice", PASSWORD);
  const step = await logIn(client, contextOf(accounts), { mechanism });
  expect(step).toMatchObject({ kind: "success", user: ALICE });
  expect(step.data?.toString()).toBe(`v=${client.serverSignature}`);
});

test("the nonce is the client's with one's own appended, different each time", async () => {
  const nonces = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const challenge = await challengeTo(
      mechanismNamed("SCRAM-SHA-256").begin(contextOf(accounts)),
      "n,,n=alice,r=client",
    );
    const nonce = /^r=client([\x21-\x2b\x2d-\x7e]{20,}),/.exec(challenge)?.[1];
    if (nonce) nonces.add(nonce);
  }
  expect(nonces.size).toBe(3);
});

test.each<[string, (final: string) => string]>([
  ["another nonce", (final) => final.replace(",r=", ",r=x")],
  ["the client's nonce alone", (final) => final.replace(/(,r=.{24})[^,]*/, "$1")],
  ["a changed proof", (final) => final.replace(/p=(.)/, (_, first) => `p=${first === "A" ? "B" : "A"}`)],
  ["a proof too short", (final) => final.replace(/p=.*/, "p=AAEC")],
  ["an extension added on the way", (final) => final.replace(",p=", ",x=y,p=")],
  ["another gs2 header than at first", (final) => final.replace("c=biws", "c=eSws")],
])("%s is not authorized, with the account's name for the counters", async (_, tamper) => {
  const client = new ScramClient("sha256", "alice", PASSWORD);
  const error = await failure(() => logIn(client, contextOf(accounts), { tamper }));
  expect([error.condition, error.username]).toEqual(["not-authorized", "alice@example.org"]);
});

test("an optional extension in either message is ignored (RFC 5802 §5.1)", async () => {
  const client = new ScramClient("sha256", "alice", PASSWORD);
  const exchange = mechanismNamed("SCRAM-SHA-256").begin(contextOf(accounts));
  const challenge = await challengeTo(exchange, client.first);
  expect(
    await respond(
      exchange,
      client.final(challenge, undefined, (text) => `${text},x=y`),
    ),
  ).toMatchObject({ user: ALICE });
});

test("an unknown user gets the challenge of a known one, the same each time", async () => {
  const ask = async (name: string) => {
    const exchange = mechanismNamed("SCRAM-SHA-256").begin(contextOf(accounts));
    const challenge = await challengeTo(exchange, `n,,n=${name},r=abc`);
    return { exchange, salt: /,s=(.*)$/.exec(challenge)?.[1] };
  };
  const [alice, nobody, again, other] = [
    await ask("alice"),
    await ask("nobody"),
    await ask("NOBODY"),
    await ask("x"),
  ];
  expect(nobody.salt).toBe(again.salt);
  expect(nobody.salt).not.toBe(other.salt);
  expect(nobody.salt).toMatch(/^[A-Za-z0-9+/=]{24},i=4096$/);
  expect(alice.salt).toMatch(/^[A-Za-z0-9+/=]{24},i=4096$/);
});

test.each<[string, (text: string) => string]>([
  ["another nonce", (text) => `${text}x`],
  ["another gs2 header", (text) => text.replace("c=biws", "c=eSws")],
])("%s is refused even when the client signs it", async (_, lie) => {
  const exchange = mechanismNamed("SCRAM-SHA-256").begin(contextOf(accounts));
  const client = new ScramClient("sha256", "alice", PASSWORD);
  const final = client.final(await challengeTo(exchange, client.first), undefined, lie);
  expect((await failure(() => respond(exchange, final))).condition).toBe("not-authorized");
});

test.each(["alice", "nobody"])("a wrong password for %s is not authorized", async (name) => {
  const client = new ScramClient("sha256", name, "wrong");
  const error = await failure(() => logIn(client, contextOf(accounts)));
  expect([error.condition, error.username]).toEqual(["not-authorized", `${name}@example.org`]);
});

test("a made-up key lets nobody in, whoever knows it", async () => {
  const known = new ScramClient("sha256", "alice", PASSWORD);
  const authority = {
    ...authorityFor(accounts),
    credentials: async () => ({ ...(await accounts.credentials(ALICE, "SHA-256")), genuine: false }),
  };
  expect((await failure(() => logIn(known, contextOf(authority)))).condition).toBe("not-authorized");
});

test.each(["ali ce", "a@b", "a/b", '"'])(
  "%j, which can be nobody's name, is not authorized",
  async (name) => {
    const attempt = () => mechanismNamed("SCRAM-SHA-1").begin(contextOf(accounts));
    const error = await failure(() => respond(attempt(), `n,,n=${name},r=abc`));
    expect([error.condition, error.username]).toEqual(["not-authorized", undefined]);
  },
);

test("bytes that are not UTF-8, or too many, are malformed", async () => {
  const begin = () => mechanismNamed("SCRAM-SHA-1").begin(contextOf(accounts));
  const broken = Buffer.concat([Buffer.from("n,,n="), Buffer.from([0xc3]), Buffer.from(",r=abc")]);
  expect((await failure(() => begin().respond(broken))).condition).toBe("malformed-request");
  const long = `n,,n=alice,r=abc,x=${"y".repeat(10_000)}`;
  expect((await failure(() => respond(begin(), long))).condition).toBe("malformed-request");
});

test("an exchange is of no use after its end, nor while it works", async () => {
  const slow: SaslContext["accounts"] = {
    ...authorityFor(accounts),
    credentials: async (user, hash) => accounts.credentials(user, hash),
  };
  const exchange = mechanismNamed("SCRAM-SHA-256").begin({ ...contextOf(accounts), accounts: slow });
  const client = new ScramClient("sha256", "alice", PASSWORD);
  const first = challengeTo(exchange, client.first);
  expect((await failure(() => respond(exchange, client.first))).condition).toBe("malformed-request");
  const final = client.final(await first);
  await respond(exchange, final);
  expect((await failure(() => respond(exchange, final))).condition).toBe("malformed-request");
});

describe("channel binding (RFC 5802 §6)", () => {
  const bound = (type: string) => new ScramClient("sha256", "alice", PASSWORD, `p=${type},,`);
  const plus = "SCRAM-SHA-256-PLUS";

  test.each([
    ["tls-exporter", EXPORTER],
    ["tls-server-end-point", END_POINT],
  ])("with the channel's own %s succeeds", async (type, data) => {
    const step = await logIn(bound(type), contextOf(accounts, BINDABLE), { mechanism: plus, data });
    expect(step).toMatchObject({ kind: "success", user: ALICE });
  });

  test("with another channel's data fails", async () => {
    const data = Buffer.from("what the man in the middle knows");
    const attempt = logIn(bound("tls-exporter"), contextOf(accounts, BINDABLE), { mechanism: plus, data });
    expect((await failure(() => attempt)).condition).toBe("not-authorized");
  });

  test.each([
    ["a type that is not announced", plus, "p=tls-unique,,"],
    ["no binding in a -PLUS mechanism", plus, "n,,"],
    ["binding in a mechanism without -PLUS", "SCRAM-SHA-256", "p=tls-exporter,,"],
    ["a client that was not shown the -PLUS offered", "SCRAM-SHA-256", "y,,"],
  ])("%s fails", async (_, mechanism, header) => {
    const exchange = mechanismNamed(mechanism).begin(contextOf(accounts, BINDABLE));
    const error = await failure(() => respond(exchange, `${header}n=alice,r=abc`));
    expect(error.condition).toBe("not-authorized");
  });

  test("a channel without the data announced fails", async () => {
    const context = contextOf(accounts, { ...BINDABLE, channelBinding: () => undefined });
    const exchange = mechanismNamed(plus).begin(context);
    const error = await failure(() => respond(exchange, "p=tls-exporter,,n=alice,r=abc"));
    expect(error.condition).toBe("not-authorized");
  });

  test("a client that would bind may go on where nothing was offered", async () => {
    const client = () => new ScramClient("sha256", "alice", PASSWORD, "y,,");
    expect(await logIn(client(), contextOf(accounts))).toMatchObject({ kind: "success" });

    const names = ["SCRAM-SHA-256"];
    const [alone] = selectMechanisms({
      mechanisms: names,
      plainWithoutTls: false,
      anonymous: false,
      external: false,
    });
    const exchange = alone?.begin(contextOf(accounts, BINDABLE));
    if (!exchange) throw new Error("no mechanism");
    expect(await challengeTo(exchange, client().first)).toMatch(/^r=/);
  });
});

describe("authorization", () => {
  const as = (authzid: string) => new ScramClient("sha256", "alice", PASSWORD, `n,a=${authzid},`);

  test("as oneself is allowed, in any spelling", async () => {
    expect(await logIn(as("Alice@EXAMPLE.org"), contextOf(accounts))).toMatchObject({ user: ALICE });
  });

  test.each(["bob@example.org", "alice@example.org/phone", "alice@example.net", "alice", "@"])(
    "as %s is not (RFC 6120 §6.3.8)",
    async (authzid) => {
      const error = await failure(() => logIn(as(authzid), contextOf(accounts)));
      expect([error.condition, error.username]).toEqual(["invalid-authzid", "alice@example.org"]);
    },
  );

  test("as another tells nothing without the password", async () => {
    const client = new ScramClient("sha256", "alice", "wrong", "n,a=bob@example.org,");
    expect((await failure(() => logIn(client, contextOf(accounts)))).condition).toBe("not-authorized");
  });
});

describe("an account that changes meanwhile", () => {
  test("is told to be disabled to the right password only", async () => {
    const own = await accountsWithAlice();
    await own.setDisabled(ALICE, true);
    const attempt = (password: string) =>
      failure(() => logIn(new ScramClient("sha256", "alice", password), contextOf(own)));
    expect((await attempt(PASSWORD)).condition).toBe("account-disabled");
    expect((await attempt("wrong")).condition).toBe("not-authorized");
  });

  test.each([
    ["a new password", (own: Accounts) => own.setPassword(ALICE, "another")],
    ["a new password that is the old one", (own: Accounts) => own.setPassword(ALICE, PASSWORD)],
    ["being removed", (own: Accounts) => own.remove(ALICE)],
  ])("by %s lets the old challenge fail", async (_, change) => {
    const own = await accountsWithAlice();
    const client = new ScramClient("sha256", "alice", PASSWORD);
    const exchange = mechanismNamed("SCRAM-SHA-256").begin(contextOf(own));
    const final = client.final(await challengeTo(exchange, client.first));
    await change(own);
    expect((await failure(() => respond(exchange, final))).condition).toBe("not-authorized");
  });
});

test("any printable password and any user name go through", async () => {
  const own = await openAccounts({ hashes: ["SHA-1"] });
  const character = fc.oneof(
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 1 }),
    fc.constantFrom(...Array.from("äßñżЖ中文あ한€ … “🙂,=")),
  );
  const passwords = fc
    .array(character, { minLength: 1, maxLength: 40 })
    // RFC 5802 §2.2: a client prepares the password with SASLprep, which replaces compatibility characters.
    .map((characters) => preparePassword(characters.join(""))?.normalize("NFKC"))
    .filter((password) => password !== undefined);
  const names = fc.array(fc.constantFrom(...Array.from("abz09,=-_.äж中")), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(names, passwords, async (letters, password) => {
      const name = letters.join("");
      const user = Jid.of(name, "example.org");
      await own.remove(user);
      await own.create(user, password);
      const client = new ScramClient("sha1", name, password);
      const step = await logIn(client, contextOf(own), { mechanism: "SCRAM-SHA-1" });
      expect(step).toMatchObject({ kind: "success", user });
      expect(step.data?.toString()).toBe(`v=${client.serverSignature}`);
    }),
    { numRuns: 100, seed: 5802 },
  );
});

function authorityFor(real: Accounts): SaslContext["accounts"] {
  return {
    hashes: real.hashes,
    credentials: (user, hash) => real.credentials(user, hash),
    verifyPassword: (user, password) => real.verifyPassword(user, password),
    exists: (user) => real.exists(user),
    status: (user) => real.status(user),
    get changes() {
      return real.changes;
    },
  };
}
