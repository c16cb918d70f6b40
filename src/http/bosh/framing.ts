/** XEP-0206: elements in `<body/>` wrappers, whose attributes open, restart and end the stream. */
import type { Framing } from "../../net/framing.ts";
import { XmlError, type XmlEvent, type XmlLimits, type XmlParser } from "../../xml/parser.ts";
import { createXmlParser } from "../../xml/stream-parser.ts";
import { StreamError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { asksForRestart, extension } from "./body.ts";

export const boshFraming: Framing = {
  createParser: (limits) => new BodyParser(limits),
  header: () => "",
  end: "",
  // The session ends with our end.
  peerEnd: /(?!)/,
};

/** Of the `<body/>` that is being read. */
interface Body {
  readonly parser: XmlParser;
  /** What is in it belongs to no stream. */
  readonly isIgnored: boolean;
  readonly terminates: boolean;
}

class BodyParser implements XmlParser {
  readonly limits: XmlLimits;
  readonly #bodies: Buffer[] = [];
  #body: Body | undefined;
  #isOpening = true;

  constructor(limits: XmlLimits) {
    this.limits = limits;
  }

  get pending(): number {
    return this.#bodies.reduce((sum, body) => sum + body.length, this.#body?.parser.pending ?? 0);
  }

  /** @param chunk one whole body, or nothing for one that is empty. */
  write(chunk: Buffer): void {
    if (chunk.length > 0) this.#bodies.push(chunk);
  }

  discard(): void {
    this.#bodies.length = 0;
    this.#body = undefined;
  }

  restart(): void {
    this.#isOpening = true;
  }

  next(): XmlEvent | undefined {
    for (;;) {
      if (!this.#body) {
        const chunk = this.#bodies.shift();
        if (!chunk) return undefined;
        const opening = this.#begin(chunk);
        if (opening) return opening;
      }
      const { parser, isIgnored, terminates } = this.#body as unknown as Body;
      const event = parser.next();
      if (!event) throw new XmlError("not-well-formed", "a body without an end");
      if (event.kind === "element") {
        if (isIgnored) continue;
        return event;
      }
      this.#body = undefined;
      if (parser.next() || parser.pending > 0)
        throw new XmlError("not-well-formed", "something behind a body");
      if (terminates) return event;
    }
  }

  /** @returns the header that the wrapper stands for. */
  #begin(chunk: Buffer): XmlEvent | undefined {
    const parser = createXmlParser(this.limits);
    parser.write(chunk);
    const event = parser.next();
    if (event?.kind !== "open") throw new XmlError("not-well-formed", "no body");
    const { attributes } = event.tag;
    const isFirst = attributes["sid"] === undefined;
    const opens = isFirst || asksForRestart(attributes);
    const terminates = attributes["type"] === "terminate";
    // XEP-0206: what comes along with a restart is ignored.
    this.#body = { parser, isIgnored: opens, terminates };
    if (!opens) {
      if (this.#isOpening && !terminates) throw new StreamError("policy-violation", "a restart is due");
      return undefined;
    }
    if (!this.#isOpening) throw new StreamError("policy-violation", "a restart at the wrong time");
    this.#isOpening = false;
    // The version is that of the session's first request.
    const version = isFirst ? extension(attributes, "version") : "1.0";
    const known = {
      to: attributes["to"],
      from: attributes["from"],
      "xml:lang": attributes["xml:lang"],
      version,
    };
    const given = Object.entries(known).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return {
      kind: "open",
      tag: {
        name: "stream",
        prefix: "stream",
        ns: ns.STREAMS,
        defaultNs: ns.CLIENT,
        attributes: Object.fromEntries(given),
      },
    };
  }
}
