import { expect, test } from "vitest";
import { piecesOf } from "../../../src/util/pieces.ts";

test("pieces are as long as allowed, and their text is the whole", () => {
  expect([...piecesOf("abcdefg", 3)]).toEqual(["abc", "def", "g"]);
  expect([...piecesOf("abc", 3)]).toEqual(["abc"]);
  expect([...piecesOf("", 3)]).toEqual([""]);
});

test("no piece ends within a character", () => {
  expect([...piecesOf("ab😀c😀", 3)]).toEqual(["ab", "😀c", "😀"]);
});
