import type { Host } from "../../core/host.ts";
import type { Archive } from "./archive.ts";

interface Limits {
  /** Milliseconds; 0: for ever. */
  readonly keep: number;
  readonly messages: number;
  /** Bytes. */
  readonly size: number;
}

const PURGE_INTERVAL_MS = 3_600_000;
/** In which the text of a message that was retracted is gone. */
const RETRACTION_INTERVAL_MS = 60_000;

/** Sees to it that the archives of this host's accounts, and of what is below it, stay within the limits. */
export function keepWithin(
  host: Pick<Host, "domain" | "services" | "clock" | "log" | "metrics" | "every">,
  archive: Archive,
  limits: Limits,
): void {
  const purged = host.metrics.counter(
    "jackdaw_archive_purged",
    "messages deleted from archives by age or size",
  );
  // The table is shared with the other domains, which do the same.
  const isOurs = (owner: string) => {
    const domain = owner.slice(owner.indexOf("@") + 1);
    return domain === host.domain || host.services.some((service) => service.domain === domain);
  };

  host.every(PURGE_INTERVAL_MS, async () => {
    for await (const owner of archive.owners()) if (isOurs(owner)) await tryTrim(owner);
  });

  host.every(RETRACTION_INTERVAL_MS, () => archive.forgetReplaced());

  // Between two rounds an archive exceeds its limits by what it gets until it is looked at, and no more.
  archive.onGrown = (owner) => {
    if (isOurs(owner)) void tryTrim(owner);
  };

  /** One that cannot be trimmed holds up no other. */
  async function tryTrim(owner: string): Promise<void> {
    try {
      await trim(owner);
    } catch (error) {
      host.log.error("an archive was not trimmed", { owner, error: String(error) });
    }
  }

  async function trim(owner: string): Promise<void> {
    const since = limits.keep > 0 ? host.clock.now() - limits.keep : 0;
    purged.inc(await archive.trim(owner, { messages: limits.messages, bytes: limits.size, since }));
  }
}
