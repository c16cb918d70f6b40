/** RFC 9110 §14: parts of a file. https://www.rfc-editor.org/rfc/rfc9110 */

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** A position in a file; none has more digits. */
const ONE_RANGE = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i;

/**
 * What of a file of `size` bytes a `Range` asks for. Undefined: all of it, as when the header is not understood (§14.2).
 * Several ranges are not, which §14.2 allows: who asks for a thousand overlapping ones gets the file once.
 */
export function readRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = header === null ? undefined : ONE_RANGE.exec(header);
  if (!match) return undefined;
  const [, from = "", to = ""] = match;
  if (from === "") return to === "" ? undefined : lastBytes(Number(to), size);
  const first = Number(from);
  const last = to === "" ? size - 1 : Number(to);
  // §14.1.1: a last byte before the first makes it invalid, and so ignored.
  if (to !== "" && last < first) return undefined;
  if (first >= size) return "unsatisfiable";
  return { first, last: Math.min(last, size - 1) };
}

/** §14.1.2: a suffix. */
function lastBytes(count: number, size: number): ByteRange | "unsatisfiable" {
  if (count === 0 || size === 0) return "unsatisfiable";
  return { first: Math.max(0, size - count), last: size - 1 };
}
