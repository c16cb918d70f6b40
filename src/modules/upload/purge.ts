import type { Host } from "../../core/host.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { UploadStore } from "./upload-store.ts";

/** How often, milliseconds. */
const EVERY_MS = 60_000;
/** Files that are removed before others have their turn. */
const SLICE = 50;

export interface PurgeParts {
  readonly host: Host;
  readonly store: UploadStore;
  readonly files: UploadFiles;
  /** Slots whose file is coming in: they may last longer than they would. */
  readonly active: ReadonlyMap<string, unknown>;
}

/** Removes files whose time is over, then their rows, so that a file without a row is never. Settles when there is none left. */
async function purge({ host, store, files, active }: PurgeParts): Promise<void> {
  // The store ends with the server; rows that are left are found again at the next start.
  const { closing } = host.http;
  while (!closing.aborted) {
    const ended = await store.ended(host.clock.now(), SLICE + active.size);
    const rows = ended.filter(({ id }) => !active.has(id));
    if (rows.length === 0) return;
    // A removal that is lost again must not have taken the file along.
    await host.commit();
    await Promise.all(rows.map(({ id }) => files.remove(id)));
    if (closing.aborted) return;
    for (const { id } of rows) await store.erase(id);
  }
}

/** At the start and every minute. What a server that was killed left of uploads goes at once. */
export async function keepPurging(parts: PurgeParts): Promise<void> {
  const { host, store, files } = parts;
  for (const { id } of await store.waiting()) await files.remove(id);
  let running = false;
  const once = async () => {
    if (running) return;
    running = true;
    try {
      await purge(parts);
    } finally {
      running = false;
    }
  };
  host.every(EVERY_MS, once);
}
