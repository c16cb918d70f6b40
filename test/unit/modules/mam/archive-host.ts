import type { JournalHost } from "../../../../src/modules/mam/journal.ts";
import type { Store, Table, TableSpec } from "../../../../src/store/store.ts";
import { VirtualClock } from "../../../../src/testing/virtual-clock.ts";
import { silentLogger } from "../../../../src/util/logger.ts";

interface ArchiveHost extends JournalHost {
  /** Those that were opened, by their names. */
  readonly tables: ReadonlyMap<string, Table<object>>;
}

/**
 * What archives need of a host. A store opens a table once: a second archive of the same host is that of another server on
 * the same rows, after a restart.
 */
export function archiveHost(
  store: Store,
  { clock = new VirtualClock(), log = silentLogger }: Partial<Pick<JournalHost, "clock" | "log">> = {},
): ArchiveHost {
  const tables = new Map<string, Table<object>>();
  return {
    domain: "localhost",
    clock,
    log,
    tables,
    beforeCommit: (late) => store.beforeCommit(late),
    table: async <R extends object>(spec: TableSpec<R>) => {
      if (!tables.has(spec.name)) {
        tables.set(spec.name, (await store.table(spec)) as Table<object>);
      }
      return tables.get(spec.name) as never;
    },
  };
}
