/** XEP-0363 §5, XEP-0424: how long files are kept, and what makes them go earlier. */
import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import { Jid } from "../../src/index.ts";
import { body, CAT, eventually, filesIn, getsSlot, putsCat, test, uploading } from "./upload-client.ts";

describe("files", () => {
  test.override({ options: uploading({ keep: "10m" }) });

  test("are kept for a time, then they are gone from the disk as well", async ({
    connect,
    request,
    server,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const folder = await server.host().folder("uploads");
    const { get } = await putsCat(alice, request);
    await clock.advance(600_000 - 1);
    expect((await request(get)).status).toBe(200);
    await clock.advance(1);
    expect((await request(get)).status).toBe(404);
    await clock.advance(60_000);
    await eventually(() => filesIn(folder)).toEqual([]);
  });

  test("of a profile stay", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request, { purpose: "<profile/>" });
    await clock.advance(6_000_000);
    expect((await request(get)).status).toBe(200);
  });

  test("that are ephemeral go when their owner said", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    const end = new Date(clock.now() + 300_000).toISOString();
    const { get } = await putsCat(alice, request, { purpose: `<ephemeral expire-before="${end}"/>` });
    expect((await request(get)).headers.get("cache-control")).toContain("max-age=300,");
    await clock.advance(299_999);
    expect((await request(get)).status).toBe(200);
    await clock.advance(1);
    expect((await request(get)).status).toBe(404);
  });

  test("that are ephemeral are not kept longer than others", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    const end = new Date(clock.now() + 300_000).toISOString();
    const { get } = await putsCat(alice, request, { purpose: `<ephemeral expire-before="${end}"/>` });
    await clock.advance(600_000);
    expect((await request(get)).status).toBe(404);
  });
});

describe("many files at the end of their time", () => {
  test.override({ options: uploading({ keep: "10m" }) });

  test("go all at one purge", async ({ connect, request, server, clock }) => {
    const alice = await connect("alice/phone");
    const folder = await server.host().folder("uploads");
    for (let i = 0; i < 120; i++) await putsCat(alice, request);
    expect(filesIn(folder)).toHaveLength(120);
    await clock.advance(660_000);
    await eventually(() => filesIn(folder)).toEqual([]);
  });
});

describe("an account with more than it may have", () => {
  test.override({ options: uploading({ perAccount: "40 B", profile: "40 B" }) });

  test("loses its oldest files", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const others = await putsCat(bob, request);
    const profile = await putsCat(alice, request, { purpose: "<profile/>" });
    const files = [];
    for (let i = 0; i < 3; i++) {
      await clock.advance(1000);
      files.push(await putsCat(alice, request));
    }
    const statuses = await Promise.all(
      [...files, profile, others].map(async ({ get }) => (await request(get)).status),
    );
    expect(statuses).toEqual([404, 200, 200, 200, 200]);
  });

  test("keeps the one that came last", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    // All at the same time.
    for (let i = 0; i < 10; i++) {
      const { get } = await putsCat(alice, request);
      expect((await request(get)).status).toBe(200);
    }
  });

  test("never has more, however many come at once", async ({ connect, request, server, clock }) => {
    const alice = await connect("alice/phone");
    const slots = [];
    for (let i = 0; i < 10; i++) slots.push(await getsSlot(alice));
    const answers = await Promise.all(slots.map(({ put }) => request(put, body(CAT))));
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    const left = await Promise.all(slots.map(async ({ get }) => (await request(get)).status));
    expect(left.filter((status) => status === 200)).toHaveLength(2);
    await clock.advance(60_000);
    const folder = await server.host().folder("uploads");
    await eventually(() => filesIn(folder)).toHaveLength(2);
  });
});

describe("an account with more files than it may have", () => {
  test.override({ options: uploading({ files: 2 }) });

  test("loses its oldest ones", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    const files = [];
    for (let i = 0; i < 4; i++) {
      await clock.advance(1000);
      files.push(await putsCat(alice, request));
    }
    const statuses = await Promise.all(files.map(async ({ get }) => (await request(get)).status));
    expect(statuses).toEqual([404, 404, 200, 200]);
  });
});

describe("a domain with more than it may have", () => {
  test.override({ options: uploading({ perDomain: "40 B" }) });

  test("loses its oldest files, whosesoever they are", async ({ connect, request, clock }) => {
    const files = [];
    for (const name of ["alice", "bob", "carol"]) {
      const client = await connect(`${name}/phone`);
      files.push(await putsCat(client, request));
      await clock.advance(1000);
    }
    const statuses = await Promise.all(files.map(async ({ get }) => (await request(get)).status));
    expect(statuses).toEqual([404, 200, 200]);
  });
});

describe("an account that is removed", () => {
  test("takes its files and slots along, and whoever has the name next has none of them", async ({
    connect,
    request,
    server,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const folder = await server.host().folder("uploads");
    const { get } = await putsCat(alice, request);
    const others = await putsCat(bob, request);
    const { put } = await getsSlot(alice);
    await server.removeUser(Jid.parse("alice@localhost"));
    await connect("alice/tablet");
    expect((await request(get)).status).toBe(404);
    expect((await request(put, body(CAT))).status).toBe(403);
    expect((await request(others.get)).status).toBe(200);
    await clock.advance(60_000);
    await eventually(() => filesIn(folder)).toHaveLength(1);
  });
});

describe("a message that is taken back (XEP-0424)", () => {
  const shows = (url: string) =>
    `<message to="bob@localhost" type="chat" id="m1"><body>${url}</body><x xmlns="jabber:x:oob"><url>${url}</url></x></message>`;
  const takesBack = `<message to="bob@localhost" type="chat" id="r1"><retract xmlns="urn:xmpp:message-retract:1" id="m1"/></message>`;

  test("takes along the file of whoever sent it", async ({ connect, request, server, clock }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request);
    const other = await putsCat(alice, request);
    await alice.sends(shows(get));
    expect((await request(get)).status).toBe(200);
    await alice.sends(takesBack);
    expect((await request(get)).status).toBe(404);
    expect((await request(other.get)).status).toBe(200);
    await clock.advance(60_000);
    const folder = await server.host().folder("uploads");
    await eventually(() => filesIn(folder)).toHaveLength(1);
  });

  test("takes along no file of somebody else", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    await connect("bob/phone");
    const { get } = await putsCat(alice, request);
    const eve = await connect("eve/phone");
    await eve.sends(shows(get));
    await eve.sends(takesBack);
    expect((await request(get)).status).toBe(200);
  });

  test("takes along nothing when it is not the sender's to take back", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const { get } = await putsCat(alice, request);
    await alice.sends(shows(get));
    await bob.sends(takesBack.replace("bob@", "alice@"));
    expect((await request(get)).status).toBe(200);
  });
});

describe("a server that ends", () => {
  test("takes the files of a store in memory along", async ({ connect, request, rig }) => {
    const alice = await connect("alice/phone");
    await putsCat(alice, request);
    const folder = await rig.server.host().folder("uploads");
    expect(filesIn(folder)).toHaveLength(1);
    await rig.close();
    expect(existsSync(folder)).toBe(false);
  });
});
