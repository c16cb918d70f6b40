import { type Tap, textOf } from "../../stream/tap.ts";
import type { XmlStream } from "../../stream/xml-stream.ts";
import { type Element, serialize } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { parseContent } from "../../xml/tree.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { masked } from "./mask.ts";

/** A stanza or nonza that passed, as an administrator may see it. */
export interface Sighting {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `in`: from a client; `out`: to it. */
  readonly direction: "in" | "out";
  /** Whose stream it was: a full address, or as much of it as is known. */
  readonly session: string;
  readonly kind: "message" | "presence" | "iq" | "other";
  /** Without secrets. */
  readonly xml: string;
}

/** What is longer is not shown. Characters. */
const LONGEST = 100_000;

/** Hears everything that an account's clients send and get, or all that goes to a room's address or comes from there. */
export class Watch implements Tap {
  readonly #address: Jid;
  readonly #text: string;
  readonly #now: () => number;
  readonly #see: (sighting: Sighting) => void;

  constructor(address: Jid, now: () => number, see: (sighting: Sighting) => void) {
    this.#address = address.bare;
    this.#text = address.bare.toString();
    this.#now = now;
    this.#see = see;
  }

  received(stream: XmlStream, element: XmlElement): void {
    const { to, from } = element.attributes;
    if (this.#isOwn(stream) || this.#isAddress(to) || this.#isAddress(from)) {
      this.#show("in", stream, () => parse(textOf(element)));
    }
  }

  sent(stream: XmlStream, text: string): void {
    // Headers and end tags are no elements.
    if (text.startsWith("<?") || text.startsWith("</")) return;
    const isOwn = this.#isOwn(stream);
    // Most of what others get has nothing to do with the address; reading it would be the dearest part.
    if (!isOwn && !text.includes(this.#text)) return;
    const tree = () => {
      const read = parse(text);
      const { to, from } = read.attrs as Record<string, string | undefined>;
      return isOwn || this.#isAddress(to) || this.#isAddress(from) ? read : undefined;
    };
    this.#show("out", stream, tree);
  }

  #show(direction: Sighting["direction"], stream: XmlStream, read: () => Element | undefined): void {
    const tree = readable(read);
    if (!tree) return;
    const xml = serialize(masked(tree));
    const name = tree.getName();
    this.#see({
      at: this.#now(),
      direction,
      session: (stream.owner ?? "").toString(),
      kind: name === "message" || name === "presence" || name === "iq" ? name : "other",
      xml: xml.length > LONGEST ? `<${name}><!-- ${xml.length} characters --></${name}>` : xml,
    });
  }

  #isOwn({ owner }: XmlStream): boolean {
    return owner?.bare.equals(this.#address) ?? false;
  }

  #isAddress(text: string | undefined): boolean {
    if (text === undefined || text.length < this.#text.length) return false;
    try {
      return Jid.parse(text).bare.equals(this.#address);
    } catch {
      return false;
    }
  }
}

/** The server's own elements of streams have the prefix that the header declares. */
function parse(text: string): Element {
  const declared = text.replace(/^<stream:(\w+)/, `<stream:$1 xmlns:stream="${ns.STREAMS}"`);
  const [tree] = parseContent(declared, ns.CLIENT).children;
  if (!tree) throw new Error("not an element");
  return tree;
}

/** A look at the traffic must not be able to stop it. */
function readable(read: () => Element | undefined): Element | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
