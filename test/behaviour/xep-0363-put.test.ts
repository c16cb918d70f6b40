/** XEP-0363 §7: the upload, and what is refused. */
import { statfs } from "node:fs/promises";
import { describe, expect } from "vitest";
import { Jid } from "../../src/index.ts";
import {
  body,
  CAT,
  eventually,
  filesIn,
  getsSlot,
  putsCat,
  SlowBody,
  test,
  uploading,
} from "./upload-client.ts";

describe("a file", () => {
  test("is there when the answer is 201, and what it was", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    expect((await request(get)).status).toBe(404);
    const answer = await request(put, body(CAT));
    expect(answer.status).toBe(201);
    expect(await answer.text()).toBe("");
    const got = await request(get);
    expect(got.status).toBe(200);
    expect(Buffer.from(await got.arrayBuffer())).toEqual(CAT);
  });

  test("comes in pieces of any size", async ({ connect, request, server }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice, { size: 300_000 });
    const slow = new SlowBody();
    const answer = request(put, slow.init(300_000));
    const content = Buffer.alloc(300_000, "abcdefg");
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 200_000],
      [200_000, 300_000],
    ] as const) {
      slow.sends(content.subarray(from, to));
    }
    slow.ends();
    expect((await answer).status).toBe(201);
    expect(Buffer.from(await (await request(get)).arrayBuffer())).toEqual(content);
    const [name] = filesIn(await server.host().folder("uploads"));
    expect(name).toMatch(/^[0-9a-f]{32}$/);
  });

  test("is not there before all of it is", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    const slow = new SlowBody();
    const answer = request(put, slow.init(CAT.length));
    slow.sends(CAT.subarray(0, CAT.length - 1));
    expect((await request(get)).status).toBe(404);
    slow.sends(CAT.subarray(CAT.length - 1));
    slow.ends();
    expect((await answer).status).toBe(201);
    expect((await request(get)).status).toBe(200);
  });

  test("with no type said takes the one it comes with", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    await request(put, body(CAT, { "content-type": "Image/PNG; x=y" }));
    expect((await request(get)).headers.get("content-type")).toBe("image/png");
  });

  test("may come without its type", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice, { type: "image/png" });
    expect((await request(put, body(CAT))).status).toBe(201);
    expect((await request(get)).headers.get("content-type")).toBe("image/png");
  });
});

describe("refused is", () => {
  test.for([
    ["a longer file", Buffer.concat([CAT, CAT]), {}, 413],
    ["a shorter file", CAT.subarray(1), {}, 400],
    [
      "a file that is longer than it says",
      Buffer.concat([CAT, CAT]),
      { "content-length": `${CAT.length}` },
      400,
    ],
    ["a file that is shorter than it says", CAT.subarray(1), { "content-length": `${CAT.length}` }, 400],
    ["a chunked file", CAT, { "transfer-encoding": "chunked" }, 411],
    ["another type", CAT, { "content-type": "text/html" }, 415],
    ["no type at all", CAT, { "content-type": "png" }, 415],
    ["a compressed file", CAT, { "content-encoding": "gzip" }, 415],
  ] as const)(
    "%s, of which nothing is left",
    async ([, content, headers, status], { connect, request, server }) => {
      const alice = await connect("alice/phone");
      const { put, get } = await getsSlot(alice, { type: "image/png" });
      const answer = await request(put, body(content, headers));
      expect(answer.status).toBe(status);
      expect((await request(get)).status).toBe(404);
      expect(filesIn(await server.host().folder("uploads"))).toEqual([]);
      // The slot is still good.
      expect((await request(put, body(CAT, { "content-type": "image/png" }))).status).toBe(201);
    },
  );

  test("a file whose length nobody says", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put } = await getsSlot(alice);
    const init = body(CAT);
    const answer = await request(put, { ...init, headers: {} });
    expect(answer.status).toBe(411);
  });

  test("a slot that was used", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await putsCat(alice, request);
    const dog = Buffer.from("a picture of a dog");
    expect(dog.length).toBe(CAT.length);
    expect((await request(put, body(dog))).status).toBe(409);
    expect(await (await request(get)).text()).toBe(CAT.toString());
  });

  test("a slot that is over, also before anybody cleans up", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    await clock.advance(30_000);
    const { put } = await getsSlot(alice);
    await clock.advance(1);
    const other = await getsSlot(alice);
    await clock.advance(299_999);
    expect((await request(put, body(CAT))).status).toBe(410);
    expect((await request(other.put, body(CAT))).status).toBe(201);
    await clock.advance(60_000);
    await eventually(async () => (await request(put, body(CAT))).status).toBe(403);
  });

  test.for([
    ["without token", (put: string) => put.split("?")[0] ?? ""],
    ["with another token", (put: string) => put.replace(/token=.*/, `token=${"A".repeat(43)}`)],
    ["with a token that is cut", (put: string) => put.slice(0, -1)],
    ["with a longer token", (put: string) => `${put}A`],
    ["with another name", (put: string) => put.replace("cat.png", "dog.png")],
    ["with another id", (put: string) => put.replace(/upload\/../, "upload/zz")],
    ["with a path for an id", (put: string) => put.replace(/upload\/\w+/, "upload/..%2F..%2Fetc")],
  ] as const)("an address %s", async ([, forge], { connect, request, server }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    expect(forge(put)).not.toBe(put);
    expect((await request(forge(put), body(CAT))).status).toBe(403);
    expect((await request(get)).status).toBe(404);
    expect(filesIn(await server.host().folder("uploads"))).toEqual([]);
  });

  test("the token of another slot", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const [one, other] = [await getsSlot(alice), await getsSlot(alice)];
    const forged = `${one.get}?${other.put.split("?")[1]}`;
    expect((await request(forged, body(CAT))).status).toBe(403);
  });

  test("a second upload while the first one is coming in", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    const slow = new SlowBody();
    const first = request(put, slow.init(CAT.length));
    slow.sends(CAT.subarray(0, 5));
    await eventually(async () => (await request(put, body(CAT))).status).toBe(409);
    slow.sends(CAT.subarray(5));
    slow.ends();
    expect((await first).status).toBe(201);
    expect(await (await request(get)).text()).toBe(CAT.toString());
  });

  test("all but one of many at once", async ({ connect, request, server }) => {
    const alice = await connect("alice/phone");
    const { put } = await getsSlot(alice);
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(put, body(CAT))));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
    expect(filesIn(await server.host().folder("uploads"))).toHaveLength(1);
  });

  test.for(["POST", "DELETE", "PATCH"])("%s", async (method, { connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await putsCat(alice, request);
    for (const url of [put, get]) {
      const answer = await request(url, { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe("OPTIONS, HEAD, GET, PUT");
    }
    expect((await request(get)).status).toBe(200);
  });
});

describe("an upload that ends early", () => {
  test("leaves nothing, and its slot can be used again", async ({ connect, request, server }) => {
    const alice = await connect("alice/phone");
    const { put } = await getsSlot(alice);
    const folder = await server.host().folder("uploads");
    const slow = new SlowBody();
    const answer = request(put, slow.init(CAT.length));
    slow.sends(CAT.subarray(0, 5));
    await eventually(() => filesIn(folder)).toHaveLength(1);
    slow.breaks();
    expect((await answer).status).toBe(400);
    expect(filesIn(folder)).toEqual([]);
    expect((await request(put, body(CAT))).status).toBe(201);
  });

  test("because it is too slow is told so, and leaves nothing", async ({
    connect,
    request,
    server,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const { put } = await getsSlot(alice);
    const folder = await server.host().folder("uploads");
    const slow = new SlowBody();
    const answer = request(put, slow.init(CAT.length));
    slow.sends(CAT.subarray(0, 5));
    await eventually(() => filesIn(folder)).toHaveLength(1);
    await clock.advance(60_100);
    expect((await answer).status).toBe(408);
    expect(slow.cancelled).toBe(true);
    expect(filesIn(folder)).toEqual([]);
  });

  test("because the account is removed leaves nothing", async ({ connect, request, server, rig }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    const folder = await server.host().folder("uploads");
    const slow = new SlowBody();
    const answer = request(put, slow.init(CAT.length));
    slow.sends(CAT.subarray(0, 5));
    await eventually(() => filesIn(folder)).toHaveLength(1);
    await server.host().removeUser(Jid.parse("alice@localhost"));
    await rig.user("alice");
    slow.sends(CAT.subarray(5));
    slow.ends();
    expect((await answer).status).toBe(403);
    expect((await request(get)).status).toBe(404);
    expect(filesIn(folder)).toEqual([]);
  });
});

describe("an upload that lasts longer than its slot", () => {
  test.override({ options: uploading({ slotTime: "10s" }) });

  test("is not taken away in between", async ({ connect, request, server, clock }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice, { size: 1_000_000 });
    const folder = await server.host().folder("uploads");
    const slow = new SlowBody();
    const answer = request(put, slow.init(1_000_000));
    slow.sends(Buffer.alloc(500_000));
    await eventually(() => filesIn(folder)).toHaveLength(1);
    await clock.advance(180_000);
    slow.sends(Buffer.alloc(500_000));
    slow.ends();
    expect((await answer).status).toBe(201);
    expect((await request(get)).status).toBe(200);
  });
});

describe("uploads of one account at the same time", () => {
  test.override({ options: uploading({ atOnce: 2 }) });

  test("are limited; those of others go on", async ({ connect, request, server }) => {
    const [alice, bob] = [await connect("alice/phone"), await connect("bob/phone")];
    const folder = await server.host().folder("uploads");
    const slow = [new SlowBody(), new SlowBody()];
    const answers: Promise<Response>[] = [];
    for (const each of slow) answers.push(request((await getsSlot(alice)).put, each.init(CAT.length)));
    await eventually(() => filesIn(folder)).toHaveLength(2);
    const third = await getsSlot(alice);
    const refused = await request(third.put, body(CAT));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    await putsCat(bob, request);
    for (const each of slow) {
      each.sends(CAT);
      each.ends();
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([201, 201]);
    expect((await request(third.put, body(CAT))).status).toBe(201);
  });
});

describe("a disk that is nearly full", () => {
  test.override({ options: uploading({ perDay: "off", perAccount: "off", maxFileSize: "1000 TB" }) });

  test("takes no more files than there is room for, whatever was promised to each", async ({
    connect,
    request,
    server,
  }) => {
    const alice = await connect("alice/phone");
    const folder = await server.host().folder("uploads");
    const { bavail, bsize } = await statfs(folder);
    // More than half of what there is.
    const size = Math.floor(bavail * bsize * 0.7);
    const [first, second] = [await getsSlot(alice, { size }), await getsSlot(alice, { size })];
    const slow = new SlowBody();
    const coming = request(first.put, slow.init(size));
    await eventually(() => filesIn(folder)).toHaveLength(1);
    expect((await request(second.put, new SlowBody().init(size))).status).toBe(507);
    slow.ends();
    expect((await coming).status).toBe(400);
  });
});

describe("a store that fails at the end of the turn", () => {
  test("answers 500, and the file is not there", async ({ connect, request, server, rig }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice);
    const { store } = server;
    const commit = store.commit.bind(store);
    let isBroken = false;
    store.commit = () => {
      if (!isBroken || !store.dirty) return commit();
      void store.rollback();
      throw new Error("the disk is gone");
    };
    isBroken = true;
    expect((await request(put, body(CAT))).status).toBe(500);
    isBroken = false;
    expect((await request(get)).status).toBe(404);
    expect((await request(put, body(CAT))).status).toBe(201);
    expect(rig.errors.length).toBeGreaterThan(0);
    (rig.errors as string[]).length = 0;
  });
});
