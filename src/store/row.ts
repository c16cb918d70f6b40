import type { Cell, ColumnLayout, Layout } from "./layout.ts";

const EXPECTED = {
  text: "a well-formed string",
  int: "a safe integer",
  blob: "a Buffer",
  json: "a JSON value",
} as const;

/** One value as it is stored. Throws a TypeError, without the value, if it does not fit the column. */
function encodeCell(column: ColumnLayout, value: unknown): Cell {
  if (value === null && column.nullable) return null;
  switch (column.type) {
    case "text":
      // A lone surrogate has no UTF-8 form: two different keys would become one.
      if (typeof value === "string" && value.isWellFormed()) return value;
      break;
    case "int":
      if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0; // -0 becomes 0
      break;
    case "blob":
      if (Buffer.isBuffer(value)) return value;
      break;
    case "json": {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined) return text;
    }
  }
  const expected = EXPECTED[column.type] + (column.nullable ? " or null" : "");
  throw new TypeError(`${column.label}: expected ${expected}, got ${value === null ? "null" : typeof value}`);
}

/** A value to compare with: of a `text` or `int` column. */
export function encodeOperand(column: ColumnLayout, value: unknown): Cell {
  if (column.type === "text" || column.type === "int") return encodeCell(column, value);
  throw new TypeError(`${column.label}: ${column.type} cannot be compared`);
}

/** A whole row, in the order of the columns. Throws a TypeError if it has too few columns, or others. */
export function encodeRow(layout: Layout, row: object): Cell[] {
  const values = row as Record<string, unknown>;
  const cells = layout.columns.map((column) => encodeCell(column, values[column.name]));
  if (Object.keys(row).length !== cells.length) {
    const unknown = Object.keys(row).find((name) => !layout.byName.has(name));
    throw new TypeError(`table ${layout.name}: no column ${unknown}`);
  }
  return cells;
}

/** The way back, for `json`: `null` is that of the column or that of JSON. */
export function decodeJson(cell: unknown): unknown {
  return typeof cell === "string" ? JSON.parse(cell) : null;
}
