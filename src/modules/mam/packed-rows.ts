import { crc32 } from "node:zlib";
import type { ArchiveRow, Position } from "./archive-row.ts";

/** The first bytes: which form this is. */
export const FORM = 1;
/** Bytes: the form, the number of rows, how long their texts are, and the checksum of all of it but itself; 4 each. */
export const HEAD = 16;
const CHECKSUM = 12;
/** Bytes that are said of one row. */
export const RECORD = 56;
/** Where in a record each part is. A number has 8 bytes; a text has 4 for its place among the texts and 4 for its length. */
export const PART = { id: 0, number: 8, offset: 16, label: 24, stanza: 32, owner: 40, peer: 48 } as const;
/** In place of a label; labels are not negative. */
export const UNLABELLED = -1;

export type Mark = Pick<ArchiveRow, "with" | "label">;

const OPENING = Buffer.from("<message");
const CLOSING = Buffer.from(">");

/**
 * Rows as bytes: a record of one size for each of them, then their texts in UTF-8, one behind the other; what rows share
 * is there once. Rows go from one pack to another without becoming text. `Packer` makes them.
 */
export class PackedRows {
  readonly bytes: Buffer;
  readonly count: number;
  readonly #view: DataView;
  /** Where the texts begin. */
  readonly #texts: number;

  /** Of bytes that a `Packer` made; others go through `read`. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.count = this.#view.getUint32(4, true);
    this.#texts = HEAD + this.count * RECORD;
  }

  /** @throws Error when a `Packer` did not make this, or when it is damaged. */
  static read(bytes: Buffer): PackedRows {
    if (bytes.length < HEAD || bytes.readUInt32LE(0) !== FORM) throw new Error("this is something else");
    if (bytes.length !== lengthIn(bytes)) throw new Error("something is missing");
    // A bit may make another text of what is said of one, or another number, or the archive of somebody else.
    if (bytes.readUInt32LE(CHECKSUM) !== checksumOf(bytes)) throw new Error("something is damaged");
    return new PackedRows(bytes);
  }

  /** As `read`, of bytes that were made longer by zeros. */
  static readPadded(bytes: Buffer): PackedRows {
    if (bytes.length < HEAD) throw new Error("nothing is there");
    const end = lengthIn(bytes);
    if (bytes.subarray(end).some((byte) => byte !== 0)) throw new Error("something is behind it");
    return PackedRows.read(bytes.subarray(0, end));
  }

  id(index: number): number {
    return this.number(index, PART.id);
  }

  owner(index: number): string {
    return this.#text(index, PART.owner);
  }

  /** Bytes of its message. */
  size(index: number): number {
    return this.length(index, PART.stanza);
  }

  /** Bytes of all messages. */
  get allSizes(): number {
    let size = 0;
    for (let index = 0; index < this.count; index++) size += this.size(index);
    return size;
  }

  position(index: number): Position {
    return {
      id: this.number(index, PART.id),
      number: this.number(index, PART.number),
      offset: this.number(index, PART.offset),
    };
  }

  row(index: number): ArchiveRow {
    return {
      owner: this.#text(index, PART.owner),
      id: this.number(index, PART.id),
      with: this.#text(index, PART.peer),
      number: this.number(index, PART.number),
      offset: this.number(index, PART.offset),
      label: this.#label(index),
      stanza: this.#text(index, PART.stanza),
    };
  }

  /** Whose archives they are for, some of them several times. */
  owners(): string[] {
    return Array.from({ length: this.count }, (_, index) => this.owner(index));
  }

  /** Whose messages these are, and their labels: what rows are found by. */
  marks(): Mark[] {
    let [start, length, peer] = [-1, -1, ""];
    return Array.from({ length: this.count }, (_, index) => {
      // Neighbours share it, mostly.
      if (this.start(index, PART.peer) !== start || this.length(index, PART.peer) !== length) {
        start = this.start(index, PART.peer);
        length = this.length(index, PART.peer);
        peer = this.#text(index, PART.peer);
      }
      return { with: peer, label: this.#label(index) };
    });
  }

  rows(): ArchiveRow[] {
    return Array.from({ length: this.count }, (_, index) => this.row(index));
  }

  number(index: number, part: number): number {
    return this.#view.getFloat64(HEAD + index * RECORD + part, true);
  }

  /** Where in `bytes` a text begins. */
  start(index: number, part: number): number {
    return this.#texts + this.#view.getUint32(HEAD + index * RECORD + part, true);
  }

  /** Of a text; bytes. */
  length(index: number, part: number): number {
    return this.#view.getUint32(HEAD + index * RECORD + part + 4, true);
  }

  #label(index: number): number | null {
    const label = this.number(index, PART.label);
    return label === UNLABELLED ? null : label;
  }

  #text(index: number, part: number): string {
    const start = this.start(index, part);
    return this.bytes.toString("utf8", start, start + this.length(index, part));
  }

  /** @throws Error when this was made of what are no messages. */
  check(): void {
    for (let index = 0; index < this.count; index++) {
      for (const part of [PART.id, PART.number, PART.offset, PART.label])
        if (!Number.isSafeInteger(this.number(index, part))) throw new Error("a number is damaged");
      if (!this.#isMessage(index)) throw new Error("a message is damaged");
    }
  }

  #isMessage(index: number): boolean {
    const start = this.start(index, PART.stanza);
    const end = start + this.size(index);
    const isOpened = this.bytes.compare(OPENING, 0, OPENING.length, start, start + OPENING.length) === 0;
    return isOpened && this.bytes[end - 1] === CLOSING[0];
  }
}

/** What the head says. */
function lengthIn(bytes: Buffer): number {
  return HEAD + bytes.readUInt32LE(4) * RECORD + bytes.readUInt32LE(8);
}

/** Closes what a `Packer` has made. */
export function seal(bytes: Buffer): void {
  bytes.writeUInt32LE(checksumOf(bytes), CHECKSUM);
}

function checksumOf(bytes: Buffer): number {
  return crc32(bytes.subarray(HEAD), crc32(bytes.subarray(0, CHECKSUM)));
}
