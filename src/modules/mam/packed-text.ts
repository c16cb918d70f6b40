import { type ArchiveRow, narrow } from "./archive-row.ts";
import { Packer } from "./packer.ts";

/** The first line of the older form says what the rows are; their messages follow, one behind the other. */
interface Head {
  readonly names: readonly string[];
  /** Absent in the first days. */
  readonly first?: number;
  readonly rows: readonly Entry[];
}

type Entry = [
  owner: number,
  /** Behind the first one. */
  id: number,
  peer: number,
  number: number,
  offset: number,
  /** As a signed number; in the first days with more bits in front. */
  label: number | null,
  start: number,
  end: number,
];

/** Rows that an older version packed as text, as they are packed now. What is damaged stays so, and as it is. */
export function repacked(text: string): Buffer {
  try {
    const rows = Packer.pack(unpackText(text));
    rows.check();
    return rows.bytes;
  } catch {
    return Buffer.from(text);
  }
}

function* unpackText(text: string): Generator<ArchiveRow, undefined> {
  const body = text.indexOf("\n") + 1;
  const { names, first = 0, rows } = JSON.parse(text.slice(0, body)) as Head;
  for (const [owner, id, peer, number, offset, label, start, end] of rows) {
    if (body + end > text.length) throw new Error("messages are missing");
    yield {
      owner: names[owner] as string,
      id: first + id,
      with: names[peer] as string,
      number,
      offset,
      label: narrow(label),
      stanza: text.slice(body + start, body + end),
    };
  }
  return undefined;
}
