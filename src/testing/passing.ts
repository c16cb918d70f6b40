import type { ClientStream } from "../stream/client-stream.ts";
import { textOf } from "../stream/tap.ts";
import type { Element } from "../xml/element.ts";
import { readFragment } from "../xml/fragment.ts";
import type { XmlElement } from "../xml/parser.ts";
import { readXml, writeXml } from "./read-xml.ts";
import { type Direction, Seen } from "./seen.ts";

/** Whoever took it, and has to see to it when it goes on. */
interface Taker {
  /** It goes now. */
  goes(): void;
  /** It cannot: the connection is gone. */
  cannot(): void;
}

/** One element on its way, where it can be kept, changed, doubled or thrown away. */
export class Passing extends Seen {
  readonly stream: ClientStream;
  /** Asked when it is let go; true: somebody else sees to it from then on. Default: nobody is. */
  onward: (passing: Passing) => boolean = () => false;
  #taker: Taker | undefined;
  readonly #go: (xml: string | undefined) => void;

  private constructor(direction: Direction, stream: ClientStream, xml: string, go: (xml?: string) => void) {
    super(direction, stream, xml);
    this.stream = stream;
    this.#go = go;
  }

  /** What a client sent. */
  static received(stream: ClientStream, element: XmlElement): Passing {
    return new Passing("in", stream, textOf(element), (xml) =>
      stream.deal(xml === undefined ? element : readFragment(xml)),
    );
  }

  /** What the server sends; `sent` hears when it is on its way after all, and as what. */
  static sending(stream: ClientStream, text: string, sent: (seen: Seen) => void): Passing {
    return new Passing("out", stream, text, (xml = text) => {
      sent(new Seen("out", stream, xml));
      stream.put(xml);
    });
  }

  get isTaken(): boolean {
    return this.#taker !== undefined;
  }

  /** From now on `taker` sees to it. */
  take(taker: Taker): void {
    this.#taker = taker;
  }

  /** Lets it go on its way: now, later, or once more; as it is, or as `xml`. A client that is gone gets nothing. */
  pass(xml?: string): void {
    if (this.stream.state === "closed") return this.#taker?.cannot();
    // Another one each time: whoever is asked next may keep it.
    const again = new Passing(this.direction, this.stream, xml ?? this.xml, (changed = xml) =>
      this.#go(changed),
    );
    again.#taker = this.#taker;
    if (this.onward(again)) return;
    this.#taker?.goes();
    again.#go(undefined);
  }

  /** The element anew, to change it: what is in `element` was seen by others. */
  copy(): Element {
    return readXml(this.xml);
  }

  /** Lets another one go in its place. */
  passAs(element: Element): void {
    this.pass(writeXml(element));
  }
}
