import type { TableSpec } from "../../src/store/store.ts";

/** A row with every type of column. */
export interface Thing {
  id: string;
  size: number;
  data: Buffer;
  json: unknown;
  label: string | null;
  rank: number | null;
  extra: Buffer | null;
  more: unknown;
}

export const thingSpec: TableSpec<Thing> = {
  name: "things",
  version: 1,
  columns: {
    id: "text",
    size: "int",
    data: "blob",
    json: "json",
    label: "text?",
    rank: "int?",
    extra: "blob?",
    more: "json?",
  },
  key: ["id"],
  indexes: { byLabel: ["label"] },
};

export function thing(values: Partial<Thing>): Thing {
  return {
    id: "id",
    size: 0,
    data: Buffer.from("data"),
    json: {},
    label: null,
    rank: null,
    extra: null,
    more: null,
    ...values,
  };
}

/** A row with a key of two columns and indexes that are not unique. */
export interface Note {
  owner: string;
  id: number;
  peer: string | null;
}

export const noteSpec: TableSpec<Note> = {
  name: "notes",
  version: 1,
  columns: { peer: "text?", owner: "text", id: "int" },
  key: ["owner", "id"],
  indexes: { by_peer: ["owner", "peer"], by_id: ["id"] },
};

export function noteRow(owner: string, id: number, peer: string | null = null): Note {
  return { owner, id, peer };
}
