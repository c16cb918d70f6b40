import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { exportPie } from "../../../src/admin/transfer/export-pie.ts";
import { importPie } from "../../../src/admin/transfer/import-pie.ts";
import { readPie } from "../../../src/admin/transfer/pie-reader.ts";
import type { TransferReport } from "../../../src/admin/transfer/report.ts";
import { createRig, type Rig, type RigOptions } from "../../../src/testing/create-rig.ts";

export const fixtures = join(import.meta.dirname, "..", "..", "fixtures");

/** A directory that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "jackdaw-transfer-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Files in a directory of their own; the path of the first. */
export function files(contents: Readonly<Record<string, string>>): string {
  const directory = folder();
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(directory, name), text);
  return join(directory, Object.keys(contents)[0] ?? "");
}

export async function rig(options: RigOptions = {}): Promise<Rig> {
  const made = await createRig({ domain: "example.org", ...options });
  onTestFinished(() => made.close());
  return made;
}

export function importInto({ server }: Rig, file: string): Promise<TransferReport> {
  return importPie(readPie(file), { hosts: server.hosts, commit: () => server.commit() });
}

export async function exportFrom({ server }: Rig): Promise<string> {
  let text = "";
  await exportPie(async (xml) => void (text += xml), server.hosts.values());
  return text;
}

export function pie(users: string, host = "example.org"): string {
  return `<?xml version="1.0"?><server-data xmlns="urn:xmpp:pie:0"><host jid="${host}">${users}</host></server-data>`;
}
