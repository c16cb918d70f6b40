/** XEP-0484: Fast Authentication Streamlining Tokens, with HT of draft-schmaus-kitten-sasl-ht-09. */
import { describe, expect } from "vitest";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { parseDateTime } from "../../src/xmpp/datetime.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import {
  authenticate,
  BIND2,
  base64,
  FAST,
  type FastToken,
  FEATURES,
  failure,
  hashed,
  LAPTOP,
  loggedIn,
  offerOf,
  opened,
  PHONE,
  plain,
  requestToken,
  SASL2,
  textsOf,
  tokenIn,
  userAgent,
  withToken,
} from "./sasl2-client.ts";

const ALICE = Jid.parse("alice@localhost");
const DAY_MS = 86_400_000;

type Raw = () => PipeClient;

/** A token for alice's client, got with her password. */
async function issued(raw: Raw, client = PHONE): Promise<FastToken> {
  const stream = raw();
  await opened(stream);
  await stream.sends(plain("alice", "secret", `${userAgent(client)}${requestToken()}`));
  const token = tokenIn(await loggedIn(stream));
  if (!token) throw new Error("no token");
  return token;
}

/** What the server answers to that: `<success/>` or the failure's condition, and a new token if there is one. */
async function tries(raw: Raw, xml: string): Promise<{ outcome: string; token: FastToken | undefined }> {
  const stream = raw();
  await opened(stream, "alice@localhost");
  await stream.sends(xml);
  const answer = await stream.receivesAny();
  const [condition] = answer.getChildElements();
  const outcome = answer.name === "failure" && condition ? condition.getName() : answer.name;
  return { outcome, token: tokenIn(answer) };
}

const outcomeOf = async (raw: Raw, xml: string): Promise<string> => (await tries(raw, xml)).outcome;

describe("the offer (§3.1)", () => {
  test("has the mechanism without channel binding where there is no channel", async ({ raw }) => {
    const inline = offerOf(await opened(raw())).getChild("inline");
    expect(textsOf(inline?.getChild("fast", FAST), "mechanism")).toEqual(["HT-SHA-256-NONE"]);
  });

  test("is nothing that could be used without a token", async ({ raw }) => {
    expect(textsOf(offerOf(await opened(raw())), "mechanism").join()).not.toContain("HT-");
  });
});

describe("a token (§3.3)", () => {
  test("comes with its time of expiry, which is as far off as configured", async ({ raw, user, clock }) => {
    await user("alice", "secret");
    const { token, expiry } = await issued(raw);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(parseDateTime(expiry)).toBe(clock.now() + 21 * DAY_MS);
  });

  test("is another one each time", async ({ raw, user }) => {
    await user("alice", "secret");
    expect((await issued(raw)).token).not.toBe((await issued(raw)).token);
  });

  test.for([
    ["a client that does not say which it is (§4.1)", requestToken()],
    ["a mechanism that was not offered (§3.2)", userAgent(PHONE) + requestToken("HT-SHA-256-EXPR")],
    ["a mechanism without tokens", userAgent(PHONE) + requestToken("PLAIN")],
    ["nobody's wish", userAgent(PHONE)],
  ])("is not for %s", async ([, more = ""], { raw, user }) => {
    await user("alice", "secret");
    const stream = raw();
    await opened(stream);
    await stream.sends(plain("alice", "secret", more));
    expect(tokenIn(await loggedIn(stream))).toBeUndefined();
  });

  test("is not for who fails", async ({ raw, user }) => {
    await user("alice", "secret");
    const stream = raw();
    await opened(stream);
    await stream.sends(plain("alice", "wrong", userAgent(PHONE) + requestToken()));
    await stream.receives(failure("not-authorized"));
  });

  describe("where strangers may come", () => {
    test.override({ options: { config: { auth: { anonymous: true } } } });

    test("is not for them", async ({ raw }) => {
      const stream = raw();
      await opened(stream);
      await stream.sends(authenticate("ANONYMOUS", "", userAgent(PHONE) + requestToken()));
      expect(tokenIn(await loggedIn(stream))).toBeUndefined();
    });
  });
});

describe("logging in with a token (§3.4)", () => {
  test("takes one round trip, with everything that a session needs", async ({ raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    const features =
      `<enable xmlns="urn:xmpp:carbons:2"/><enable xmlns="urn:xmpp:sm:3" resume="true"/>` +
      `<inactive xmlns="urn:xmpp:csi:0"/>`;
    const stream = raw();
    // One flight there: the client knows what it will be offered, and waits for nothing.
    await stream.sends(
      `<?xml version="1.0"?><stream:stream to="localhost" from="alice@localhost" version="1.0" ` +
        `xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">` +
        withToken(token, { more: `<bind xmlns="${BIND2}"><tag>Phone</tag>${features}</bind>` }),
    );
    // One flight back.
    await stream.receivesHeader();
    await stream.receives(FEATURES);
    await stream.receives(
      `<success xmlns="${SASL2}"><additional-data>${base64(hashed(token, "Responder"))}</additional-data>` +
        `<authorization-identifier>alice@localhost/Phone/{any}</authorization-identifier>` +
        `<bound xmlns="${BIND2}"><metadata xmlns="urn:xmpp:mam:2"/>` +
        `<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="600"/></bound></success>`,
    );
    await stream.receives(FEATURES);
    await stream.receivesNothing();
    await stream.sends(`<r xmlns="urn:xmpp:sm:3"/>`);
    await stream.receives(`<a xmlns="urn:xmpp:sm:3" h="0"/>`);
  });

  test("works again and again", async ({ raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    expect(await outcomeOf(raw, withToken(token))).toBe("success");
    expect(await outcomeOf(raw, withToken(token))).toBe("success");
  });

  test("works for two connections that the client tries at the same time", async ({ raw, user, server }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    const { promise, resolve } = Promise.withResolvers<void>();
    // Somebody else deals with the account until both have been looked up.
    const busy = server.host().exclusive(ALICE, () => promise);
    const streams = [raw(), raw()];
    for (const stream of streams) {
      await opened(stream, "alice@localhost");
      await stream.sends(withToken(token));
      await stream.receivesNothing();
    }
    resolve();
    await busy;
    for (const stream of streams) await loggedIn(stream);
  });

  test("of another client fails, and so does that of another account", async ({ raw, user }) => {
    await user("alice", "secret");
    await user("bob", "secret");
    const { token } = await issued(raw);
    expect(await outcomeOf(raw, withToken(token, { client: LAPTOP }))).toBe("not-authorized");
    const bob = raw();
    await opened(bob);
    await bob.sends(withToken(token, { user: "bob" }));
    await bob.receives(failure("not-authorized"));
    expect(await outcomeOf(raw, withToken(token))).toBe("success");
  });

  test("that was never given fails, whether or not the user has one", async ({ raw, user }) => {
    await user("alice", "secret");
    expect(await outcomeOf(raw, withToken(""))).toBe("not-authorized");
    const { token } = await issued(raw);
    expect(await outcomeOf(raw, withToken(""))).toBe("not-authorized");
    expect(await outcomeOf(raw, withToken(`${token}x`))).toBe("not-authorized");
    expect(await outcomeOf(raw, withToken(token, { user: "mallory" }))).toBe("not-authorized");
  });

  test("without <fast/>, or without saying which client it is, fails", async ({ raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    const message = Buffer.concat([Buffer.from("alice\0"), hashed(token, "Initiator")]);
    const bare = (more: string) => authenticate("HT-SHA-256-NONE", message, more);
    expect(await outcomeOf(raw, bare(userAgent(PHONE)))).toBe("invalid-mechanism");
    expect(await outcomeOf(raw, bare(`<fast xmlns="${FAST}"/>`))).toBe("malformed-request");
  });

  test.for([
    ["is empty", ""],
    ["has no hash", "alice"],
    ["has no name", "\0abc"],
    ["has a name too long", `${"x".repeat(1024)}\0abc`],
  ])("fails when the message %s", async ([, message = ""], { raw, user }) => {
    await user("alice", "secret");
    const xml = authenticate("HT-SHA-256-NONE", message, `${userAgent(PHONE)}<fast xmlns="${FAST}"/>`);
    expect(await outcomeOf(raw, xml)).toBe("malformed-request");
  });

  test("of a disabled account is refused", async ({ raw, user, server }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    await server.host().accounts.setDisabled(ALICE, true);
    expect(await outcomeOf(raw, withToken(token))).toBe("account-disabled");
  });
});

describe("the counter (§3.4)", () => {
  const counted = (token: string, count: string) => withToken(token, { fast: `count="${count}"` });

  test("must grow where it is told", async ({ raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    const outcomes = [];
    for (const count of ["1", "1", "0", "5", "4", "6"])
      outcomes.push(await outcomeOf(raw, counted(token, count)));
    const [ok, no] = ["success", "not-authorized"];
    expect(outcomes).toEqual([ok, no, no, ok, no, ok]);
  });

  test("begins anew with each token", async ({ raw, user }) => {
    await user("alice", "secret");
    expect(await outcomeOf(raw, counted((await issued(raw)).token, "7"))).toBe("success");
    expect(await outcomeOf(raw, counted((await issued(raw)).token, "1"))).toBe("success");
  });

  test.for(["-1", "x", "", "2147483648", "1e3"])("%j is none", async (count, { raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    expect(await outcomeOf(raw, counted(token, count))).toBe("malformed-request");
  });
});

describe("expiry and rotation (§3.5)", () => {
  test("a token that expired is told to be so, to who has it", async ({ raw, user, clock }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    await clock.advance(21 * DAY_MS);
    expect(await outcomeOf(raw, withToken("wrong"))).toBe("not-authorized");
    const stream = raw();
    await opened(stream);
    await stream.sends(withToken(token));
    await stream.receives(failure("credentials-expired"));
  });

  describe("with a lifetime of a minute", () => {
    test.override({ options: { config: { modules: { fast: { lifetime: "1m" } } } } });

    test("a token that expired long ago is as if it had never been", async ({ raw, user, clock }) => {
      await user("alice", "secret");
      const { token } = await issued(raw);
      await clock.advance(2 * 60_000);
      expect(await outcomeOf(raw, withToken(token))).toBe("credentials-expired");
      await clock.advance(3_600_000);
      expect(await outcomeOf(raw, withToken(token))).toBe("not-authorized");
    });
  });

  test("a token of a day brings a new one, and is good until that is used", async ({ raw, user, clock }) => {
    await user("alice", "secret");
    const old = (await issued(raw)).token;
    expect((await tries(raw, withToken(old))).token).toBeUndefined();
    await clock.advance(DAY_MS);
    expect((await tries(raw, withToken(old))).token).toBeDefined();
    // The client did not get it: it comes with the old one once more, and gets another.
    const { outcome, token } = await tries(raw, withToken(old));
    expect(outcome).toBe("success");
    expect(await outcomeOf(raw, withToken(token?.token ?? ""))).toBe("success");
    expect(await outcomeOf(raw, withToken(old))).toBe("not-authorized");
    expect((await tries(raw, withToken(token?.token ?? ""))).token).toBeUndefined();
  });

  test("a new token ends one before it that was not used", async ({ raw, user }) => {
    await user("alice", "secret");
    const [first, second] = [await issued(raw), await issued(raw)];
    expect(await outcomeOf(raw, withToken(first.token))).toBe("not-authorized");
    expect(await outcomeOf(raw, withToken(second.token))).toBe("success");
  });

  test("a client may ask for a new one at any time", async ({ raw, user }) => {
    await user("alice", "secret");
    const old = (await issued(raw)).token;
    const { token } = await tries(raw, withToken(old, { more: requestToken() }));
    expect(await outcomeOf(raw, withToken(old))).toBe("success");
    expect(await outcomeOf(raw, withToken(token?.token ?? ""))).toBe("success");
  });
});

describe("invalidation (§3.6)", () => {
  test.for(["true", "1"])(
    "%j ends the token, and no other comes though it is due",
    async (yes, { raw, user, clock }) => {
      await user("alice", "secret");
      const { token } = await issued(raw);
      await clock.advance(2 * DAY_MS);
      const answer = await tries(raw, withToken(token, { fast: `invalidate="${yes}"` }));
      expect(answer).toEqual({ outcome: "success", token: undefined });
      expect(await outcomeOf(raw, withToken(token))).toBe("credentials-expired");
    },
  );

  test("brings a new one to who asks for it", async ({ raw, user }) => {
    await user("alice", "secret");
    const old = (await issued(raw)).token;
    const { token } = await tries(raw, withToken(old, { fast: `invalidate="true"`, more: requestToken() }));
    expect(await outcomeOf(raw, withToken(old))).toBe("credentials-expired");
    expect(await outcomeOf(raw, withToken(token?.token ?? ""))).toBe("success");
  });

  test("is not for who fails", async ({ raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    expect(await outcomeOf(raw, withToken("x", { fast: `invalidate="true"` }))).toBe("not-authorized");
    expect(await outcomeOf(raw, withToken(token))).toBe("success");
  });

  test("a new password ends all tokens of the account, and of no other", async ({ raw, user, server }) => {
    await user("alice", "secret");
    await user("bob", "secret");
    const [phone, laptop] = [await issued(raw), await issued(raw, LAPTOP)];
    await server.host().accounts.setPassword(Jid.parse("bob@localhost"), "another");
    expect(await outcomeOf(raw, withToken(phone.token))).toBe("success");
    await server.host().accounts.setPassword(ALICE, "another");
    expect(await outcomeOf(raw, withToken(phone.token))).toBe("credentials-expired");
    expect(await outcomeOf(raw, withToken(laptop.token, { client: LAPTOP }))).toBe("credentials-expired");
  });

  test("leaves the stream to a password (§4.2)", async ({ raw, user }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    await tries(raw, withToken(token, { fast: `invalidate="true"` }));
    const stream = raw();
    await opened(stream);
    await stream.sends(withToken(token));
    await stream.receives(failure("credentials-expired"));
    await stream.sends(plain("alice", "secret"));
    await loggedIn(stream);
  });

  test("the next owner of a name is nobody's heir", async ({ raw, user, server }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    await server.host().removeUser(ALICE);
    expect(await outcomeOf(raw, withToken(token))).toBe("not-authorized");
    await server.createUser("alice@localhost", "secret");
    expect(await outcomeOf(raw, withToken(token))).toBe("not-authorized");
  });
});

describe("limits", () => {
  test.override({ options: { config: { modules: { fast: { clients: 2 } } } } });

  test("an account with too many clients forgets the one that was away longest", async ({
    raw,
    user,
    clock,
  }) => {
    await user("alice", "secret");
    const ids = [1, 2, 3].map((number) => `${number}${PHONE.slice(1)}`);
    const tokens = new Map<string, string>();
    for (const id of ids) {
      tokens.set(id, (await issued(raw, id)).token);
      await clock.advance(1_000);
    }
    const outcomes = [];
    for (const [client, token] of tokens) outcomes.push(await outcomeOf(raw, withToken(token, { client })));
    expect(outcomes).toEqual(["not-authorized", "success", "success"]);
    // Who has tokens already takes no more room.
    await issued(raw, ids[2]);
    expect(await outcomeOf(raw, withToken(tokens.get(ids[1] ?? "") ?? "", { client: ids[1] ?? "" }))).toBe(
      "success",
    );
  });

  test("clients whose tokens are over go first", async ({ raw, user, clock }) => {
    await user("alice", "secret");
    const { token } = await issued(raw);
    await clock.advance(1_000);
    const gone = await issued(raw, LAPTOP);
    await tries(raw, withToken(gone.token, { client: LAPTOP, fast: `invalidate="true"` }));
    await issued(raw, `9${PHONE.slice(1)}`);
    expect(await outcomeOf(raw, withToken(token))).toBe("success");
    expect(await outcomeOf(raw, withToken(gone.token, { client: LAPTOP }))).toBe("not-authorized");
  });
});
