/** XEP-0363: what administrators see of uploads, and what they can do about them. */
import { expect } from "vitest";
import { runCommand } from "../../src/admin/command.ts";
import type { AdminContext } from "../../src/admin/context.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import {
  listUploads,
  removeAllUploads,
  removeUpload,
  showUploadUsage,
} from "../../src/admin/upload-commands.ts";
import type { XmppServer } from "../../src/server.ts";
import { body, CAT, getsSlot, putsCat, test, uploading } from "./upload-client.ts";

function contextOf(server: XmppServer): AdminContext {
  return { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
}

test("files are listed, the latest first, without their addresses", async ({
  connect,
  request,
  server,
  clock,
}) => {
  const context = contextOf(server);
  const [alice, bob] = [await connect("alice/phone"), await connect("bob/phone")];
  const first = await putsCat(alice, request, { type: "image/png" });
  await getsSlot(alice);
  await clock.advance(1000);
  await putsCat(bob, request, { filename: "bob.png", purpose: "<profile/>" });
  const { uploads, total } = await runCommand(listUploads, context, {});
  expect(uploads.map(({ owner, name }) => `${owner} ${name}`)).toEqual([
    "bob@localhost bob.png",
    "alice@localhost cat.png",
  ]);
  expect(total).toBe(2);
  expect(uploads[1]).toEqual({
    id: first.get.split("/").at(-2),
    owner: "alice@localhost",
    name: "cat.png",
    type: "image/png",
    size: CAT.length,
    stored: "2025-01-01T12:00:00.000Z",
    expires: "2025-04-01T12:00:00.000Z",
  });
  expect(uploads[0]).not.toHaveProperty("expires");
  const alices = await runCommand(listUploads, context, { user: "alice@localhost" });
  expect(alices.uploads.map(({ owner }) => owner)).toEqual(["alice@localhost"]);
  expect((await runCommand(listUploads, context, { limit: 1 })).uploads).toHaveLength(1);
});

test("what there is adds up", async ({ connect, request, server }) => {
  const context = contextOf(server);
  const [alice, bob] = [await connect("alice/phone"), await connect("bob/phone")];
  for (const client of [alice, alice, bob]) await putsCat(client, request);
  expect(await runCommand(showUploadUsage, context, {})).toEqual({ files: 3, bytes: 3 * CAT.length });
  expect(await runCommand(showUploadUsage, context, { user: "alice@localhost" })).toEqual({
    files: 2,
    bytes: 2 * CAT.length,
    limit: 5_000_000_000,
  });
  expect(await runCommand(showUploadUsage, context, { user: "eve@localhost" })).toMatchObject({ files: 0 });
});

test("a file that is removed is gone at once", async ({ connect, request, server }) => {
  const context = contextOf(server);
  const alice = await connect("alice/phone");
  const { put, get } = await putsCat(alice, request);
  const id = get.split("/").at(-2) ?? "";
  expect(await runCommand(removeUpload, context, { id })).toEqual({ id });
  expect((await request(get)).status).toBe(404);
  expect((await request(put, body(CAT))).status).toBe(403);
  expect(await runCommand(showUploadUsage, context, {})).toMatchObject({ files: 0, bytes: 0 });
  await expect(runCommand(removeUpload, context, { id })).rejects.toThrow(`there is no file ${id}`);
});

test("all files of an account can be removed, and its slots with them", async ({
  connect,
  request,
  server,
}) => {
  const context = contextOf(server);
  const [alice, bob] = [await connect("alice/phone"), await connect("bob/phone")];
  const files = [await putsCat(alice, request), await putsCat(alice, request)];
  const slot = await getsSlot(alice);
  const other = await putsCat(bob, request);
  expect(await runCommand(removeAllUploads, context, { user: "alice@localhost" })).toEqual({
    user: "alice@localhost",
    files: 2,
  });
  for (const { get } of files) expect((await request(get)).status).toBe(404);
  expect((await request(slot.put, body(CAT))).status).toBe(403);
  expect((await request(other.get)).status).toBe(200);
  await expect(runCommand(removeAllUploads, context, { user: "eve@localhost" })).rejects.toThrow(
    "no account",
  );
});

test("the metrics count what comes and goes", async ({ connect, request, server }) => {
  const alice = await connect("alice/phone");
  const { get } = await putsCat(alice, request);
  await request(get);
  await request(get, { headers: { range: "bytes=0-4" } });
  await request(get, { method: "HEAD" });
  expect(server.metrics.snapshot()).toMatchObject({
    jackdaw_uploads: 1,
    jackdaw_upload_bytes: CAT.length,
    jackdaw_downloads: 2,
    jackdaw_download_bytes: CAT.length + 5,
  });
});

test.describe("where uploads are switched off", () => {
  test.override({ options: { ...uploading({}), config: { modules: { upload: false } } } });

  test("the commands say so", async ({ server }) => {
    await expect(runCommand(listUploads, contextOf(server), {})).rejects.toThrow("switched off");
  });
});
