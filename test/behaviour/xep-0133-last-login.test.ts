/** XEP-0133 Service Administration, version 1.3.1, §4.9: when a user last logged in. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loginsService } from "../../src/modules/logins.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const ALICE = Jid.parse("alice@localhost");

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "jackdaw-logins-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const start = (path: string) => createRig({ store: { sqlite: join(path, "db.sqlite") } });
const lastOf = ({ server }: Rig) => server.host().use(loginsService).last(ALICE);

test("is known at once, and after a restart", async () => {
  const path = folder();
  let rig = await start(path);
  await rig.connect("alice/phone");
  await rig.clock.advance(60_000);
  const at = rig.clock.now();
  await rig.connect("alice/desk");
  expect(await lastOf(rig)).toBe(at);
  await rig.close();
  rig = await start(path);
  expect(await lastOf(rig)).toBe(at);
  await rig.close();
});

test("is written down within seconds", async () => {
  const rig = await start(folder());
  await rig.connect("alice/phone");
  await rig.clock.advance(60_000);
  await rig.connect("alice/desk");
  const { rowsWritten } = rig.server.store as { readonly rowsWritten?: number };
  await rig.clock.advance(5_000);
  expect((rig.server.store as { readonly rowsWritten?: number }).rowsWritten).toBeGreaterThan(
    rowsWritten ?? 0,
  );
  await rig.close();
});
