import type { TableSpec } from "../../../src/store/store.ts";

export const turnSpec: TableSpec<{ id: number }> = {
  name: "turns",
  version: 1,
  columns: { id: "int" },
  key: ["id"],
};

export const partSpec: TableSpec<{ turn: number; part: number; text: string }> = {
  name: "parts",
  version: 1,
  columns: { turn: "int", part: "int", text: "text" },
  key: ["turn", "part"],
};
