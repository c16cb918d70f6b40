import type { ArchiveRow } from "./archive-row.ts";

/** What a line says of one row. */
type Entry = [
  owner: number,
  id: number,
  peer: number,
  number: number,
  offset: number,
  label: number | null,
  start: number,
  end: number,
];

interface Head {
  /** Addresses, each once. */
  readonly names: readonly string[];
  readonly rows: readonly Entry[];
}

/**
 * Rows as one text: a line of JSON that says what they are, then their messages, one behind the other. Rows that follow
 * each other with the same message, as those of its sender and its recipient do, share it.
 */
export function packRows(rows: readonly ArchiveRow[]): string {
  const names: string[] = [];
  const places = new Map<string, number>();
  const texts: string[] = [];
  const entries: Entry[] = [];
  let [start, end, last] = [0, 0, ""];
  for (const { owner, id, with: peer, number, offset, label, stanza } of rows) {
    if (stanza !== last) {
      last = stanza;
      texts.push(stanza);
      start = end;
      end += stanza.length;
    }
    entries.push([placeOf(owner), id, placeOf(peer), number, offset, label, start, end]);
  }
  return `${JSON.stringify({ names, rows: entries } satisfies Head)}\n${texts.join("")}`;

  function placeOf(name: string): number {
    let place = places.get(name);
    if (place === undefined) {
      place = names.push(name) - 1;
      places.set(name, place);
    }
    return place;
  }
}

/** The way back. */
export function unpackRows(text: string): ArchiveRow[] {
  const body = text.indexOf("\n") + 1;
  const { names, rows } = JSON.parse(text.slice(0, body)) as Head;
  return rows.map(([owner, id, peer, number, offset, label, start, end]) => ({
    owner: names[owner] as string,
    id,
    with: names[peer] as string,
    number,
    offset,
    label,
    stanza: text.slice(body + start, body + end),
  }));
}
