import { XmlError } from "./parser.ts";
import { illFormed, restricted, violation } from "./window.ts";

/** Of an XML declaration; the longest sensible one has 60. */
const DECLARATION_BYTES = 256;
const DECLARATION =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(["'])(?<version>[^"']*)\1(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(["'])(?<encoding>[^"']*)\3)?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(["'])(?:yes|no)\5)?[ \t\r\n]*\?>$/;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/**
 * Bytes that are no UTF-8 text but the beginning of UTF-16 or UTF-32, with byte order mark or without.
 * @throws XmlError `unsupported-encoding` (RFC 6120 §11.6)
 */
export function refuseWideEncodings(source: Buffer, start: number, end: number): void {
  if (start >= end) return;
  const first = source[start];
  const hasWideTag = first === 0x3c && start + 1 < end && source[start + 1] === 0;
  if (first === 0xfe || first === 0xff || first === 0 || hasWideTag)
    throw new XmlError("unsupported-encoding", "not UTF-8");
}

/**
 * RFC 6120 §11.6 gives a byte order mark no meaning and forbids to send one; one at the very beginning is let pass.
 * @returns its length, 0 when there is none, or -1 when that is not yet known.
 */
export function byteOrderMark(source: Buffer, start: number, end: number): number {
  for (let index = 0; index < BYTE_ORDER_MARK.length; index++) {
    if (start + index >= end) return -1;
    if (source[start + index] !== BYTE_ORDER_MARK[index]) return 0;
  }
  return BYTE_ORDER_MARK.length;
}

/**
 * The XML declaration at `start` (XML 1.0 §2.8). A standalone declaration is ignored, as RFC 6120 §11.5 allows.
 * @returns its length, 0 when there is none, or -1 when it is not complete.
 * @throws XmlError `unsupported-encoding` for any encoding but UTF-8 (RFC 6120 §11.6).
 */
export function xmlDeclaration(source: Buffer, start: number, end: number): number {
  for (let index = 0; index < PREFIX.length; index++) {
    if (start + index >= end) return -1;
    if (source[start + index] !== PREFIX[index]) {
      if (index < 2) return 0;
      throw restricted("processing instruction");
    }
  }
  if (start + PREFIX.length >= end) return -1;
  const text = source.toString("latin1", start, Math.min(end, start + DECLARATION_BYTES));
  if (!/[ \t\r\n]/.test(text.charAt(PREFIX.length))) throw restricted("processing instruction");
  const length = text.indexOf("?>") + 2;
  if (length < 2) {
    if (end - start > DECLARATION_BYTES) throw violation("XML declaration too long");
    return -1;
  }
  check(text.slice(0, length));
  return length;
}

const PREFIX = Buffer.from("<?xml");

/** What nearly all clients send: it need not be taken apart. */
const COMMON: ReadonlySet<string> = new Set(
  ["'", '"'].flatMap((quote) =>
    ["", ` encoding=${quote}UTF-8${quote}`, ` encoding=${quote}utf-8${quote}`].map(
      (encoding) => `<?xml version=${quote}1.0${quote}${encoding}?>`,
    ),
  ),
);

function check(declaration: string): void {
  if (COMMON.has(declaration)) return;
  const match = DECLARATION.exec(declaration);
  if (match?.groups === undefined) throw illFormed("bad XML declaration");
  const { version, encoding } = match.groups;
  // RFC 6120 §11.8: XMPP is defined in terms of XML 1.0 only.
  if (version !== "1.0") throw illFormed("not XML 1.0");
  if (encoding !== undefined && encoding.toLowerCase() !== "utf-8")
    throw new XmlError("unsupported-encoding", "not UTF-8");
}
