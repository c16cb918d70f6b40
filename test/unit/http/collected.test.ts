import { expect, test } from "vitest";
import { Collected } from "../../../src/http/collected.ts";

test.for([[], ["one"], ["one", "", "two"], Array.from({ length: 1000 }, (_, index) => String(index))])(
  "is what the pieces were, whatever becomes of them (%#)",
  (texts) => {
    const collected = new Collected();
    const pieces = texts.map((text) => Buffer.from(text));
    for (const piece of pieces) collected.add(piece);
    for (const piece of pieces.slice(1)) piece.fill(0);
    expect(collected.length).toBe(texts.join("").length);
    expect(collected.bytes().toString()).toBe(texts.join(""));
  },
);

test("holds no more than twice of what it is, however small the pieces", () => {
  const collected = new Collected();
  for (let count = 0; count < 100_000; count++) collected.add(new Uint8Array([count]));
  expect(collected.bytes().buffer.byteLength).toBeLessThanOrEqual(200_000);
});
