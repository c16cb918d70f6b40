/** RFC 6120 §6: SASL negotiation. The mechanisms themselves are tested in test/unit/auth. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { ScramClient } from "../unit/auth/setup.ts";

const FEATURES = "<stream:features>{any}</stream:features>";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const auth = (mechanism: string, content: string) =>
  `<auth xmlns="${SASL}" mechanism="${mechanism}">${content}</auth>`;
const plain = (user: string, password: string, authzid = "") =>
  auth("PLAIN", base64(`${authzid}\0${user}\0${password}`));
const response = (content: string) => `<response xmlns="${SASL}">${content}</response>`;
const failure = (condition: string) => `<failure xmlns="${SASL}"><${condition}/></failure>`;
const SUCCESS = `<success xmlns="${SASL}"/>`;

/** The names that the next features offer. */
async function mechanisms(client: Client): Promise<string[]> {
  const features = await client.receives(FEATURES);
  const offer = features.getChild("mechanisms", SASL);
  return offer?.getChildren("mechanism").map((mechanism) => mechanism.getText()) ?? [];
}

async function challenge(client: Client): Promise<string> {
  const element = await client.receives(`<challenge xmlns="${SASL}">{any}</challenge>`);
  return Buffer.from(element.getText(), "base64").toString();
}

test("mechanisms are offered strongest first, PLAIN last (§6.3.3)", async ({ raw }) => {
  const client = raw();
  await client.opens();
  expect(await mechanisms(client)).toEqual(["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]);
});

test("PLAIN lets in who knows the password (RFC 4616)", async ({ raw, user }) => {
  await user("alice", "secret");
  const client = raw();
  await client.opens();
  await client.receives(FEATURES);
  await client.sends(plain("alice", "secret"));
  await client.receives(SUCCESS);
  await client.opens();
  expect(await mechanisms(client)).toEqual([]);
});

test("an authorization identity may name oneself, and nobody else (§6.3.8)", async ({ raw, user }) => {
  await user("alice", "secret");
  const client = raw();
  await client.opens();
  await client.receives(FEATURES);
  await client.sends(plain("alice", "secret", "bob@localhost"));
  await client.receives(failure("invalid-authzid"));
  await client.sends(plain("alice", "secret", "alice@localhost"));
  await client.receives(SUCCESS);
});

const digests = { "SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512" };

test.for(Object.entries(digests))(
  "%s lets in who knows the password, and proves itself (RFC 5802)",
  async ([mechanism, digest], { raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    const scram = new ScramClient(digest, "alice", "secret");
    await client.sends(auth(mechanism, base64(scram.first)));
    await client.sends(response(base64(scram.final(await challenge(client)))));
    // §6.3.10: the server's signature is additional data with success.
    await client.receives(`<success xmlns="${SASL}">${base64(`v=${scram.serverSignature}`)}</success>`);
    await client.opens();
    await client.receives(FEATURES);
  },
);

test("without an initial response the server asks for it with an empty challenge (§6.4.2)", async ({
  raw,
  user,
}) => {
  await user("alice", "secret");
  const client = raw();
  await client.opens();
  await client.receives(FEATURES);
  await client.sends(`<auth xmlns="${SASL}" mechanism="PLAIN"/>`);
  await client.receives(`<challenge xmlns="${SASL}"/>`);
  await client.sends(response(base64("\0alice\0secret")));
  await client.receives(SUCCESS);
});

describe("failures", () => {
  const cases: [condition: string, what: string, xml: string][] = [
    ["not-authorized", "a wrong password (§6.5.10)", plain("alice", "wrong")],
    ["not-authorized", "an unknown user (§6.5.10)", plain("mallory", "secret")],
    ["invalid-mechanism", "a mechanism that nobody knows (§6.5.7)", auth("CRAM-MD5", "=")],
    ["invalid-mechanism", "no mechanism (§6.5.7)", `<auth xmlns="${SASL}">AGEAYg==</auth>`],
    ["invalid-mechanism", "a mechanism that is not offered", auth("ANONYMOUS", "=")],
    ["invalid-mechanism", "channel binding where there is no channel", auth("SCRAM-SHA-1-PLUS", "=")],
    ["incorrect-encoding", "what is not base64 (§6.5.5)", auth("PLAIN", "AGEA Yg=")],
    ["incorrect-encoding", "base64 without its padding (§6.5.5)", auth("PLAIN", "AGEAYg")],
    ["incorrect-encoding", "base64 with a line break (§13.9.1)", auth("PLAIN", "AGEA\nYg==")],
    ["incorrect-encoding", "padding in the middle (§6.5.5)", auth("PLAIN", "AGE=Yg==")],
    [
      "malformed-request",
      "a message that PLAIN does not know (§6.5.8)",
      auth("PLAIN", base64("alice secret")),
    ],
    ["malformed-request", "an empty message (§6.5.8)", auth("PLAIN", "=")],
    ["malformed-request", "a response to nothing (§6.5.8)", response("AGEAYg==")],
    ["aborted", "an end to nothing (§6.5.1)", `<abort xmlns="${SASL}"/>`],
  ];

  test.for(cases)("%s: %s", async ([condition, , xml], { raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(xml);
    await client.receives(failure(condition));
    // §6.4.5: the stream stays, and another try may succeed.
    await client.sends(plain("alice", "secret"));
    await client.receives(SUCCESS);
  });

  test("an exchange can be aborted, and a new one begun (§6.4.4)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    const scram = new ScramClient("sha256", "alice", "secret");
    await client.sends(auth("SCRAM-SHA-256", base64(scram.first)));
    const first = await challenge(client);
    await client.sends(`<abort xmlns="${SASL}"/>`);
    await client.receives(failure("aborted"));
    await client.sends(response(base64(scram.final(first))));
    await client.receives(failure("malformed-request"));
    await client.sends(plain("alice", "secret"));
    await client.receives(SUCCESS);
  });

  test("there is one exchange at a time", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    const scram = new ScramClient("sha256", "alice", "secret");
    await client.sends(auth("SCRAM-SHA-256", base64(scram.first)));
    await challenge(client);
    await client.sends(plain("alice", "secret"));
    await client.receives(failure("malformed-request"));
  });

  test("the number of tries is bounded (§6.4.5)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    for (let count = 0; count < 5; count++) {
      await client.sends(plain("alice", "wrong"));
      await client.receives(failure("not-authorized"));
    }
    await client.closed("policy-violation");
  });

  test("nobody can tell an unknown user from a wrong password (§13.11)", async ({ raw, user }) => {
    await user("alice", "secret");
    const seen = new Map<string, string[]>();
    for (const name of ["alice", "mallory", "mallory"]) {
      const client = raw();
      await client.opens();
      await client.receives(FEATURES);
      const scram = new ScramClient("sha256", name, "wrong", "n,,", "nonce");
      await client.sends(auth("SCRAM-SHA-256", base64(scram.first)));
      const first = await challenge(client);
      const [, salt = "", iterations] = /^r=nonce[\w-]+,s=([^,]+),i=(\d+),h=[^,]+$/.exec(first) ?? [];
      await client.sends(response(base64(scram.final(first))));
      await client.receives(failure("not-authorized"));
      // The salt of an unknown user stays the same, too.
      seen.set(name, [...(seen.get(name) ?? []), salt]);
      expect([Buffer.from(salt, "base64").length, iterations]).toEqual([16, "4096"]);
    }
    expect(new Set(seen.get("mallory")).size).toBe(1);
    expect(seen.get("mallory")).not.toContain(seen.get("alice")?.[0]);
  });

  test("one account's failures slow the answers to more of them", async ({ raw, user, clock }) => {
    await user("alice", "secret");
    for (let count = 0; count < 10; count++) {
      const client = raw();
      await client.opens();
      await client.receives(FEATURES);
      await client.sends(plain("alice", "wrong"));
      await client.receives(failure("not-authorized"));
    }
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(plain("alice", "wrong"));
    await client.receivesNothing();
    await clock.advance(1_000);
    await client.receives(failure("not-authorized"));
  });
});

describe("without encryption", () => {
  test("nothing can be negotiated where TLS is required (§5.3.1)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw({ secure: false });
    await client.opens();
    expect(await mechanisms(client)).toEqual([]);
    const scram = new ScramClient("sha256", "alice", "secret");
    for (const attempt of [plain("alice", "secret"), auth("SCRAM-SHA-256", base64(scram.first))]) {
      await client.sends(attempt);
      await client.receives(failure("encryption-required"));
    }
  });

  describe("where TLS is not required", () => {
    test.override({ options: { config: { tls: { required: false } } } });

    test("PLAIN is not offered and not taken (§6.5.4, §13.8.3)", async ({ raw, user }) => {
      await user("alice", "secret");
      const client = raw({ secure: false });
      await client.opens();
      expect(await mechanisms(client)).toEqual(["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"]);
      await client.sends(plain("alice", "secret"));
      await client.receives(failure("encryption-required"));
    });
  });

  describe("where PLAIN is allowed nevertheless", () => {
    test.override({ options: { config: { tls: { required: false }, auth: { plainWithoutTls: true } } } });

    test("it works", async ({ raw, user }) => {
      await user("alice", "secret");
      const client = raw({ secure: false });
      await client.opens();
      expect(await mechanisms(client)).toContain("PLAIN");
      await client.sends(plain("alice", "secret"));
      await client.receives(SUCCESS);
    });
  });
});

describe("ANONYMOUS (XEP-0175)", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("gives an address that nobody had before", async ({ raw, rig }) => {
    const addresses = new Set<string>();
    for (let count = 0; count < 2; count++) {
      const client = raw();
      await client.opens();
      expect(await mechanisms(client)).toContain("ANONYMOUS");
      await client.sends(auth("ANONYMOUS", "="));
      await client.receives(SUCCESS);
      await client.opens();
      await client.receives(FEATURES);
      await client.sends(`<iq type="set" id="1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
      const bound = await client.receives(`<iq type="result" id="1">{any}</iq>`);
      const jid = bound.getChild("bind")?.getChildText("jid") ?? "";
      expect(jid).toMatch(/^[^@]{16,}@localhost\/.+/);
      addresses.add(jid);
    }
    expect(addresses.size).toBe(2);
    expect(rig.server.host().sessions.size).toBe(2);
  });
});

describe("an account that goes between authentication and binding, where guests may come", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("does not make its client a guest", async ({ authenticated, rig }) => {
    const client = await authenticated("alice");
    await rig.server.host().removeUser(Jid.parse("alice@localhost"));
    await client.sends(`<iq type="set" id="1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await client.closed("not-authorized");
    expect(rig.server.host().sessions.size).toBe(0);
  });
});

describe("a choice of mechanisms", () => {
  test.override({ options: { config: { auth: { mechanisms: ["SCRAM-SHA-256"] } } } });

  test("others are neither offered nor taken", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    expect(await mechanisms(client)).toEqual(["SCRAM-SHA-256"]);
    await client.sends(plain("alice", "secret"));
    await client.receives(failure("invalid-mechanism"));
  });
});
