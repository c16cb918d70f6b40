/** RFC 7395 §3.3: each frame is a document with one element; `<open/>` and `<close/>` stand for the tags of the stream. */
import type { Framing } from "../../net/framing.ts";
import { xmlDeclaration } from "../../xml/declaration.ts";
import { escapeAttribute } from "../../xml/element.ts";
import {
  type XmlElement,
  XmlError,
  type XmlEvent,
  type XmlLimits,
  type XmlParser,
} from "../../xml/parser.ts";
import { createXmlParser } from "../../xml/stream-parser.ts";
import { ns } from "../../xmpp/ns.ts";

export const webSocketFraming: Framing = {
  createParser: (limits) => new FrameParser(limits),

  header({ from, to, id, lang }) {
    const toAttribute = to === undefined ? "" : ` to="${escapeAttribute(to)}"`;
    return `<open xmlns="${ns.FRAMING}" from="${from}"${toAttribute} id="${id}" version="1.0" xml:lang="${lang}"/>`;
  },

  end: `<close xmlns="${ns.FRAMING}"/>`,
  peerEnd: /<close[\s/>]/,
};

const LESS_THAN = 0x3c;

/** Stands around all frames; they must not need its declarations, so it has none. */
const ROOT = Buffer.from("<frames>");

class FrameParser implements XmlParser {
  readonly #inner: XmlParser;
  readonly #frames: Buffer[] = [];
  /** Whether `<open/>` is due. */
  #isOpening = true;

  constructor(limits: XmlLimits) {
    this.#inner = createXmlParser(limits);
    this.#inner.write(ROOT);
    this.#inner.next();
  }

  get limits(): XmlLimits {
    return this.#inner.limits;
  }

  get pending(): number {
    return this.#frames.reduce((sum, frame) => sum + frame.length, this.#inner.pending);
  }

  /** @param chunk one frame. */
  write(chunk: Buffer): void {
    this.#frames.push(chunk);
  }

  discard(): void {
    this.#frames.length = 0;
  }

  restart(): void {
    this.#isOpening = true;
  }

  next(): XmlEvent | undefined {
    const frame = this.#frames.shift();
    return frame && this.#eventOf(this.#elementOf(frame));
  }

  #elementOf(frame: Buffer): XmlElement {
    // §3.3.3: "The first character of each frame MUST be a '<' character."
    if (frame[0] !== LESS_THAN) throw illFormed("a frame that does not begin with <");
    const declaration = xmlDeclaration(frame, 0, frame.length);
    this.#inner.write(declaration > 0 ? frame.subarray(declaration) : frame);
    const event = this.#inner.next();
    if (event?.kind !== "element") throw illFormed("a frame without a whole element");
    // §3.3.3: one-to-one.
    if (this.#inner.next() || this.#inner.pending > 0) throw illFormed("a frame with more than one element");
    return event.element;
  }

  #eventOf(element: XmlElement): XmlEvent {
    const { name, attributes } = element;
    const isFraming = element.ns === ns.FRAMING;
    if (isFraming && name === "close") return { kind: "close" };
    if (!this.#isOpening) return { kind: "element", element };
    this.#isOpening = false;
    // §3.3.2: another namespace is <invalid-namespace/>; the stream judges it as it would judge its own tag's.
    const isOpen = isFraming && name === "open";
    const header = { name: isOpen ? "stream" : name, prefix: "stream", ns: isFraming ? ns.STREAMS : "" };
    return { kind: "open", tag: { ...header, defaultNs: ns.CLIENT, attributes } };
  }
}

function illFormed(message: string): XmlError {
  return new XmlError("not-well-formed", message);
}
