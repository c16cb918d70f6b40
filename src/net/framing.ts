import type { XmlLimits, XmlParser } from "../xml/parser.ts";

/** What a server says of a stream that it opens (RFC 6120 §4.7). */
export interface ServerHeader {
  readonly from: string;
  readonly to: string | undefined;
  readonly id: string;
  readonly lang: string;
}

/** How the beginning, the parts and the end of a stream are put on a transport. */
export interface Framing {
  /** For what the transport hands over as `data`. */
  createParser(limits: XmlLimits): XmlParser;
  /** The server's side of the stream begins; "" where the transport says so by itself. */
  header(header: ServerHeader): string;
  /** It ends; "" where the end of the transport says so. */
  readonly end: string;
  /** The end of the peer's side, in what comes after our own. */
  readonly peerEnd: RegExp;
}
