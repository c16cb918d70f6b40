import type { TableSpec } from "../../../src/store/store.ts";

export interface EntryOne {
  id: number;
  tags: unknown;
}

export const entryOne: TableSpec<EntryOne> = {
  name: "entries",
  version: 1,
  columns: { id: "int", tags: "json" },
  key: ["id"],
};

/** Two versions later: another key, another type, one column more. */
export interface EntryThree {
  group: number;
  id: string;
  tags: unknown;
  seen: number | null;
}

export const entryThree: TableSpec<EntryThree> = {
  name: "entries",
  version: 3,
  columns: { group: "int", id: "text", tags: "json", seen: "int?" },
  key: ["group", "id"],
  indexes: { by_seen: ["seen"] },
  migrate: (row, from) => {
    if (from !== 1) throw new Error(`no way from ${from}`);
    return { group: Number(row.id) % 3, id: String(row.id), tags: row.tags, seen: null };
  },
};

/** More than one batch of the migration. */
export const ENTRIES: readonly EntryOne[] = Array.from({ length: 1203 }, (_, id) => ({
  id,
  tags: ["t", id],
}));
