/** Opens argv[2] with the third version of the table, and is killed when most rows are migrated. */
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { type EntryThree, entryThree } from "./versions.ts";

let count = 0;
const store = openSqliteStore({ path: process.argv[2] as string });
await store.table<EntryThree>({
  ...entryThree,
  migrate: (row, from) => {
    if (++count === 1000) {
      writeSync(1, "migrating\n");
      process.kill(process.pid, "SIGKILL");
    }
    return entryThree.migrate?.(row, from) as EntryThree;
  },
});
