import type { ClientStream } from "../stream/client-stream.ts";
import type { Element } from "../xml/element.ts";
import { ns } from "../xmpp/ns.ts";
import { readXml } from "./read-xml.ts";

/** `in`: a client sent it. `out`: the server sent it to a client. */
export type Direction = "in" | "out";

/** `nonza`: an element that is no stanza, such as `<resume/>`. `header` and `end`: the tags of the stream itself. */
export type SeenKind = "message" | "presence" | "iq" | "nonza" | "header" | "end";

const STANZAS: ReadonlySet<string> = new Set(["message", "presence", "iq"]);

/** Something that went over a stream. */
export class Seen {
  readonly direction: Direction;
  readonly kind: SeenKind;
  /** As it goes over the wire, but that what a client sent is written anew. */
  readonly xml: string;
  /** Who it is: the session's full JID; before there is one the account's, or "". */
  readonly client: string;
  /** The full JID of the session; undefined before there is one. */
  readonly session: string | undefined;
  /** Milliseconds since the epoch on the server's clock. */
  readonly time: number;
  #element: Element | undefined;

  constructor(direction: Direction, stream: ClientStream, xml: string) {
    this.direction = direction;
    this.kind = kindOf(xml);
    this.xml = xml;
    this.session = stream.session?.jid.toString();
    this.client = this.session ?? stream.user?.toString() ?? "";
    this.time = stream.environment.clock.now();
  }

  get isElement(): boolean {
    return this.kind !== "header" && this.kind !== "end";
  }

  get isStanza(): boolean {
    return STANZAS.has(this.kind);
  }

  /** As a tree, which is shared. @throws Error for a header or an end tag. */
  get element(): Element {
    this.#element ??= readXml(this.xml);
    return this.#element;
  }

  /** Who it is from: a client's own address where it named none. */
  get from(): string {
    return this.attribute("from") ?? (this.direction === "in" ? this.client : bareOf(this.client));
  }

  /** Who it is for: the client that gets it; of what clients send the address, which is their account where they named none. */
  get to(): string {
    return this.direction === "out" ? this.client : (this.attribute("to") ?? bareOf(this.client));
  }

  /** Of the element itself. */
  attribute(name: string): string | undefined {
    return this.isElement ? this.element.attrs[name]?.toString() : undefined;
  }

  toString(): string {
    return `${this.client || "(nobody yet)"} ${this.direction === "in" ? "→" : "←"} ${this.xml}`;
  }
}

/** How an element, or a tag of a stream, begins; `<open/>` and `<close/>` are those of RFC 7395 §3.3. */
const START = /^<([/?]?)([^\s/>]+)/;

function kindOf(text: string): SeenKind {
  const [, mark, name = ""] = START.exec(text) ?? [];
  if (mark === "/") return "end";
  if (mark === "?" || (name === "open" && text.includes(ns.FRAMING))) return "header";
  if (name === "close" && text.includes(ns.FRAMING)) return "end";
  return STANZAS.has(name) && isClients(text) ? (name as SeenKind) : "nonza";
}

/** A received element that is not of `jabber:client` names its namespace first. */
function isClients(text: string): boolean {
  return !/^<\w+ xmlns="(?!jabber:client")/.test(text);
}

export function bareOf(jid: string): string {
  return jid.split("/", 1)[0] as string;
}
