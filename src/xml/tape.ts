/**
 * A validated element as a row of integers. Positions are bytes from the element's `<`. Records:
 *
 * - OPEN: kind, name start, local name start, name end, hash of the name, namespace, number of attributes, index behind its CLOSE
 * - ATTRIBUTE: kind and flags, name start, local name start, name end, hash of the name, namespace, value start, value end
 * - TEXT: kind and flags, start, end
 * - CLOSE: kind
 *
 * A namespace is an index into `uris`. Namespace declarations are ATTRIBUTEs with the flag DECLARATION and no namespace.
 */
export const OPEN = 0;
export const ATTRIBUTE = 1;
export const TEXT_RUN = 2;
export const CLOSE = 3;
export const KIND = 3;

/** Of TEXT and ATTRIBUTE: the bytes are not yet the characters; there are references, or line ends to normalise. */
export const ENCODED = 4;
/** Of TEXT: the inside of a CDATA section. */
export const CDATA = 8;
/** Of ATTRIBUTE: `xmlns` or `xmlns:…`. */
export const DECLARATION = 16;

export const OPEN_SIZE = 8;
export const ATTRIBUTE_SIZE = 8;
export const TEXT_SIZE = 3;

/** `uris` begins with these. */
export const NO_NAMESPACE = 0;
export const XML_NAMESPACE = 1;

export const XML_URI = "http://www.w3.org/XML/1998/namespace";
const INITIAL_INTEGERS = 512;
const KEPT_URIS = 32;
const NOTHING = Buffer.alloc(0);

export class Tape {
  integers = new Int32Array(INITIAL_INTEGERS);
  length = 0;
  /** Only the first `uriCount` mean something. */
  readonly uris: string[] = ["", XML_URI];
  uriCount = 2;
  source: Buffer = NOTHING;
  /** Where the element's `<` is in `source`. */
  base = 0;
  /** Between the element's tags. */
  contentStart = 0;
  contentEnd = 0;
  /** The content's bytes mean the same under a default namespace that is the element's own, with no other declaration. */
  isPortable = true;

  clear(): void {
    this.length = 0;
    this.uriCount = 2;
    this.contentStart = 0;
    this.contentEnd = 0;
    this.isPortable = true;
  }

  /** Lets go of the peer's bytes and of most of its strings. */
  release(): void {
    this.source = NOTHING;
    if (this.uris.length > KEPT_URIS) this.uris.length = KEPT_URIS;
  }

  /** Makes room for one record at `index`. */
  reserve(index: number): void {
    if (index + OPEN_SIZE <= this.integers.length) return;
    const grown = new Int32Array(this.integers.length * 2);
    grown.set(this.integers);
    this.integers = grown;
  }

  addUri(uri: string): number {
    this.uris[this.uriCount] = uri;
    return this.uriCount++;
  }

  uri(index: number): string {
    return this.uris[index] as string;
  }

  /** The integer at `index`. */
  at(index: number): number {
    return this.integers[index] as number;
  }

  /** The bytes between two positions, as they came. */
  raw(start: number, end: number): string {
    return this.source.toString("utf8", this.base + start, this.base + end);
  }
}
