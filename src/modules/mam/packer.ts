import type { ArchiveRow } from "./archive-row.ts";
import { FORM, HEAD, PART, PackedRows, RECORD, seal, UNLABELLED } from "./packed-rows.ts";

/** A text that the next rows may share, and where it is. */
interface Shared {
  /** undefined: it came as bytes. */
  text: string | undefined;
  start: number;
  length: number;
}

/** Bytes that are kept for the next pack. */
const ROOM = 65_536;
/** In UTF-8, of one UTF-16 unit. */
const MAX_UNIT_BYTES = 3;

/** Puts rows together, one after the other. */
export class Packer {
  #records = new DataView(new ArrayBuffer(16 * RECORD));
  #texts = Buffer.allocUnsafeSlow(4096);
  #length = 0;
  #count = 0;
  /** Sender and recipient mostly get the same message, one after the other, and each is the other's peer. */
  readonly #stanza: Shared = { text: undefined, start: 0, length: 0 };
  /** Of rows that were taken. */
  readonly #owner: Shared = { text: undefined, start: 0, length: 0 };
  #name: Shared = { text: undefined, start: 0, length: 0 };
  #other: Shared = { text: undefined, start: 0, length: 0 };

  static pack(rows: Iterable<ArchiveRow>): PackedRows {
    const packer = new Packer();
    for (const row of rows) packer.add(row);
    return packer.pack();
  }

  get count(): number {
    return this.#count;
  }

  /** Whether the last row has the same message. */
  shares(stanza: string): boolean {
    return this.#stanza.text === stanza;
  }

  add({ owner, id, with: peer, number, offset, label, stanza }: ArchiveRow): void {
    const at = this.#record(id, number, offset, label ?? UNLABELLED);
    this.#place(at + PART.owner, this.#nameOf(owner));
    this.#place(at + PART.peer, this.#nameOf(peer));
    if (!this.shares(stanza)) this.#write(this.#stanza, stanza);
    this.#place(at + PART.stanza, this.#stanza);
  }

  /** Adds a row of another pack; whatever is taken until `pack` is of one archive. */
  take(rows: PackedRows, index: number): void {
    const at = this.#record(
      rows.number(index, PART.id),
      rows.number(index, PART.number),
      rows.number(index, PART.offset),
      rows.number(index, PART.label),
    );
    if (this.#owner.length === 0) this.#copy(this.#owner, rows, index, PART.owner);
    this.#place(at + PART.owner, this.#owner);
    if (!this.#isAt(this.#name, rows, index)) this.#copy(this.#name, rows, index, PART.peer);
    this.#place(at + PART.peer, this.#name);
    this.#copy(this.#stanza, rows, index, PART.stanza);
    this.#place(at + PART.stanza, this.#stanza);
  }

  /** What was added; then there is nothing. */
  pack(): PackedRows {
    const texts = HEAD + this.#count * RECORD;
    const bytes = Buffer.allocUnsafeSlow(texts + this.#length);
    bytes.writeUInt32LE(FORM, 0);
    bytes.writeUInt32LE(this.#count, 4);
    bytes.writeUInt32LE(this.#length, 8);
    bytes.set(new Uint8Array(this.#records.buffer, 0, this.#count * RECORD), HEAD);
    this.#texts.copy(bytes, texts, 0, this.#length);
    seal(bytes);
    this.clear();
    return new PackedRows(bytes);
  }

  clear(): void {
    this.#count = 0;
    this.#length = 0;
    for (const shared of [this.#stanza, this.#owner, this.#name, this.#other]) {
      shared.text = undefined;
      shared.length = 0;
    }
    if (this.#texts.length > ROOM) this.#texts = Buffer.allocUnsafeSlow(ROOM);
    if (this.#records.byteLength > ROOM) this.#records = new DataView(new ArrayBuffer(ROOM));
  }

  /** Begins a row; where its record is. */
  #record(id: number, number: number, offset: number, label: number): number {
    const at = this.#count++ * RECORD;
    if (at + RECORD > this.#records.byteLength) {
      const larger = new Uint8Array(2 * this.#records.byteLength);
      larger.set(new Uint8Array(this.#records.buffer));
      this.#records = new DataView(larger.buffer);
    }
    this.#records.setFloat64(at + PART.id, id, true);
    this.#records.setFloat64(at + PART.number, number, true);
    this.#records.setFloat64(at + PART.offset, offset, true);
    this.#records.setFloat64(at + PART.label, label, true);
    return at;
  }

  #place(at: number, { start, length }: Shared): void {
    this.#records.setUint32(at, start, true);
    this.#records.setUint32(at + 4, length, true);
  }

  #nameOf(name: string): Shared {
    if (name === this.#name.text) return this.#name;
    if (name === this.#other.text) return this.#other;
    const shared = this.#forget();
    this.#write(shared, name);
    return shared;
  }

  /** The name for which there is no more room. */
  #forget(): Shared {
    const forgotten = this.#other;
    this.#other = this.#name;
    this.#name = forgotten;
    return forgotten;
  }

  /** Whether it is the peer of that row. */
  #isAt({ start, length }: Shared, rows: PackedRows, index: number): boolean {
    if (length === 0 || length !== rows.length(index, PART.peer)) return false;
    const there = rows.start(index, PART.peer);
    for (let place = 0; place < length; place++)
      if (this.#texts[start + place] !== rows.bytes[there + place]) return false;
    return true;
  }

  #write(shared: Shared, text: string): void {
    this.#makeRoom(text.length * MAX_UNIT_BYTES);
    shared.text = text;
    shared.start = this.#length;
    shared.length = this.#texts.write(text, this.#length);
    this.#length += shared.length;
  }

  #copy(shared: Shared, rows: PackedRows, index: number, part: number): void {
    const start = rows.start(index, part);
    const length = rows.length(index, part);
    this.#makeRoom(length);
    rows.bytes.copy(this.#texts, this.#length, start, start + length);
    shared.text = undefined;
    shared.start = this.#length;
    shared.length = length;
    this.#length += length;
  }

  #makeRoom(bytes: number): void {
    const wanted = this.#length + bytes;
    if (wanted <= this.#texts.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#texts.length));
    this.#texts.copy(larger, 0, 0, this.#length);
    this.#texts = larger;
  }
}
