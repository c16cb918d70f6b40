/** XEP-0199 XMPP Ping, version 2.0.1: pings to the server, through it, and its own. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";

const PING = `<ping xmlns="urn:xmpp:ping"/>`;
const UNAVAILABLE = `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
const MINUTES = 60_000;

describe("a ping to the server (§4.2)", () => {
  test.for([
    ["localhost", "localhost"],
    ["alice@localhost", "alice@localhost"],
  ])("to %s is answered with an empty result", async ([to, from], { connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="c2s1" to="${to}">${PING}</iq>`);
    await alice.receives(`<iq type="result" id="c2s1" from="${from}" to="alice@localhost/phone"/>`);
  });

  test("without to is answered for the account", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="c2s1">${PING}</iq>`);
    await alice.receives(`<iq type="result" id="c2s1" to="alice@localhost/phone"/>`);
  });

  test.for(["bob@localhost", "nobody@localhost"])(
    "to %s does not tell whether there is such an account",
    async (to, { connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await alice.sends(`<iq type="get" id="c2s1" to="${to}">${PING}</iq>`);
      await alice.receives(`<iq type="error" id="c2s1" from="${to}">${PING}${UNAVAILABLE}</iq>`);
    },
  );

  test("is announced in disco#info (§5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(
      `<iq type="get" id="d" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
    );
    await alice.receives(
      `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="urn:xmpp:ping"/></query></iq>`,
    );
  });
});

describe("a ping from a list of commands (XEP-0050)", () => {
  const COMMANDS = "http://jabber.org/protocol/commands";

  test.for(["localhost", "alice@localhost"])("to %s tells the time", async (to, { connect, clock }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="set" id="p1" to="${to}"><command xmlns="${COMMANDS}" node="ping"/></iq>`);
    const time = new Date(clock.now()).toISOString();
    await alice.receives(`<iq type="result" id="p1" from="${to}"><command xmlns="${COMMANDS}" node="ping"
      sessionid="{any}" status="completed" xml:lang="en"><x xmlns="jabber:x:data" type="result"><title>Pong</title>
      <field var="timestamp" type="text-single" label="Time"><value>${time}</value></field></x></command></iq>`);
  });
});

describe("a ping to another client (§4.4)", () => {
  test("reaches it, and its answer the one who asked", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<iq type="get" id="e2e1" to="bob@localhost/desk">${PING}</iq>`);
    await bob.receives(`<iq type="get" id="e2e1" from="alice@localhost/phone">${PING}</iq>`);
    await bob.sends(`<iq type="result" id="e2e1" to="alice@localhost/phone"/>`);
    await alice.receives(`<iq type="result" id="e2e1" from="bob@localhost/desk"/>`);
  });

  test("that is not there is answered from its full address (§7)", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="e2e1" to="bob@localhost/desk">${PING}</iq>`);
    await alice.receives(`<iq type="error" id="e2e1" from="bob@localhost/desk">${PING}${UNAVAILABLE}</iq>`);
  });
});

describe("the server's own ping (§4.1)", () => {
  /** Lets the client be quiet until it is asked; the id of the question. */
  async function asked(client: Client): Promise<string> {
    const ping = await client.receives(`<iq type="get" from="localhost" to="{any}">${PING}</iq>`);
    return String(ping.attrs["id"]);
  }

  test("goes to a client that was quiet for 15 minutes, and not before", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    await clock.advance(14 * MINUTES);
    await alice.receivesNothing();
    await clock.advance(2 * MINUTES - 60_000 + 10_000);
    await asked(alice);
    await alice.receivesNothing();
  });

  test("does not go to one that says something now and then, be it white space", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    for (let count = 0; count < 3; count++) {
      await clock.advance(14 * MINUTES);
      await alice.sendsRaw(" ");
    }
    await alice.receivesNothing();
  });

  test.for([
    ["a result", `type="result"`, ""],
    ["<service-unavailable/>", `type="error"`, `${PING}${UNAVAILABLE}`],
  ] as const)("is content with %s", async ([, type, payload], { connect, clock }) => {
    const alice = await connect("alice/phone");
    await clock.advance(15 * MINUTES + 10_000);
    await alice.sends(`<iq ${type} id="${await asked(alice)}" to="localhost">${payload}</iq>`);
    await clock.advance(10 * MINUTES);
    await alice.receivesNothing();
    expect(alice.gone).toBe(false);
  });

  test("without an answer within a minute ends the session", async ({ connect, clock, server }) => {
    const alice = await connect("alice/phone");
    await clock.advance(15 * MINUTES + 10_000);
    await asked(alice);
    await clock.advance(59_000);
    await alice.receivesNothing();
    await clock.advance(1_000);
    await alice.closed("connection-timeout");
    expect([...server.host().sessions.all()]).toEqual([]);
  });

  describe("when it is off", () => {
    test.override({ options: { config: { limits: { idleTime: "off" } } } });

    test("never goes", async ({ connect, clock }) => {
      const alice = await connect("alice/phone");
      await clock.advance(60 * MINUTES);
      await alice.receivesNothing();
    });
  });
});
