import { expect, test } from "vitest";
import { gathered, piecesOf } from "../../../src/util/pieces.ts";

test("pieces are as long as allowed, and their text is the whole", () => {
  expect([...piecesOf("abcdefg", 3)]).toEqual(["abc", "def", "g"]);
  expect([...piecesOf("abc", 3)]).toEqual(["abc"]);
  expect([...piecesOf("", 3)]).toEqual([""]);
});

test("no piece ends within a character", () => {
  expect([...piecesOf("ab😀c😀", 3)]).toEqual(["ab", "😀c", "😀"]);
});

test("small pieces are gathered into larger ones", async () => {
  async function* letters() {
    yield* "abcdefg";
  }
  const pieces: string[] = [];
  for await (const piece of gathered(letters(), 3)) pieces.push(piece);
  expect(pieces).toEqual(["abc", "def", "g"]);
});
