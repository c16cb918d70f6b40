import fc from "fast-check";
import { expect, test } from "vitest";
import type { ArchiveRow } from "../../../../src/modules/mam/archive-row.ts";
import { PackedRows } from "../../../../src/modules/mam/packed-rows.ts";
import { Packer } from "../../../../src/modules/mam/packer.ts";

const text = fc.string({ unit: "grapheme" });
const name = fc.oneof(text, fc.constantFrom("alice@localhost", "bob@localhost", "carol@localhost"));
const int = fc.maxSafeNat();
const row: fc.Arbitrary<ArchiveRow> = fc.record({
  owner: name,
  id: int,
  with: name,
  number: int,
  offset: int,
  label: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  // Often the same as the one before it.
  stanza: fc.oneof(
    text.map((inner) => `<message>${inner}</message>`),
    fc.constantFrom("<message/>", "<message>\n</message>"),
  ),
});
const rows = fc.array(row, { maxLength: 60 });

test("any rows come back as they were", () => {
  const packer = new Packer();
  fc.assert(
    fc.property(rows, (wanted) => {
      for (const each of wanted) packer.add(each);
      const packed = packer.pack();
      expect(PackedRows.read(packed.bytes).rows()).toEqual(wanted);
      expect(packed.marks()).toEqual(wanted.map(({ with: peer, label }) => ({ with: peer, label })));
      expect(packed.allSizes).toBe(wanted.reduce((size, { stanza }) => size + Buffer.byteLength(stanza), 0));
    }),
  );
});

test("rows of several packs come together in another one, as they were", () => {
  const packer = new Packer();
  fc.assert(
    fc.property(name, fc.array(rows, { maxLength: 5 }), rows, (owner, lots, more) => {
      const own = lots.map((lot) => lot.map((each) => ({ ...each, owner })));
      for (const lot of own) {
        const packed = Packer.pack(lot);
        for (let index = 0; index < packed.count; index++) packer.take(packed, index);
      }
      for (const each of more) packer.add(each);
      expect(PackedRows.read(packer.pack().bytes).rows()).toEqual([...own.flat(), ...more]);
    }),
  );
});

test("neighbours with the same message share it, and each other's address", () => {
  const stanza = `<message>${"x".repeat(1000)}</message>`;
  const one = {
    owner: "a".repeat(100),
    id: 1,
    with: "b".repeat(100),
    number: 0,
    offset: 0,
    label: null,
    stanza,
  };
  const { bytes } = Packer.pack([one, { ...one, owner: one.with, with: one.owner }]);
  expect(bytes.length).toBeLessThan(1019 + 200 + 130);
});

test("a pack of which a byte is missing or too many, or that was cut up, is not read", () => {
  const { bytes } = Packer.pack([
    { owner: "a", id: 1, with: "b", number: 0, offset: 0, label: 7, stanza: "<message/>" },
  ]);
  for (let length = 0; length < bytes.length; length++)
    expect(() => PackedRows.read(bytes.subarray(0, length))).toThrow(/missing|else/);
  expect(() => PackedRows.read(Buffer.concat([bytes, bytes]))).toThrow("missing");
});

test("a bit that is another one is noticed, wherever it is", () => {
  const { bytes } = Packer.pack([
    { owner: "a", id: 1, with: "b", number: 0, offset: 0, label: 7, stanza: "<message/>" },
    { owner: "b", id: 1, with: "a", number: 4, offset: 9, label: null, stanza: "<message>2</message>" },
  ]);
  const padded = Buffer.concat([bytes], 512);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    for (const [whole, read] of [
      [bytes, PackedRows.read],
      [padded, PackedRows.readPadded],
    ] as const) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (bit & 7)), at);
      expect(() => read(damaged)).toThrow(/damaged|missing|else|behind/);
    }
  }
  expect(PackedRows.readPadded(padded).count).toBe(2);
});
