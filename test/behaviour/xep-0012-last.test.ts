/** XEP-0012 Last Activity, version 2.0: of the server, of accounts, of resources. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, onTestFinished } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { letSee } from "./subscribe.ts";

const QUERY = `<query xmlns="jabber:iq:last"/>`;
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

async function asks(client: Client, to: string): Promise<void> {
  await client.sends(`<iq type="get" id="last1" to="${to}">${QUERY}</iq>`);
}

async function learns(client: Client, seconds: number, status = ""): Promise<void> {
  await client.receives(
    `<iq type="result" id="last1"><query xmlns="jabber:iq:last" seconds="${seconds}">${status}</query></iq>`,
  );
}

async function isRefused(client: Client, condition = "forbidden", type = "auth"): Promise<void> {
  await client.receives(
    `<iq type="error" id="last1">${QUERY}<error type="${type}"><${condition} xmlns="${STANZAS}"/></error></iq>`,
  );
}

describe("a server", () => {
  test("tells for how many seconds it has been running, and nothing else (§5)", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    await clock.advance(123_456);
    await asks(alice, "localhost");
    await learns(alice, 123);
  });

  test("announces it for itself and for accounts (§6)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (const to of ["localhost", "alice@localhost"]) {
      await alice.sends(
        `<iq type="get" id="d" to="${to}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
      );
      await alice.receives(
        `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="jabber:iq:last"/></query></iq>`,
      );
    }
  });
});

describe("of a user who is away, those who may see the presence learn", () => {
  test("since when, and what the last presence said (§3)", async ({ connect, server, clock, user }) => {
    const alice = await connect("alice/phone");
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    const bob = await connect("bob/desk");
    alice.forget(() => true);
    await bob.sends(`<presence type="unavailable"><status>Heading Home</status></presence>`);
    await bob.disconnects();
    alice.forget(() => true);
    await clock.advance(903_000);
    await asks(alice, "bob@localhost");
    await learns(alice, 903, "Heading Home");
  });

  test("since when, if the connection was lost", async ({ connect, server, clock, user }) => {
    const alice = await connect("alice/phone");
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    const bob = await connect("bob/desk");
    await bob.disconnects();
    alice.forget(() => true);
    await clock.advance(5_000);
    await asks(alice, "bob@localhost");
    await learns(alice, 5);
  });

  test("nothing, if the user was never there", async ({ connect, server, user }) => {
    const alice = await connect("alice/phone");
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    await asks(alice, "bob@localhost");
    await isRefused(alice, "item-not-found", "cancel");
  });

  test("nothing of a time before the account was made anew", async ({ connect, server, clock }) => {
    const bob = await connect("bob/desk");
    await bob.sends(`<presence type="unavailable"><status>Bye</status></presence>`);
    await server.removeUser(Jid.parse("bob@localhost"));
    await clock.advance(1_000);
    const again = await connect("bob/desk", { presence: false });
    await asks(again, "bob@localhost");
    await isRefused(again, "item-not-found", "cancel");
  });
});

describe("while a resource is available", () => {
  test("the answer is an empty 0 (§3), also when another one left a status", async ({
    connect,
    server,
    clock,
    user,
  }) => {
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    const desk = await connect("bob/desk");
    await connect("bob/phone");
    await desk.sends(`<presence type="unavailable"><status>Heading Home</status></presence>`);
    await clock.advance(7_000);
    const alice = await connect("alice/phone");
    alice.forget(() => true);
    await asks(alice, "bob@localhost");
    await learns(alice, 0);
  });

  test("also of one who was there to the end of the server", async () => {
    const path = mkdtempSync(join(tmpdir(), "jackdaw-last-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    const start = () => createRig({ store: { sqlite: join(path, "db.sqlite") } });
    const before = await start();
    await before.user("alice");
    await before.connect("bob/desk");
    await letSee(before.server, "bob@localhost", "alice@localhost");
    await before.close();
    await using after = await start();
    await after.clock.advance(30_000);
    const alice = await after.connect("alice/phone");
    alice.forget(() => true);
    await asks(alice, "bob@localhost");
    await learns(alice, 30);
  });

  test("users may ask for themselves", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, "alice@localhost");
    await learns(alice, 0);
  });

  test("a request to it is delivered to those who may see the presence (§4)", async ({
    connect,
    server,
    user,
  }) => {
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    alice.forget(() => true);
    await asks(alice, "bob@localhost/desk");
    await bob.receives(`<iq type="get" id="last1" from="alice@localhost/phone">${QUERY}</iq>`);
    await bob.sends(
      `<iq type="result" id="last1" to="alice@localhost/phone"><query xmlns="jabber:iq:last" seconds="123"/></iq>`,
    );
    await learns(alice, 123);
  });
});

describe("strangers are forbidden to ask, and learn nothing from it (§3, §4, §8):", () => {
  test.for([
    ["a user who is away", "away@localhost"],
    ["a user who is there", "bob@localhost"],
    ["a resource that is there", "bob@localhost/desk"],
    ["a resource that is not", "bob@localhost/phone"],
    ["nobody", "nobody@localhost"],
    ["a resource of nobody", "nobody@localhost/desk"],
  ])("%s", async ([, to], { connect, user }) => {
    await user("away");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await asks(alice, to as string);
    await isRefused(alice);
    await bob.receivesNothing();
  });

  test("other requests are none of this", async ({ connect }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await alice.sends(
      `<iq type="get" id="v" to="bob@localhost/desk"><query xmlns="jabber:iq:version"/></iq>`,
    );
    await bob.receives(`<iq type="get" id="v"><query xmlns="jabber:iq:version"/></iq>`);
  });
});
