/** `text` in pieces of at most `length` UTF-16 units, none of which ends within a character. */
export function* piecesOf(text: string, length: number): Generator<string, void> {
  let start = 0;
  while (text.length - start > length) {
    const end = start + length - (isHighSurrogate(text.charCodeAt(start + length - 1)) ? 1 : 0);
    yield text.slice(start, end);
    start = end;
  }
  yield text.slice(start);
}

/** The same text in fewer pieces: each but the last has `length` UTF-16 units at least. */
export async function* gathered(pieces: AsyncIterable<string>, length: number): AsyncGenerator<string, void> {
  let text = "";
  for await (const piece of pieces) {
    text += piece;
    if (text.length < length) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
