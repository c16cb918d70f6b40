/** A small generator of XML stanzas, right and wrong ones. The same seed gives the same stanzas. */
export class Generator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 to `below` - 1 (mulberry32). */
  int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(choices.length)] as T;
  }

  chance(percent: number): boolean {
    return this.int(100) < percent;
  }

  many(most: number, make: () => string): string {
    return Array.from({ length: this.int(most + 1) }, make).join("");
  }

  /** A complete stream with two elements in it. */
  document(): string {
    const header = this.#header();
    const rootName = /<((?:[a-z]+:)?stream)/.exec(header)?.[1];
    return `${header} ${this.#stanza()}\n${this.#stanza()}</${rootName}>`;
  }

  #header(): string {
    const declaration = this.pick([
      "",
      "<?xml version='1.0'?>",
      '<?xml version="1.0" encoding="utf-8"?>\n',
      "\n",
    ]);
    return declaration + this.pick(HEADERS);
  }

  /** One first-level element, well-formed but for prefixes nobody declared. */
  #stanza(): string {
    return this.#element(this.pick(["message", "message", "iq", "presence", "p:message", "stream:error"]), 3);
  }

  #element(name: string, depth: number): string {
    const used = new Set<string>();
    const attributes = this.many(4, () => this.#attribute(used));
    const open = `<${name}${attributes}${this.pick(["", "", " ", "\n"])}`;
    const content = depth === 0 ? this.#text() : this.many(4, () => this.#node(depth));
    if (content === "" && this.chance(70)) return `${open}/>`;
    return `${open}>${content}</${name}${this.pick(["", "", "", " "])}>`;
  }

  #node(depth: number): string {
    return this.chance(50) ? this.#text() : this.#element(this.pick(NAMES), depth - 1);
  }

  #attribute(used: Set<string>): string {
    const quote = this.pick(["'", '"']);
    const equals = this.pick(["=", "=", "=", " = "]);
    const space = this.pick([" ", " ", "\n\t"]);
    const isDeclaration = this.chance(40);
    const name = this.pick(isDeclaration ? DECLARED : ATTRIBUTES);
    if (used.has(name)) return "";
    used.add(name);
    const uri = this.pick(name === "xmlns" ? ["", ...URIS] : URIS);
    const value = isDeclaration ? uri : this.many(3, () => this.pick(VALUES));
    return `${space}${name}${equals}${quote}${value}${quote}`;
  }

  #text(): string {
    return this.many(3, () => this.pick(TEXTS));
  }

  /** The same with a few errors in it, most of them. */
  mutate(xml: string): Buffer {
    let bytes = Buffer.from(xml);
    for (let left = 1 + this.int(2); left > 0; left--) {
      const at = this.int(bytes.length + 1);
      const before = bytes.subarray(0, at);
      const insert = Buffer.from(this.pick(INSERTIONS), "latin1");
      const skip = this.pick([0, 0, 1, 1, 4]);
      const from = this.chance(10) ? this.int(bytes.length + 1) : Math.min(at + skip, bytes.length);
      bytes = Buffer.concat([before, this.chance(75) ? insert : Buffer.alloc(0), bytes.subarray(from)]);
    }
    return bytes;
  }

  /** The bytes in chunks: some long, some of one byte. */
  cut(bytes: Buffer): Buffer[] {
    const longest = this.pick([1, 3, 30, 300, 3000]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + this.int(longest);
      chunks.push(bytes.subarray(at, at + length));
      at += length;
    }
    return chunks;
  }
}

const STREAMS = "http://etherx.jabber.org/streams";
const HEADERS = [
  `<stream:stream to='example.org' version='1.0' xml:lang='en' xmlns:q='urn:q' xmlns:p='urn:b' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
  `<stream:stream xmlns:p='jabber:client' xmlns='jabber:client' xmlns:q="urn:example:q" xmlns:stream='${STREAMS}'>`,
  `<stream xmlns='${STREAMS}' xmlns:q='urn:a' xmlns:p='jabber:client' xmlns:stream='${STREAMS}'>`,
  `<s:stream xmlns:s='${STREAMS}' xmlns:stream='${STREAMS}' xmlns:p="urn:p" xmlns:q="urn:q">`,
];
const NAMES = ["body", "active", "x", "x", "item", "p:x", "q:item", "stream:x", "xml:x", "é", "a-b.c_1"];
const DECLARED = ["xmlns", "xmlns", "xmlns:p", "xmlns:q", "xmlns:r"];
const URIS = ["jabber:client", "urn:a", "urn:b", "urn:a&amp;b", "urn:&#x20ac;", "urn:é", "urn:p", "urn:p"];
const ATTRIBUTES = [
  "to",
  "from",
  "id",
  "type",
  "xml:lang",
  "a",
  "b",
  "p:a",
  "q:a",
  "xml:x",
  "é",
  "__proto__",
];
const VALUES = [
  "x",
  "alice@example.org",
  "&lt;",
  "&#10;",
  "\n",
  "\t",
  "\r\n",
  "\r",
  "é",
  "€",
  "😀",
  ">",
  "]]>",
];
const TEXTS = [
  "word ",
  "Neither, fair saint, if either thee dislike.",
  "&amp;",
  "&apos;&quot;",
  "&#x1F600;",
  "&#13;",
  "\n  ",
  "\r\n",
  "\r",
  "é",
  "€",
  "😀",
  "]]",
  ">",
  "<![CDATA[a<b&c>]]]>",
  "<![CDATA[]]>",
  "<![CDATA[\r]]>",
  "\t",
];
const INSERTIONS = [
  "<",
  ">",
  "&",
  "'",
  '"',
  "=",
  "/",
  ":",
  ";",
  " ",
  "]]>",
  "<!-- -->",
  "<?pi?>",
  "<!DOCTYPE x>",
  "&foo;",
  "&#0;",
  "&#xd800;",
  "&#xfffe;",
  "&#x;",
  "&#65;",
  "&am",
  "<x>",
  "</x>",
  "<x/>",
  "<a:b/>",
  "<x a='' a=''/>",
  "<x xmlns:p='u' xmlns:q='u' p:a='' q:a=''/>",
  "<x xmlns:xml='u'/>",
  "<x xmlns:p=''/>",
  "<x xmlns='http://www.w3.org/2000/xmlns/'/>",
  "<x xmlns:xmlns='u'/>",
  "<x xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
  "<xmlns:x/>",
  "<![CDATA[",
  "<![cdata[ ]]>",
  "</message>",
  "</stream:stream>",
  "\x00",
  "\x0b",
  "\x80",
  "\xc0\x80",
  "\xed\xa0\x80",
  "\xef\xbf\xbf",
  "\xf4\x90\x80\x80",
  "\xe2\x82",
  "\xc3\xa9",
  "-",
  "1",
  "<?xml version='1.0'?>",
];
