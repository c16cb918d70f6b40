import { type Element, escapeAttribute, serialize } from "../xml/element.ts";
import { type StreamTag, XmlError, type XmlEvent, type XmlParser } from "../xml/parser.ts";
import { createXmlParser } from "../xml/stream-parser.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { ns } from "../xmpp/ns.ts";
import { type Captures, fill, mismatch } from "./match.ts";
import { NO_LIMITS, readXml, treeOf } from "./read-xml.ts";
import type { Transcript } from "./transcript.ts";
import { textOf, type XmlLike } from "./xml-like.ts";

/** A connection as a client of a test has it: a pipe, or a socket. */
export interface Wire {
  send(data: string | Buffer): void;
  /** Cuts the connection. */
  end(): void;
  /** Settles when the server has dealt with what it was sent, as far as that can be known. */
  settle(): Promise<void>;
  /** Settles with true when something new came, with false when nothing will. */
  more(): Promise<boolean>;
}

export interface ClientParts {
  readonly name: string;
  readonly transcript: Transcript;
  readonly captures: Captures;
  /** Called with the client before anything else; it feeds the client through `hear` and `heardEnd`. */
  connect(client: Client): Wire;
}

type Item =
  | { readonly kind: "header"; readonly tag: StreamTag }
  | { readonly kind: "element"; readonly element: Element }
  | { readonly kind: "end tag" }
  | { readonly kind: "end of the connection" };

/** Attributes of a stream header; `undefined` leaves one out. */
export interface HeaderAttributes {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly version?: string | undefined;
  readonly "xml:lang"?: string | undefined;
}

/** One side of a conversation. Its methods read as what it does and sees; they throw an Error with the transcript. */
export class Client {
  readonly name: string;
  /** The full JID, once bound. */
  jid = "";
  /** All that came so far, as it came. */
  heard = "";
  readonly #transcript: Transcript;
  readonly #captures: Captures;
  readonly #wire: Wire;
  readonly #parser: XmlParser = createXmlParser(NO_LIMITS);
  readonly #inbox: Item[] = [];
  #saidEnd = false;
  #gone = false;

  constructor({ name, transcript, captures, connect }: ClientParts) {
    this.name = name;
    this.#transcript = transcript;
    this.#captures = captures;
    this.#wire = connect(this);
  }

  /** Whether the connection is gone. */
  get gone(): boolean {
    return this.#gone;
  }

  /** XML; `{name}` stands for what a pattern captured. Settles when the server has dealt with it. */
  async sends(xml: XmlLike): Promise<void> {
    await this.sendsRaw(fill(textOf(xml), this.#captures));
  }

  /** Bytes, or text as it is. */
  async sendsRaw(data: string | Buffer): Promise<void> {
    this.#transcript.add(this.name, "→", typeof data === "string" ? data : data.toString("latin1"));
    this.#wire.send(data);
    await this.#wire.settle();
  }

  /** Sends a stream header and takes the server's. */
  async opens(attributes: HeaderAttributes = {}): Promise<StreamTag> {
    await this.sendsRaw(streamHeader(attributes));
    return this.receivesHeader();
  }

  async receivesHeader(): Promise<StreamTag> {
    const item = await this.#next("a stream header");
    return item.kind === "header" ? item.tag : this.#fail(`expected a stream header, got ${describe(item)}`);
  }

  /** The next element is as the pattern says; see match.ts for the rules. */
  async receives(pattern: string): Promise<Element> {
    const wanted = readXml(pattern);
    const item = await this.#next(pattern);
    if (item.kind !== "element") return this.#fail(`expected\n  ${pattern}\ngot ${describe(item)}`);
    const difference = mismatch(wanted, item.element, this.#captures);
    if (difference === undefined) return item.element;
    return this.#fail(`expected\n  ${pattern}\ngot\n  ${serialize(item.element)}\n${difference}`);
  }

  /** The next elements are these, in any order; each takes the first pattern that fits it. */
  async receivesInAnyOrder(patterns: readonly string[]): Promise<void> {
    const open = patterns.map((pattern) => ({ pattern, tree: readXml(pattern) }));
    while (open.length > 0) {
      const rest = open.map(({ pattern }) => pattern).join("\n  ");
      const item = await this.#next(rest);
      if (item.kind !== "element") return this.#fail(`expected one of\n  ${rest}\ngot ${describe(item)}`);
      const index = open.findIndex(({ tree }) => mismatch(tree, item.element, this.#captures) === undefined);
      if (index < 0) return this.#fail(`expected one of\n  ${rest}\ngot\n  ${serialize(item.element)}`);
      open.splice(index, 1);
    }
  }

  /** The next element, whatever it is. */
  async receivesAny(): Promise<Element> {
    const item = await this.#next("an element");
    return item.kind === "element" ? item.element : this.#fail(`expected an element, got ${describe(item)}`);
  }

  /** Everything sent by anybody of the test is dealt with, and nothing came of it for this client. */
  async receivesNothing(): Promise<void> {
    await this.#wire.settle();
    const [item] = this.#inbox;
    if (item) this.#fail(`expected nothing, got ${describe(item)}`);
  }

  /**
   * The server ends the stream, with this error, or with none, and nothing comes before that. After an end without
   * error the client ends its side as well. Then the connection is gone.
   */
  async closed(condition?: StreamCondition): Promise<void> {
    if (condition !== undefined) {
      await this.receives(`<stream:error><${condition} xmlns="${ns.STREAM_ERRORS}"/></stream:error>`);
    }
    await this.receivesEnd();
    if (!this.#gone && !this.#saidEnd) await this.sendsRaw("</stream:stream>");
    await this.disconnected();
  }

  /** The server's end tag; the connection may stay. */
  async receivesEnd(): Promise<void> {
    const item = await this.#next("the end of the stream");
    if (item.kind !== "end tag") this.#fail(`expected the end of the stream, got ${describe(item)}`);
  }

  /** The connection is gone, without another word. */
  async disconnected(): Promise<void> {
    const item = await this.#next("the end of the connection");
    if (item.kind !== "end of the connection")
      this.#fail(`expected the end of the connection, got ${describe(item)}`);
  }

  /** Ends the stream in good order (RFC 6120 §4.4). */
  async closes(): Promise<void> {
    this.#saidEnd = true;
    await this.sendsRaw("</stream:stream>");
    await this.closed();
  }

  /** Is gone without a word. */
  async disconnects(): Promise<void> {
    this.#transcript.add(this.name, "→", "(disconnects)");
    this.#wire.end();
    await this.#wire.settle();
  }

  /** Takes out of what came and was not looked at what `isNoise` says. */
  forget(isNoise: (element: Element) => boolean): void {
    for (let index = this.#inbox.length - 1; index >= 0; index--) {
      const item = this.#inbox[index];
      if (item?.kind === "element" && isNoise(item.element)) this.#inbox.splice(index, 1);
    }
  }

  /** For the wire: what came. */
  hear(text: string): void {
    this.heard += text;
    this.#transcript.add(this.name, "←", text);
    this.#parser.write(Buffer.from(text));
    try {
      for (let event = this.#parser.next(); event; event = this.#parser.next()) {
        this.#inbox.push(itemOf(event));
        if (isRestart(event)) this.#parser.restart();
      }
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#transcript.add(this.name, "!", `the server sent bad XML: ${error.message}`);
      this.#wire.end();
    }
  }

  /** For the wire: nothing more comes. */
  heardEnd(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#transcript.add(this.name, "←", "(end of the connection)");
    this.#inbox.push({ kind: "end of the connection" });
  }

  async #next(wanted: string): Promise<Item> {
    while (this.#inbox.length === 0) {
      if (this.#gone || !(await this.#wire.more())) return this.#fail(`expected\n  ${wanted}\ngot nothing`);
    }
    return this.#inbox.shift() as Item;
  }

  #fail(message: string): never {
    throw new Error(`${this.name} ${message}\n\nTranscript:\n${this.#transcript.toString()}\n`);
  }
}

/** A client's stream header; by default for `localhost`. */
export function streamHeader(attributes: HeaderAttributes = {}): string {
  const text = Object.entries({ to: "localhost", version: "1.0", ...attributes })
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`);
  return `<?xml version="1.0"?><stream:stream${text.join("")} xmlns="${ns.CLIENT}" xmlns:stream="${ns.STREAMS}">`;
}

/** RFC 6120 §5.4.3.3, §6.4.6: what comes next is the header of a new stream. */
function isRestart(event: XmlEvent): boolean {
  if (event.kind !== "element") return false;
  const { name, ns: namespace } = event.element;
  return (name === "success" && namespace === ns.SASL) || (name === "proceed" && namespace === ns.TLS);
}

function itemOf(event: XmlEvent): Item {
  switch (event.kind) {
    case "open":
      return { kind: "header", tag: event.tag };
    case "element":
      return { kind: "element", element: treeOf(event.element) };
    case "close":
      return { kind: "end tag" };
  }
}

function describe(item: Item): string {
  return item.kind === "element" ? serialize(item.element) : item.kind;
}
