/** XEP-0160 §2: messages that waited are delivered in order and once, whatever happens meanwhile. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Range, Store, Table, TableSpec } from "../../src/store/store.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig, type PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, makeRoom, ROOM } from "./muc-client.ts";

/** As long a body as makes three messages a batch of delivery. */
function long(word: string): string {
  return `${word} ${".".repeat(30_000)}`;
}

async function writes(alice: Client, ...words: string[]): Promise<void> {
  for (const word of words)
    await alice.sends(`<message to="bob@localhost" type="chat"><body>${long(word)}</body></message>`);
}

/** The messages that came and were not looked at, by their first word. */
async function words(client: Client, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const element = await client.receivesAny();
    if (element.is("message")) found.push((element.getChildText("body") ?? "").split(" ")[0] ?? "");
  }
  client.forget((element) => element.is("presence"));
  await client.receivesNothing();
  return found;
}

/** Becomes available on a connection that is stuck: the first batch of what waits is on its way. */
async function comesAndIsStuck(client: PipeClient): Promise<void> {
  client.pipe.stopReading();
  await client.sends("<presence/>");
}

/** What is on its way arrives, what comes behind it is stuck. */
function takesOneBatch(client: PipeClient): void {
  client.pipe.readAgain();
  client.pipe.stopReading();
}

describe("when the connection is lost during the delivery", () => {
  test("before anything arrived, the next login gets everything", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const bob = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(bob);
    await bob.disconnects();
    const again = await connect("bob/desk");
    expect(await words(again, 4)).toEqual(["one", "two", "three", "four"]);
  });

  test("in the middle, the next login gets the rest, in order", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four", "five");
    const bob = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(bob);
    takesOneBatch(bob);
    expect(await words(bob, 3)).toEqual(["one", "two", "three"]);
    await bob.disconnects();
    const again = await connect("bob/desk");
    expect(await words(again, 2)).toEqual(["four", "five"]);
  });

  test("another resource that is there gets the rest at once", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone");
    await phone.receivesNothing();
    await desk.disconnects();
    expect(await words(phone, 2)).toEqual(["one", "two"]);
  });

  test("a resource that wants no messages does not", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone", { priority: -1 });
    await desk.disconnects();
    expect(await words(phone, 0)).toEqual([]);
  });
});

test("a resource that wants no more in the middle gets no more", async ({ connect, user }) => {
  await user("bob");
  const alice = await connect("alice/phone");
  await writes(alice, "one", "two", "three", "four");
  const desk = await connect("bob/desk", { presence: false });
  await comesAndIsStuck(desk);
  await desk.sends(`<presence><priority>-1</priority></presence>`);
  desk.pipe.readAgain();
  expect(await words(desk, 3)).toEqual(["one", "two", "three"]);
  await desk.sends(`<presence><priority>0</priority></presence>`);
  expect(await words(desk, 1)).toEqual(["four"]);
});

describe("a message that comes during the delivery", () => {
  test("does not overtake those that waited", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const bob = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(bob);
    await writes(alice, "live");
    bob.pipe.readAgain();
    expect(await words(bob, 5)).toEqual(["one", "two", "three", "four", "live"]);
    await writes(alice, "later");
    await bob.receives(
      `<message type="chat" from="alice@localhost/phone"><body>${long("later")}</body></message>`,
    );
  });

  test("is not lost with the connection", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const bob = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(bob);
    await writes(alice, "live");
    await bob.disconnects();
    const again = await connect("bob/desk");
    expect(await words(again, 5)).toEqual(["one", "two", "three", "four", "live"]);
  });

  test("for another resource reaches it at once, and it alone", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone");
    await alice.sends(`<message to="bob@localhost/phone" type="chat"><body>direct</body></message>`);
    expect(await words(phone, 1)).toEqual(["direct"]);
    desk.pipe.readAgain();
    expect(await words(desk, 4)).toEqual(["one", "two", "three", "four"]);
  });

  test("for all resources reaches the others at once", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone");
    await writes(alice, "both");
    expect(await words(phone, 1)).toEqual(["both"]);
    desk.pipe.readAgain();
    expect(await words(desk, 5)).toEqual(["one", "two", "three", "four", "both"]);
  });

  test("and is whispered in a room reaches the others at once, under their own addresses", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    await makeRoom(alice, "first");
    const desk = await connect("bob/desk", { presence: false });
    const phone = await connect("bob/phone", { presence: false });
    for (const client of [desk, phone]) await enter(client, "second");
    forget(phone);
    await comesAndIsStuck(desk);
    forget(phone);
    await alice.sends(`<message to="${ROOM}/second" type="chat"><body>psst</body></message>`);
    const heard = await phone.receivesAny();
    expect([heard.attrs["to"], heard.getChildText("body")]).toEqual(["bob@localhost/phone", "psst"]);
    desk.pipe.readAgain();
    expect(await words(desk, 5)).toEqual(["one", "two", "three", "four", "psst"]);
  });

  test("and reached the others at once does not reach them again", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone");
    await writes(alice, "both");
    expect(await words(phone, 1)).toEqual(["both"]);
    await desk.disconnects();
    expect(await words(phone, 4)).toEqual(["one", "two", "three", "four"]);
  });

  test("waits once, though another that it reached loses it", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone");
    phone.pipe.stopReading();
    await writes(alice, "both");
    await phone.disconnects();
    desk.pipe.readAgain();
    expect(await words(desk, 5)).toEqual(["one", "two", "three", "four", "both"]);
  });
});

describe("where nothing more can wait", () => {
  test.override({ options: { config: { modules: { offline: { messages: 4, share: 100 } } } } });

  test("a message that comes during the delivery reaches everybody at once, and does not bounce", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const desk = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(desk);
    const phone = await connect("bob/phone");
    await writes(alice, "both");
    expect(await words(phone, 1)).toEqual(["both"]);
    await alice.receivesNothing();
    desk.pipe.readAgain();
    expect(await words(desk, 5)).toEqual(["one", "two", "three", "both", "four"]);
  });
});

/** A store whose answers to the delivery of messages wait for `release`. */
function slowStore(): { store: Store; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const store = new Proxy(createMemoryStore(), {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== "table") return typeof value === "function" ? value.bind(target) : value;
      return (spec: TableSpec<object>) => {
        const table = target.table(spec) as Table<object>;
        if (spec.name !== "offline") return table;
        const list = async (range: Range<object>) => {
          const rows = await table.list(range);
          if (range.limit !== undefined) await promise;
          return rows;
        };
        return new Proxy(table, {
          get(own, name) {
            if (name === "list") return list;
            const member: unknown = Reflect.get(own, name, own);
            return typeof member === "function" ? member.bind(own) : member;
          },
        });
      };
    },
  });
  return { store, release: resolve };
}

test("a message that comes while the store still looks for others is not left behind", async () => {
  const { store, release } = slowStore();
  await using rig = await createRig({ store });
  const alice = await rig.connect("alice/phone");
  const bob = await rig.connect("bob/desk");
  await writes(alice, "live");
  await bob.receivesNothing();
  release();
  expect(await words(bob, 1)).toEqual(["live"]);
});

describe("to a client that acknowledges (XEP-0198)", () => {
  const SM = "urn:xmpp:sm:3";

  /** Becomes available on a stream with acknowledgements; its id to resume with. */
  async function comesManaged(client: PipeClient): Promise<string> {
    await client.sends(`<enable xmlns="${SM}" resume="true"/>`);
    const enabled = await client.receives(`<enabled xmlns="${SM}" id="{any}" resume="true" max="{any}"/>`);
    await client.sends("<presence/>");
    client.forget((element) => !element.is("message"));
    return String(enabled.attrs["id"]);
  }

  async function acknowledges(client: Client, count: number): Promise<void> {
    await client.sends(`<a xmlns="${SM}" h="${count}"/>`);
  }

  test("a message is deleted when it is acknowledged, and those behind it follow", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const bob = await connect("bob/desk", { presence: false });
    await comesManaged(bob);
    expect(await words(bob, 3)).toEqual(["one", "two", "three"]);
    await writes(alice, "live");
    await bob.receivesNothing();
    // With the presence of its own that the client saw.
    await acknowledges(bob, 4);
    bob.forget((element) => !element.is("message"));
    expect(await words(bob, 2)).toEqual(["four", "live"]);
    await acknowledges(bob, 6);
    await bob.disconnects();
    const again = await connect("bob/phone");
    expect(await words(again, 0)).toEqual([]);
  });

  test("a message that comes once all of them are on their way follows at once, as it is", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one");
    const bob = await connect("bob/desk", { presence: false });
    await comesManaged(bob);
    await writes(alice, "live");
    expect((await bob.receivesAny()).getChild("delay")).toBeDefined();
    await bob.receives(
      `<message type="chat" from="alice@localhost/phone"><body>${long("live")}</body></message>`,
    );
  });

  test("nothing comes twice or is lost when it does not come back", async ({ connect, user, clock }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const bob = await connect("bob/desk", { presence: false });
    await comesManaged(bob);
    // Of its own presence and the first message.
    await acknowledges(bob, 2);
    await bob.disconnects();
    await clock.advance(11 * 60_000);
    const again = await connect("bob/phone");
    expect(await words(again, 3)).toEqual(["two", "three", "four"]);
  });

  test("nor when it does", async ({ connect, user, authenticated }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two");
    const bob = await connect("bob/desk", { presence: false });
    const id = await comesManaged(bob);
    await bob.disconnects();
    const back = await authenticated("bob");
    await back.sends(`<resume xmlns="${SM}" previd="${id}" h="1"/>`);
    await back.receives(`<resumed xmlns="${SM}" previd="${id}" h="1"/>`);
    back.forget((element) => !element.is("message"));
    expect(await words(back, 2)).toEqual(["one", "two"]);
    await acknowledges(back, 3);
    await back.closes();
    const again = await connect("bob/phone");
    expect(await words(again, 0)).toEqual([]);
  });
});

describe("where little may be unacknowledged", () => {
  test.override({ options: { config: { modules: { streamManagement: { unackedBytes: 2_000_000 } } } } });

  test("those that make it too much wait for the next login, once", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    const numbers = Array.from({ length: 96 }, (_, n) => String(n + 1));
    await writes(alice, ...numbers.slice(30));
    await bob.sends(`<presence><priority>-1</priority></presence>`);
    for (const number of numbers.slice(0, 30)) {
      const body = `${number} ${".".repeat(2_000)}`;
      await alice.sends(`<message to="bob@localhost" type="chat"><body>${body}</body></message>`);
    }
    await bob.sends(`<presence><priority>0</priority></presence>`);
    await alice.receivesNothing();
    expect(bob.gone).toBe(true);
    const again = await connect("bob/phone");
    expect(await words(again, 96)).toEqual(numbers);
  });
});

test("messages outlive the server, and its clock's going back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-offline-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = { sqlite: join(folder, "db.sqlite") };
  {
    await using rig = await createRig({ store });
    await rig.user("bob");
    const alice = await rig.connect("alice/phone");
    await rig.clock.advance(60_000);
    await writes(alice, "one", "two");
  }
  {
    await using rig = await createRig({ store });
    const alice = await rig.connect("alice/phone");
    await writes(alice, "three");
  }
  await using rig = await createRig({ store });
  const bob = await rig.connect("bob/desk");
  expect(await words(bob, 3)).toEqual(["one", "two", "three"]);
});

describe("what a client has read in the archive before it wants messages (XEP-0313 §6.1.1)", () => {
  const read = (client: Client, set: string) =>
    client.sends(
      `<iq type="set" id="mam"><query xmlns="urn:xmpp:mam:2"><set xmlns="http://jabber.org/protocol/rsm">${set}</set></query></iq>`,
    );

  test("is not delivered once more; the rest is", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    for (const body of ["1", "2", "3"])
      await alice.sends(`<message to="bob@localhost" type="chat"><body>${body}</body></message>`);
    const bob = await connect("bob/desk", { presence: false });
    await read(bob, "<max>2</max>");
    for (let n = 0; n < 3; n++) await bob.receivesAny();
    await bob.sends("<presence/>");
    const bodies: (string | null)[] = [];
    while (bodies.length === 0) {
      const stanza = await bob.receivesAny();
      if (stanza.getName() === "message") bodies.push(stanza.getChildText("body"));
    }
    expect(bodies).toEqual(["3"]);
    await bob.receivesNothing();
  });

  test("is not delivered once more either while the page is not acknowledged yet (XEP-0198)", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost" type="chat"><body>1</body></message>`);
    const bob = await connect("bob/desk", { presence: false });
    await bob.sends(`<enable xmlns="urn:xmpp:sm:3"/>`);
    await bob.receivesAny();
    await read(bob, "<max>2</max>");
    expect((await bob.receivesAny()).getChild("result")).toBeDefined();
    await bob.receives(`<r xmlns="urn:xmpp:sm:3"/>`);
    expect((await bob.receivesAny()).getName()).toBe("iq");
    await bob.sends("<presence/>");
    await bob.receives(`<presence from="bob@localhost/desk"/>`);
    await bob.receives(`<r xmlns="urn:xmpp:sm:3"/>`);
    await bob.receivesNothing();
  });

  test("by another one than who is getting it is on its way all the same", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three", "four");
    const bob = await connect("bob/desk", { presence: false });
    await comesAndIsStuck(bob);
    const reader = await connect("bob/reader", { presence: false });
    await read(reader, "<max>10</max>");
    for (let n = 0; n < 5; n++) await reader.receivesAny();
    bob.pipe.readAgain();
    expect(await words(bob, 4)).toEqual(["one", "two", "three", "four"]);
  });

  test("is delivered when the connection went before the page was acknowledged", async ({
    connect,
    user,
    clock,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost" type="chat"><body>1</body></message>`);
    const bob = await connect("bob/desk", { presence: false });
    await bob.sends(`<enable xmlns="urn:xmpp:sm:3"/>`);
    await bob.receivesAny();
    await read(bob, "<max>2</max>");
    await bob.disconnects();
    await clock.advance(1000);
    const again = await connect("bob/desk");
    expect((await again.receivesAny()).getChildText("body")).toBe("1");
  });
});
