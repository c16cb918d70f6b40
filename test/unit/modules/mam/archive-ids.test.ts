import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { createArchiveIds } from "../../../../src/modules/mam/archive-ids.ts";

const ids = createArchiveIds(Buffer.alloc(16, 7));
const NUMBERS = [0, 1, 2, 1_735_732_800_000_000, 1_735_732_800_000_001, Number.MAX_SAFE_INTEGER];

test("an id is read back, also by another process with the same key", () => {
  const other = createArchiveIds(Buffer.alloc(16, 7));
  for (const number of NUMBERS) expect(other.decode(ids.encode(number))).toBe(number);
});

test("an id is always the same, fit for an attribute, and like no other", () => {
  const texts = NUMBERS.map((number) => ids.encode(number));
  expect(texts).toEqual(NUMBERS.map((number) => ids.encode(number)));
  for (const text of texts) expect(text).toMatch(/^[\w-]{22}$/);
  expect(new Set(texts.map((text) => text.slice(0, 6))).size).toBe(NUMBERS.length);
});

test("an id is the number as one block of AES-128, as it always was", () => {
  const cipher = createCipheriv("aes-128-ecb", Buffer.alloc(16, 7), null).setAutoPadding(false);
  for (const number of NUMBERS) {
    const block = Buffer.alloc(16);
    block.writeBigUInt64BE(BigInt(number));
    expect(ids.encode(number)).toBe(cipher.update(block).toString("base64url"));
  }
});

test("what another key made, or nobody, is no id", () => {
  const foreign = createArchiveIds(Buffer.alloc(16, 8)).encode(1);
  for (const text of [
    foreign,
    "",
    "1",
    "A".repeat(22),
    "A".repeat(21),
    "A".repeat(10_000),
    `${ids.encode(1)}=`,
  ]) {
    expect(ids.decode(text)).toBeUndefined();
  }
});
