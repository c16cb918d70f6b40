import { describe, expect } from "vitest";
import { test } from "../../../src/testing/rig.ts";
import { maskSecrets } from "../../../src/testing/transcript.ts";

const hello = `<message to="bob@localhost/desk" type="chat"><body>Hello</body></message>`;

test("people talk", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  expect(alice.jid).toBe("alice@localhost/phone");
  await alice.sends(hello);
  await bob.receives(`<message from="alice@localhost/phone" type="chat"><body>{text}</body></message>`);
  await bob.sends(`<message to="alice@localhost/phone" type="chat"><body>{text} yourself</body></message>`);
  await alice.receives(`<message type="chat"><body>Hello yourself</body></message>`);
  await alice.receivesNothing();
  await alice.closes();
  expect(alice.gone).toBe(true);
});

test("what is not as expected fails at once and shows all that was said", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await expect(bob.receives(hello)).rejects.toThrow(/bob\/desk expected[^]+got nothing/);
  await alice.sends(hello);
  await expect(bob.receivesNothing()).rejects.toThrow("expected nothing, got <message");
  await expect(bob.receives(hello.replace("Hello", "Bye"))).rejects.toThrow(
    /the text is "Hello", not "Bye"[^]+alice\/phone → [^]+bob\/desk ← /,
  );
  await expect(bob.closed()).rejects.toThrow("the end of the stream");
});

test("in any order", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await alice.sends(hello + hello.replace("Hello", "Bye"));
  await bob.receivesInAnyOrder([
    `<message type="chat"><body>Bye</body></message>`,
    `<message type="chat"><body>Hello</body></message>`,
  ]);
  await alice.sends(hello + hello);
  await expect(
    bob.receivesInAnyOrder([hello, `<message type="chat"><body>Bye</body></message>`]),
  ).rejects.toThrow("expected one of");
});

test("bytes one by one", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  alice.pipe.chunkBytes = 1;
  await alice.sends(hello);
  await bob.receives(hello);
});

test("a client that does not read gets all when it reads again", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  bob.pipe.stopReading();
  await alice.sends(hello);
  await bob.receivesNothing();
  bob.pipe.readAgain();
  await bob.receives(hello);
});

test("time moves when it is told to, in order", async ({ clock }) => {
  const seen: string[] = [];
  const start = clock.now();
  const say = (what: string) => () => void seen.push(`${what} at ${clock.now() - start}`);
  clock.after(20, say("second"));
  clock.after(10, () => {
    say("first")();
    clock.after(5, say("set meanwhile"));
  });
  const timer = clock.every(8, say("tick"));
  clock.after(12, say("cancelled")).cancel();
  await clock.advance(24);
  timer.cancel();
  await clock.advance(100);
  expect(seen).toEqual([
    "tick at 8",
    "first at 10",
    "set meanwhile at 15",
    "tick at 16",
    "second at 20",
    "tick at 24",
  ]);
});

describe("on disk", () => {
  test.override({ options: { store: "sqlite" } });

  test("accounts are kept in SQLite", async ({ connect, user, rig }) => {
    await user("bob");
    await connect("bob/desk");
    expect(rig.server.store.constructor.name).toContain("Sqlite");
  });
});

test("secrets are not shown", () => {
  const sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
  expect(
    maskSecrets(`<auth xmlns="${sasl}" mechanism="PLAIN">AGEAYg==</auth><success xmlns="${sasl}"/>`),
  ).toBe(`<auth xmlns="${sasl}" mechanism="PLAIN">(masked)</auth><success xmlns="${sasl}"/>`);
  expect(maskSecrets(`<query><username>a</username><password>b</password></query>`)).toBe(
    `<query><username>a</username><password>(masked)</password></query>`,
  );
  expect(maskSecrets(`<field type='text-private' var='password'><value>b</value></field>`)).toBe(
    `<field type='text-private' var='password'><value>(masked)</value></field>`,
  );
});
