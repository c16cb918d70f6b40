/** XEP-0388: Extensible SASL Profile. */
import { describe, expect } from "vitest";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { ScramClient } from "../unit/auth/setup.ts";
import {
  authenticate,
  BIND2,
  base64,
  FEATURES,
  failure,
  loggedIn,
  offerOf,
  opened,
  PHONE,
  plain,
  response,
  SASL2,
  scrams,
  storeWith,
  textsOf,
  userAgent,
} from "./sasl2-client.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const CHALLENGE = `<challenge xmlns="${SASL2}">{any}</challenge>`;
const LEGACY_BIND = `<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`;

describe("the offer (§2.1)", () => {
  test("has the mechanisms of SASL as in RFC 6120, which stays beside it", async ({ raw }) => {
    const features = await opened(raw());
    const names = textsOf(features.getChild("mechanisms", SASL), "mechanism");
    expect(names).toContain("SCRAM-SHA-256");
    expect(textsOf(offerOf(features), "mechanism")).toEqual(names);
  });

  test("tells what can go along", async ({ raw }) => {
    const inline = offerOf(await opened(raw())).getChild("inline");
    expect(inline?.getChild("sm", "urn:xmpp:sm:3")).toBeTruthy();
    expect(inline?.getChild("bind", BIND2)).toBeTruthy();
  });

  test("is the same for an account that is there and for one that is not", async ({ raw, user }) => {
    await user("alice");
    const [one, other, none] = [raw(), raw(), raw()];
    const offer = offerOf(await opened(one, "alice@localhost")).toString();
    expect(offerOf(await opened(other, "mallory@localhost")).toString()).toBe(offer);
    expect(offerOf(await opened(none)).toString()).toBe(offer);
  });

  test("has only mechanisms that the account can use", async () => {
    await using rig = await createRig({ store: await storeWith("alice@localhost", ["SHA-1"]) });
    const features = await opened(rig.raw(), "alice@localhost");
    expect(textsOf(offerOf(features), "mechanism")).toEqual(["SCRAM-SHA-1", "PLAIN"]);
    expect(textsOf(features.getChild("mechanisms", SASL), "mechanism")).toEqual(["SCRAM-SHA-1", "PLAIN"]);
  });

  test("is not there for a client that claims to be of another domain", async ({ raw }) => {
    const client = raw();
    await client.opens({ from: "alice@example.org" });
    await client.closed("invalid-from");
  });

  describe("without TLS (§4)", () => {
    test.override({ options: { config: { tls: { required: false }, auth: { plainWithoutTls: true } } } });

    test("is not there, and nobody can use it", async ({ raw, user }) => {
      await user("alice", "secret");
      const client = raw({ secure: false });
      const features = await opened(client);
      expect(features.getChild("mechanisms", SASL)).toBeTruthy();
      expect(features.getChild("authentication", SASL2)).toBeFalsy();
      await client.sends(plain("alice", "secret"));
      await client.receives(failure("encryption-required"));
    });
  });
});

describe("success (§2.6.1)", () => {
  test("names the user, and features follow without a new stream", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client, "alice@localhost");
    await client.sends(plain("alice", "secret", userAgent(PHONE)));
    await client.receives(
      `<success xmlns="${SASL2}"><authorization-identifier>alice@localhost</authorization-identifier></success>`,
    );
    const features = await client.receives(FEATURES);
    expect(features.getChild("bind", "urn:ietf:params:xml:ns:xmpp-bind")).toBeTruthy();
    expect(features.getChild("authentication", SASL2)).toBeFalsy();
    await client.sends(LEGACY_BIND);
    await client.receives(`<iq type="result" id="b">{any}</iq>`);
  });

  test("brings what the mechanism says last", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    const scram = await scrams(client, { hash: "SHA-256", user: "alice", password: "secret" });
    const success = await loggedIn(client);
    expect(success.getChildText("additional-data")).toBe(base64(`v=${scram.serverSignature}`));
  });

  test("is nobody's second time (§3.9)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    await client.sends(plain("alice", "secret"));
    await loggedIn(client);
    await client.sends(plain("alice", "secret"));
    await client.closed("not-authorized");
  });

  test("lifts the limits of those who are not known", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    await client.sends(plain("alice", "secret", `<bind xmlns="${BIND2}"/>`));
    await loggedIn(client);
    await client.sends(
      `<message to="nobody@localhost" type="chat"><body>${"x".repeat(20_000)}</body></message>`,
    );
    await client.receives(`<message type="error">{any}</message>`);
  });
});

describe("data (§2.2)", () => {
  test("without an initial response the server asks for it", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    await client.sends(authenticate("PLAIN", undefined));
    await client.receives(`<challenge xmlns="${SASL2}"/>`);
    await client.sends(response("\0alice\0secret"));
    await loggedIn(client);
  });

  test("white space in it means nothing", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    const data = base64("\0alice\0secret");
    await client.sends(
      authenticate("PLAIN", "").replace("></", `>\n  ${data.slice(0, 8)}\n\t${data.slice(8)}\n</`),
    );
    await loggedIn(client);
  });
});

describe("failure (§2.6.2)", () => {
  const initial = (text: string) =>
    `<authenticate xmlns="${SASL2}" mechanism="PLAIN"><initial-response>${text}</initial-response></authenticate>`;
  const cases: [condition: string, what: string, xml: string][] = [
    ["not-authorized", "a wrong password", plain("alice", "wrong")],
    ["not-authorized", "an unknown user", plain("mallory", "secret")],
    ["invalid-authzid", "somebody else's name", plain("alice", "secret", "", "bob@localhost")],
    ["invalid-mechanism", "a mechanism that was not announced (§2.3)", authenticate("CRAM-MD5", "x")],
    ["invalid-mechanism", "ANONYMOUS where it is not offered", authenticate("ANONYMOUS", "")],
    ["invalid-mechanism", "no mechanism", `<authenticate xmlns="${SASL2}"/>`],
    ["incorrect-encoding", "what is not base64", initial("AGEA Yg=x")],
    ["incorrect-encoding", 'what meant "empty" in RFC 6120', initial("=")],
    ["malformed-request", "an empty response", initial("")],
    ["malformed-request", "a response to nothing", response("x")],
    ["malformed-request", "a task that nobody gave", `<next xmlns="${SASL2}" task="UPGR-SCRAM-SHA-512"/>`],
    ["malformed-request", "task data without a task", `<task-data xmlns="${SASL2}"/>`],
    ["aborted", "an end to nothing", `<abort xmlns="${SASL2}"/>`],
  ];

  test.for(cases)("%s: %s", async ([condition, , xml], { raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    await client.sends(xml);
    await client.receives(failure(condition));
    // The stream is what it was.
    await client.sends(plain("alice", "secret"));
    await loggedIn(client);
  });

  test("of an identity that is not the stream header's (§2.3)", async ({ raw, user }) => {
    await user("alice", "secret");
    for (const authzid of ["", "alice@localhost"]) {
      const client = raw();
      await opened(client, "bob@localhost");
      await client.sends(plain("alice", "secret", "", authzid));
      await client.receives(failure("invalid-authzid"));
    }
  });

  test("does nothing of what was asked for along with it", async ({ raw, user, server }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    await client.sends(plain("alice", "wrong", `<bind xmlns="${BIND2}"/>`));
    await client.receives(failure("not-authorized"));
    expect(server.host().sessions.size).toBe(0);
  });

  test("by the client's wish ends the exchange (§3.5)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    const scram = new ScramClient("sha256", "alice", "secret");
    await client.sends(authenticate("SCRAM-SHA-256", scram.first));
    const first = Buffer.from((await client.receives(CHALLENGE)).getText(), "base64").toString();
    await client.sends(`<abort xmlns="${SASL2}"><text>changed my mind</text></abort>`);
    await client.receives(failure("aborted"));
    await client.sends(response(scram.final(first)));
    await client.receives(failure("malformed-request"));
  });

  test("counts together with those of the other profile (RFC 6120 §6.4.5)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    for (let count = 0; count < 3; count++) {
      await client.sends(plain("alice", "wrong"));
      await client.receives(failure("not-authorized"));
    }
    for (let count = 0; count < 2; count++) {
      await client.sends(`<auth xmlns="${SASL}" mechanism="PLAIN">${base64("\0alice\0wrong")}</auth>`);
      await client.receives(`<failure xmlns="${SASL}"><not-authorized/></failure>`);
    }
    await client.closed("policy-violation");
  });

  test("makes the next ones of that address wait", async ({ raw, user, clock }) => {
    await user("alice", "secret");
    for (let count = 0; count < 6; count++) {
      const client = raw({ remote: "192.0.2.1" });
      await opened(client);
      await client.sends(plain("alice", "wrong"));
      if (count === 5) {
        await client.receivesNothing();
        await clock.advance(1_000);
      }
      await client.receives(failure("not-authorized"));
    }
  });
});

describe("during an exchange nothing else may come (§2.4)", () => {
  const cases: [what: string, xml: string][] = [
    ["a request", LEGACY_BIND],
    ["SASL as in RFC 6120", `<auth xmlns="${SASL}" mechanism="PLAIN">${base64("\0alice\0secret")}</auth>`],
    ["TLS", `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`],
    ["white space", " "],
  ];

  test.for(cases)("%s ends the stream", async ([, xml], { raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await opened(client);
    await client.sends(authenticate("SCRAM-SHA-256", new ScramClient("sha256", "alice", "secret").first));
    await client.receives(CHALLENGE);
    await client.sends(xml);
    await client.closed("policy-violation");
  });
});
