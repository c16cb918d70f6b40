/** RFC 9110 §13: conditional requests. https://www.rfc-editor.org/rfc/rfc9110 */

/** What tells one version of a file from another. */
export interface Validators {
  /** A strong one (§8.8.3), with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** §13.2.2, in its order. Undefined: go on. */
export function failedPrecondition(headers: Headers, validators: Validators): 304 | 412 | undefined {
  const seconds = wholeSeconds(validators.modified);
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    // §13.1.1: the strong comparison.
    if (!matches(ifMatch, validators.etag, false)) return 412;
  } else {
    const unmodifiedSince = readDate(headers.get("if-unmodified-since"));
    if (unmodifiedSince !== undefined && seconds > unmodifiedSince) return 412;
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return matches(ifNoneMatch, validators.etag, true) ? 304 : undefined;
  const modifiedSince = readDate(headers.get("if-modified-since"));
  return modifiedSince !== undefined && seconds <= modifiedSince ? 304 : undefined;
}

/** §13.1.5: whether a `Range` still means what it meant when the peer got the first part. */
export function isRangeValid(headers: Headers, validators: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
  if (ifRange.includes('"')) return ifRange.trim() === validators.etag;
  return readDate(ifRange) === wholeSeconds(validators.modified);
}

function matches(list: string, etag: string, weakly: boolean): boolean {
  if (list.trim() === "*") return true;
  return list.split(",").some((each) => {
    const tag = each.trim();
    return (weakly && tag.startsWith("W/") ? tag.slice(2) : tag) === etag;
  });
}

function readDate(text: string | null): number | undefined {
  // §5.6.7. Whatever else the engine takes for a date is no HTTP-date.
  const date = text !== null && /\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/** An HTTP-date has no fractions. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
