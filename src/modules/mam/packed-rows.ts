import type { ArchiveRow } from "./archive-row.ts";

/** What the first line says of one row. Small numbers are written, and read, several times as fast as large ones. */
type Entry = [
  owner: number,
  /** Behind the first one. */
  id: number,
  peer: number,
  number: number,
  offset: number,
  /** As a signed number. */
  label: number | null,
  start: number,
  end: number,
];

interface Head {
  /** Addresses, each once. */
  readonly names: readonly string[];
  readonly first?: number;
  readonly rows: readonly Entry[];
}

/**
 * Rows as one text: a line of JSON that says what they are, then their messages, one behind the other. Rows that follow
 * each other with the same message, as those of its sender and its recipient do, share it.
 */
export function packRows(rows: readonly ArchiveRow[]): string {
  const names: string[] = [];
  const places = new Map<string, number>();
  /** The line, and behind it the messages. */
  const texts = [""];
  const entries: Entry[] = [];
  const first = rows[0]?.id ?? 0;
  let [start, end, last] = [0, 0, ""];
  for (const { owner, id, with: peer, number, offset, label, stanza } of rows) {
    if (stanza !== last) {
      last = stanza;
      texts.push(stanza);
      start = end;
      end += stanza.length;
    }
    const signed = label === null ? null : label | 0;
    const [place, peerPlace] = [placeOf(owner), placeOf(peer)];
    entries.push([place, small(id - first), peerPlace, small(number), small(offset), signed, start, end]);
  }
  texts[0] = `${JSON.stringify({ names, first, rows: entries } satisfies Head)}\n`;
  return texts.join("");

  function placeOf(name: string): number {
    let place = places.get(name);
    if (place === undefined) {
      place = names.push(name) - 1;
      places.set(name, place);
    }
    return place;
  }
}

/** The same number, in the form that is written fastest. */
function small(number: number): number {
  const integer = number | 0;
  return integer === number ? integer : number;
}

/** The way back. */
export function unpackRows(text: string): ArchiveRow[] {
  const body = text.indexOf("\n") + 1;
  // Packs of the first days have no `first`, and labels of more bits.
  const { names, first = 0, rows } = JSON.parse(text.slice(0, body)) as Head;
  return rows.map(([owner, id, peer, number, offset, label, start, end]) => ({
    owner: names[owner] as string,
    id: first + id,
    with: names[peer] as string,
    number,
    offset,
    label: label === null ? null : label >>> 0,
    stanza: text.slice(body + start, body + end),
  }));
}

/** As `unpackRows`. @throws Error where it can be seen that this is not what `packRows` made of messages. */
export function unpackIntact(text: string): ArchiveRow[] {
  const rows = unpackRows(text);
  let [length, last] = [0, ""];
  for (const row of rows) {
    if (!isIntact(row)) throw new Error("a row is damaged");
    if (row.stanza !== last) length += row.stanza.length;
    last = row.stanza;
  }
  if (length !== text.length - text.indexOf("\n") - 1) throw new Error("messages are missing");
  return rows;
}

function isIntact({ owner, id, with: peer, number, offset, label, stanza }: ArchiveRow): boolean {
  return (
    typeof owner === "string" &&
    typeof peer === "string" &&
    [id, number, offset, label ?? 0].every((each) => Number.isSafeInteger(each)) &&
    stanza.startsWith("<message") &&
    stanza.endsWith(">")
  );
}
