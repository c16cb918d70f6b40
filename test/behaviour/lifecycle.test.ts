import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { defaultModules, defineModule } from "../../src/index.ts";
import { offline } from "../../src/modules/offline/offline.ts";
import { ping } from "../../src/modules/ping.ts";
import { presence } from "../../src/modules/presence/presence.ts";
import { roster } from "../../src/modules/roster/roster.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { type Store, StoreError } from "../../src/store/store.ts";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const ROSTER = "jabber:iq:roster";

/** A store in memory whose commits fail while `isBroken`. */
class BreakableStore {
  readonly store: Store = createMemoryStore();
  isBroken = false;

  constructor() {
    const { store } = this;
    const commit = store.commit.bind(store);
    store.commit = () => {
      if (!this.isBroken) return commit();
      if (!store.dirty) return undefined;
      void store.rollback();
      throw new StoreError("the disk is full");
    };
  }
}

/** A rig of its own, whose server may log errors. */
async function rigOf(options: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  onTestFinished(() => rig.close());
  return rig;
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-lifecycle-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "db.sqlite");
}

const setItem = (id: string, contact: string) =>
  `<iq type="set" id="${id}"><query xmlns="${ROSTER}"><item jid="${contact}@localhost"/></query></iq>`;

describe("a turn whose commit fails", () => {
  test("ends the streams that were told of it before they hear of it, and no others", async () => {
    const breakable = new BreakableStore();
    const rig = await rigOf({ store: breakable.store });
    const alice = await rig.connect("alice/a");
    const bob = await rig.connect("bob/b");
    await alice.sends(setItem("before", "kept"));
    await alice.receives(`<iq type="result" id="before"/>`);

    breakable.isBroken = true;
    await alice.sends(setItem("lost", "lost"));
    await alice.disconnected();
    await bob.receivesNothing();
    expect(bob.gone).toBe(false);
    expect(rig.errors.join()).toContain("the disk is full");

    breakable.isBroken = false;
    await bob.sends(setItem("after", "new"));
    await bob.receives(`<iq type="result" id="after"/>`);
  });

  test("ends the stream whose message it took along, though nothing would have answered it", async () => {
    const breakable = new BreakableStore();
    const rig = await rigOf({ store: breakable.store });
    await rig.user("away");
    const alice = await rig.connect("alice/a");
    breakable.isBroken = true;
    await alice.sends(`<message to="away@localhost" type="chat"><body>lost</body></message>`);
    await alice.disconnected();
    breakable.isBroken = false;
    await (await rig.connect("away/x")).receivesNothing();
  });

  test("is forgotten by every cache", async () => {
    const breakable = new BreakableStore();
    const rig = await rigOf({ store: breakable.store });
    await rig.user("away");
    const alice = await rig.connect("alice/a");
    const watcher = await rig.connect("alice/b");
    await watcher.sends(`<iq type="get" id="r1"><query xmlns="${ROSTER}"/></iq>`);
    await watcher.receives(`<iq type="result" id="r1"><query xmlns="${ROSTER}" ver="{any}"/></iq>`);

    breakable.isBroken = true;
    await alice.sends(
      `${setItem("lost", "lost")}<message to="away@localhost" type="chat"><body>lost</body></message>`,
    );
    await alice.disconnected();
    // It was told by a push, in the same turn.
    await watcher.disconnected();
    await expect(rig.server.createUser("carol@localhost", "secret")).rejects.toThrow("the disk is full");
    breakable.isBroken = false;

    await rig.server.createUser("carol@localhost", "secret");
    const again = await rig.connect("alice/c");
    await again.sends(`<iq type="get" id="r2"><query xmlns="${ROSTER}"/></iq>`);
    await again.receives(`<iq type="result" id="r2"><query xmlns="${ROSTER}" ver="{any}"/></iq>`);
    await again.sends(`<message to="away@localhost" type="chat"><body>kept</body></message>`);
    const away = await rig.connect("away/x");
    expect((await away.receivesAny()).getChildText("body")).toBe("kept");
    await away.receivesNothing();
  });

  test("does not take along those who see the presence of who is cut off", async () => {
    const breakable = new BreakableStore();
    const rig = await rigOf({ store: breakable.store });
    const alice = await rig.connect("alice/a");
    const bob = await rig.connect("bob/b");
    await letSee(rig.server, "alice@localhost", "bob@localhost");
    await rig.settle();
    breakable.isBroken = true;
    await alice.sends(setItem("lost", "lost"));
    await alice.disconnected();
    await bob.receives(`<presence type="unavailable" from="alice@localhost/a" to="bob@localhost"/>`);
    await bob.receivesNothing();
    expect(bob.gone).toBe(false);
  });

  test("is none where somebody goes: when that was is not worth anybody's connection", async () => {
    const breakable = new BreakableStore();
    // Bob acknowledges nothing.
    const config = { limits: { pingTimeout: "2m" } };
    const rig = await rigOf({ store: breakable.store, config });
    const alice = await rig.connect("alice/a");
    const bob = await rig.connect("bob/b");
    await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    await letSee(rig.server, "alice@localhost", "bob@localhost");
    await rig.settle();
    bob.forget(() => true);
    breakable.isBroken = true;
    await alice.disconnects();
    await bob.receives(`<presence type="unavailable" from="alice@localhost/a" to="bob@localhost"/>`);
    await rig.clock.advance(60_000);
    expect(rig.errors.filter((error) => error.includes("the disk is full"))).toHaveLength(1);
    expect(bob.gone).toBe(false);

    breakable.isBroken = false;
    await rig.clock.advance(5_000);
    await rig.settle();
    bob.forget(() => true);
    await bob.sends(`<iq type="get" id="last" to="alice@localhost"><query xmlns="jabber:iq:last"/></iq>`);
    await bob.receives(`<iq type="result" id="last"><query xmlns="jabber:iq:last" seconds="65"/></iq>`);
  });

  test("is not hidden by a commit in its midst", async () => {
    const breakable = new BreakableStore();
    const rig = await rigOf({ store: breakable.store });
    const alice = await rig.connect("alice/a");
    breakable.isBroken = true;
    const carol = rig.server.createUser("carol@localhost", "secret");
    const sent = alice.sends(setItem("lost", "lost"));
    await expect(rig.server.commit()).rejects.toThrow("the disk is full");
    await expect(carol).rejects.toThrow("the disk is full");
    await sent;
    await alice.disconnected();
    expect(alice.heard).not.toContain(`id="lost"`);
  });
});

describe("a store that is full", () => {
  test("never answers what it could not take, and goes on with what needs no room", async () => {
    // Of a message that is archived as well a part may have room: then its turn is lost, and the connection with it.
    const rig = await rigOf({
      store: openSqliteStore({ path: temporaryFile(), maxBytes: 200_000 }),
      modules: [roster, presence, offline, ping],
    });
    await rig.user("away");
    const alice = await rig.connect("alice/a", { presence: false });
    const bodies: string[] = [];
    for (let n = 0; rig.errors.length < 3; n++) {
      const body = `${n} ${"x".repeat(9_000)}`;
      await alice.sends(
        `<message to="away@localhost" type="chat"><body>${body}</body></message><iq type="get" id="p${n}"><ping xmlns="urn:xmpp:ping"/></iq>`,
      );
      const answer = await alice.receivesAny();
      if (answer.attrs["type"] === "result") bodies.push(body);
      else await alice.receives(`<iq type="result" id="p${n}"/>`);
    }
    expect(bodies.length).toBeGreaterThan(3);
    const away = await rig.connect("away/x");
    const received: (string | null)[] = [];
    for (const _ of bodies) received.push((await away.receivesAny()).getChildText("body"));
    expect(received).toEqual(bodies);
    await away.receivesNothing();
  });

  test("leaves nothing in memory of a first write that failed", async () => {
    const path = temporaryFile();
    const filler = openSqliteStore({ path });
    const server = await createRig({ store: filler });
    const first = await server.connect("alice/a", { presence: false });
    await first.sends(setItem("s", "first"));
    await first.receives(`<iq type="result" id="s"/>`);
    await server.close();
    // Not a page more than it has.
    const rig = await rigOf({ store: openSqliteStore({ path, maxBytes: 1 }) });
    const alice = await rig.connect("alice/a", { presence: false });
    let names = 0;
    for (let refused = false; !refused; names++) {
      await alice.sends(
        `<iq type="set" id="s"><query xmlns="${ROSTER}"><item jid="c${names}@localhost" name="${"n".repeat(1000)}"/></query></iq>`,
      );
      const answer = await alice.receivesAny();
      refused = answer.attrs["type"] === "error";
    }
    await alice.sends(`<iq type="get" id="g"><query xmlns="${ROSTER}"/></iq>`);
    const roster = await alice.receivesAny();
    expect(roster.getChild("query")?.getChildElements()).toHaveLength(names);
  });
});

describe("close", () => {
  test("in the midst of a delivery loses nothing of it", async () => {
    const path = temporaryFile();
    const first = await createRig({ store: { sqlite: path } });
    await first.user("away");
    const alice = await first.connect("alice/a");
    const bodies = Array.from({ length: 250 }, (_, n) => `${n}`);
    await alice.sends(
      bodies
        .map((body) => `<message to="away@localhost" type="chat"><body>${body}</body></message>`)
        .join(""),
    );
    const away = await first.connect("away/x", { presence: false });
    // The first batch is on its way, the others are not.
    away.pipe.send("<presence/>");
    await first.close();
    expect(first.errors).toEqual([]);

    const second = await rigOf({ store: { sqlite: path } });
    const back = await second.connect("away/y");
    const last = `<message to="away@localhost" type="chat"><body>the last</body></message>`;
    await back.sends(last);
    const had = new Set(bodiesOf(away.heard));
    const got = new Set(bodiesOf(back.heard));
    expect(bodies.filter((body) => !had.has(body) && !got.has(body))).toEqual([]);
    expect(got.size).toBeGreaterThan(1);
  });

  test("waits for what a client asked for who is gone", async () => {
    const path = temporaryFile();
    // Rounds that take longer than all the rest of closing.
    const config = { modules: { register: { open: true } }, auth: { iterations: 200_000 } };
    const first = await createRig({ store: { sqlite: path }, config });
    const raw = first.raw();
    await raw.opens();
    await raw.receivesAny();
    const fields = "<username>new</username><password>secret of new</password>";
    raw.pipe.send(`<iq type="set" id="r"><query xmlns="jabber:iq:register">${fields}</query></iq>`);
    raw.pipe.end();
    await first.close();
    expect(first.errors).toEqual([]);
    const second = await rigOf({ store: { sqlite: path }, config });
    await expect(second.server.createUser("new@localhost", "other")).rejects.toMatchObject({
      condition: "conflict",
    });
  });

  test("ends although the last commit fails, and lets go of the store", async () => {
    const breakable = new BreakableStore();
    const rig = await createRig({ store: breakable.store });
    await rig.connect("alice/a");
    breakable.isBroken = true;
    await rig.server.close().catch(() => {});
    expect(() => breakable.store.rollback()).toThrow("closed");
  });

  test("turns away who comes later", async () => {
    const rig = await createRig();
    await rig.close();
    const late = rig.raw();
    expect(late.gone).toBe(true);
    expect(rig.server.streams.size).toBe(0);
    expect(rig.errors).toEqual([]);
  });
});

test("a module that fails at the end of a session keeps the others from nothing", async () => {
  const faulty = defineModule({
    name: "faulty",
    implements: [],
    setup: (host) =>
      host.hook("session:close", "guard", () => {
        throw new Error("a fault");
      }),
  });
  const rig = await rigOf({ modules: [faulty, ...defaultModules] });
  const alice = await rig.connect("alice/a");
  const bob = await rig.connect("bob/b");
  await letSee(rig.server, "alice@localhost", "bob@localhost");
  await alice.disconnects();
  await bob.receives(`<presence type="unavailable" from="alice@localhost/a" to="bob@localhost"/>`);
  expect(rig.errors.join()).toMatch(/a hook failed.*faulty/);
});

function bodiesOf(text: string): string[] {
  return [...text.matchAll(/<body>([^<]*)/g)].map(([, body]) => body as string);
}
