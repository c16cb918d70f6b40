/** XEP-0363: uploads outlive the server, and what a crash left does not. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Jid } from "../../src/index.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { body, CAT, eventually, filesIn, getsSlot, putsCat, uploading } from "./upload-client.ts";

/** A folder in which servers are started one after another. */
function place(upload: object = {}): { readonly folder: string; start(): Promise<Rig> } {
  const path = mkdtempSync(join(tmpdir(), "jackdaw-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const options = { ...uploading(upload), store: { sqlite: join(path, "db.sqlite") } };
  return {
    folder: join(path, "uploads"),
    async start() {
      const rig = await createRig(options);
      onTestFinished(() => rig.close());
      await rig.server.listen();
      return rig;
    },
  };
}

/** The same path at another server, which listens elsewhere. */
const pathOf = (url: string) => url.replace(/^https?:\/\/[^/]+/, "");

describe("after a restart", () => {
  test("files and slots are there", async () => {
    const { folder, start } = place();
    const first = await start();
    const alice = await first.connect("alice/phone");
    const { get } = await putsCat(alice, first.request.bind(first));
    const slot = await getsSlot(alice);
    await first.close();
    expect(filesIn(folder)).toHaveLength(1);
    const second = await start();
    expect(await (await second.request(pathOf(get))).text()).toBe(CAT.toString());
    expect((await second.request(pathOf(slot.put), body(CAT))).status).toBe(201);
    expect((await second.request(pathOf(slot.get))).status).toBe(200);
  });

  test("an account has used up what it had before", async () => {
    const { start } = place({ slotsPerHour: 1 });
    const first = await start();
    await getsSlot(await first.connect("alice/phone"));
    await first.close();
    const second = await start();
    await expect(getsSlot(await second.connect("alice/phone"))).rejects.toThrow("resource-constraint");
  });
});

test("a server that ends gives up what is coming in, which may come again when it is back", async () => {
  const { folder, start } = place();
  const first = await start();
  const { put } = await getsSlot(await first.connect("alice/phone"));
  const { hostname, port, pathname, search } = new URL(put);
  const headers = { host: hostname, "content-length": CAT.length };
  const upload = httpRequest({ host: "127.0.0.1", port, path: pathname + search, method: "PUT", headers });
  const answered = once(upload, "response");
  upload.write(CAT.subarray(0, 5));
  await eventually(() => filesIn(folder)).toHaveLength(1);
  await first.close();
  const [{ statusCode }] = (await answered) as [IncomingMessage];
  expect(statusCode).toBe(503);
  expect(filesIn(folder)).toEqual([]);
  expect(first.errors).toEqual([]);
  const second = await start();
  expect((await second.request(pathOf(put), body(CAT))).status).toBe(201);
});

describe("what a server left that was killed", () => {
  test("in the middle of an upload, or before it was in the store, goes at the start", async () => {
    const { folder, start } = place();
    const first = await start();
    const alice = await first.connect("alice/phone");
    const { get } = await putsCat(alice, first.request.bind(first));
    const slots = [await getsSlot(alice), await getsSlot(alice)];
    await first.close();
    const [half, whole] = slots.map((slot) => slot.get.split("/").at(-2) ?? "");
    for (const name of [`${half}.part`, whole] as string[]) {
      mkdirSync(join(folder, name.slice(0, 2)), { recursive: true });
      writeFileSync(join(folder, name.slice(0, 2), name), CAT);
    }
    expect(filesIn(folder)).toHaveLength(3);
    const second = await start();
    expect(filesIn(folder)).toEqual([get.split("/").at(-2)]);
    for (const { put } of slots) expect((await second.request(pathOf(put), body(CAT))).status).toBe(201);
  });

  test("between the removal of an account and that of its files goes with the next purge", async () => {
    const { folder, start } = place();
    const first = await start();
    const alice = await first.connect("alice/phone");
    await putsCat(alice, first.request.bind(first));
    await first.server.removeUser(Jid.parse("alice@localhost"));
    await first.close();
    expect(filesIn(folder)).toHaveLength(1);
    const second = await start();
    await second.clock.advance(60_000);
    await eventually(() => filesIn(folder)).toEqual([]);
  });
});

test("a file that somebody took off the disk is not there", async () => {
  const { folder, start } = place();
  const rig = await start();
  const alice = await rig.connect("alice/phone");
  const request = rig.request.bind(rig);
  const { get } = await putsCat(alice, request);
  rmSync(folder, { recursive: true });
  expect((await request(get)).status).toBe(404);
  // The next upload makes the folder anew.
  const next = await putsCat(alice, request);
  expect((await request(next.get)).status).toBe(200);
});

test("folders and files are nobody else's", async () => {
  const { folder, start } = place();
  const rig = await start();
  const { get } = await putsCat(await rig.connect("alice/phone"), rig.request.bind(rig));
  const id = get.split("/").at(-2) ?? "";
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, id.slice(0, 2), id)).mode & 0o777).toBe(0o600);
});
