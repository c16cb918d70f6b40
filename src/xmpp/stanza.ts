import { childElements, clone, type Element, el, escapeAttribute, serialize } from "../xml/element.ts";
import { readFragment } from "../xml/fragment.ts";
import type { XmlElement, XmlHead } from "../xml/parser.ts";
import type { StanzaError } from "./errors.ts";
import { Jid } from "./jid.ts";
import { ns } from "./ns.ts";

export type Kind = "message" | "presence" | "iq";

export function isKind(name: string): name is Kind {
  return name === "message" || name === "presence" || name === "iq";
}

export interface Header {
  readonly kind: Kind;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  readonly from?: Jid | undefined;
  readonly to?: Jid | undefined;
  readonly lang?: string | undefined;
}

/** What a stanza carries, shared by all copies that differ in the header alone. */
interface Content {
  readonly extraAttributes: string;
  readonly heads: readonly XmlHead[];
  readonly inner: string;
  readonly children: readonly Element[];
}

interface Tail {
  text: string | undefined;
}

type TextChild = "body" | "subject" | "thread" | "status" | "show" | "priority";

/** Typed header plus payload (RFC 6120 §8). Immutable: every change is a cheap copy that shares the payload. */
export class Stanza implements Header {
  readonly kind: Kind;
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly from: Jid | undefined;
  readonly to: Jid | undefined;
  readonly lang: string | undefined;
  readonly #content: Content;
  /** The text behind `to`, written once for those copies that differ in it alone. */
  #tail: Tail | undefined;
  /** The text before the payload, written once for those copies that differ in that alone. */
  #opening: string | undefined;

  private constructor(
    kind: Kind,
    type: string | undefined,
    id: string | undefined,
    from: Jid | undefined,
    to: Jid | undefined,
    lang: string | undefined,
    content: Content,
    tail?: Tail,
  ) {
    this.kind = kind;
    this.type = type;
    this.id = id;
    this.from = from;
    this.to = to;
    this.lang = lang;
    this.#content = content;
    this.#tail = tail;
  }

  static build(header: Header, payload: readonly Element[]): Stanza {
    const { kind, type, id, from, to, lang } = header;
    return new Stanza(kind, type, id, from, to, lang, new TreeContent(payload));
  }

  /** A stanza whose payload is text already, with `heads` for its child elements; a tree is built when asked for. */
  static ofText(header: Header, heads: readonly XmlHead[], inner: string): Stanza {
    const { kind, type, id, from, to, lang } = header;
    return new Stanza(kind, type, id, from, to, lang, new TextContent(heads, inner));
  }

  /**
   * The stanza that a peer sent; `from` and `to` prepared.
   * @throws JidError when an address is malformed.
   */
  static read(xml: XmlElement): Stanza {
    const { type, id, from, to, "xml:lang": lang } = xml.attributes;
    return new Stanza(
      xml.name as Kind,
      type,
      id,
      from === undefined ? undefined : Jid.parse(from),
      to === undefined ? undefined : Jid.parse(to),
      lang,
      xml,
    );
  }

  /** The stanza in a tree, such as one stored or forwarded. @throws JidError when an address is malformed. */
  static fromTree(tree: Element): Stanza {
    const { type, id, from, to, "xml:lang": lang } = tree.attrs as Record<string, string | undefined>;
    return new Stanza(
      tree.getName() as Kind,
      type,
      id,
      from === undefined ? undefined : Jid.parse(from),
      to === undefined ? undefined : Jid.parse(to),
      lang,
      new TreeContent(childElements(tree)),
    );
  }

  /** The child elements. They are shared: whoever puts one into another tree clones it first. */
  get payload(): readonly Element[] {
    return this.#content.children;
  }

  /** Local names and namespaces of the child elements, known without building a tree. */
  get heads(): readonly XmlHead[] {
    return this.#content.heads;
  }

  /** The payload as XML text that means the same in any element whose default namespace is `jabber:client`. */
  get inner(): string {
    return this.#content.inner;
  }

  child(name: string, namespace: string): Element | undefined {
    const { heads } = this.#content;
    for (let index = 0; index < heads.length; index++) {
      const head = heads[index] as XmlHead;
      if (head.name === name && head.ns === namespace) return this.#content.children[index];
    }
    return undefined;
  }

  has(name: string, namespace: string): boolean {
    return this.#content.heads.some((head) => head.name === name && head.ns === namespace);
  }

  /** Character data of the first child of that name in the stanza's own namespace. */
  text(name: TextChild): string | undefined {
    return this.child(name, ns.CLIENT)?.getText();
  }

  /** A copy with another header; `undefined` removes an attribute. */
  with(header: Partial<Header>): Stanza {
    return new Stanza(
      header.kind ?? this.kind,
      "type" in header ? header.type : this.type,
      "id" in header ? header.id : this.id,
      "from" in header ? header.from : this.from,
      "to" in header ? header.to : this.to,
      "lang" in header ? header.lang : this.lang,
      this.#content,
    );
  }

  /** The same to somebody else; what many get is written once. */
  readdressed(to: Jid): Stanza {
    const { kind, type, id, from, lang } = this;
    this.#tail ??= { text: undefined };
    return new Stanza(kind, type, id, from, to, lang, this.#content, this.#tail);
  }

  append(...extra: Element[]): Stanza {
    return this.#replace(new AppendedContent(this.#content, new TreeContent(extra)));
  }

  /** As `append`, with text as in `ofText`. */
  appendText(heads: readonly XmlHead[], text: string): Stanza {
    return this.#replace(new AppendedContent(this.#content, new TextContent(heads, text)));
  }

  without(name: string, namespace: string): Stanza {
    if (!this.has(name, namespace)) return this;
    const { heads, children, extraAttributes } = this.#content;
    const kept = children.filter((_, index) => {
      const head = heads[index];
      return head?.name !== name || head.ns !== namespace;
    });
    return this.#replace(new TreeContent(kept, extraAttributes));
  }

  /** RFC 6120 §8.2.3: the answer to this request. */
  result(payload?: Element): Stanza {
    return Stanza.build(
      { kind: "iq", type: "result", id: this.id, from: this.to, to: this.from },
      payload ? [payload] : [],
    );
  }

  /** RFC 6120 §8.3.1: the same stanza back to its sender, with id and payload, and what went wrong. */
  error(cause: StanzaError): Stanza {
    const condition = el(cause.condition, { xmlns: ns.STANZA_ERRORS });
    const error = el("error", { type: cause.type, by: cause.by }, condition);
    if (cause.message) {
      error.cnode(el("text", { xmlns: ns.STANZA_ERRORS, "xml:lang": "en" }, cause.message));
    }
    if (cause.detail) {
      const { name, ns: namespace, attributes, texts = {} } = cause.detail;
      const children = Object.entries(texts).map(([child, text]) => el(child, {}, text));
      error.cnode(el(name, { xmlns: namespace, ...attributes }, ...children));
    }
    const answer = cause.echo ? this.append(error) : this.#replace(new TreeContent([error]));
    return answer.with({ type: "error", from: this.to, to: this.from });
  }

  toString(): string {
    if (this.#tail) {
      this.#tail.text ??= this.#attributes() + this.#rest();
      return this.#begin() + this.#tail.text;
    }
    this.#opening ??= this.#begin() + this.#attributes();
    return this.#opening + this.#rest();
  }

  /** The stanza as text that means the same in any element: it names its namespace. */
  toStandalone(): string {
    const text = this.toString();
    const at = this.kind.length + 1;
    return `${text.slice(0, at)} xmlns="${ns.CLIENT}"${text.slice(at)}`;
  }

  /** Characters that it takes to keep, header and unknown attributes included; exact enough for limits. */
  get size(): number {
    const { inner, extraAttributes } = this.#content;
    const addresses = (this.from?.toString().length ?? 0) + (this.to?.toString().length ?? 0);
    const header = addresses + (this.id?.length ?? 0) + (this.type?.length ?? 0) + (this.lang?.length ?? 0);
    return inner.length + extraAttributes.length + header;
  }

  /** The stanza as a tree of its own, with its namespace: what can be wrapped or changed. */
  toTree(): Element {
    const tree = el(this.kind, {
      xmlns: ns.CLIENT,
      from: this.from?.toString(),
      to: this.to?.toString(),
      id: this.id,
      type: this.type,
      "xml:lang": this.lang,
    });
    for (const child of this.payload) tree.cnode(clone(child));
    return tree;
  }

  #begin(): string {
    return this.to === undefined
      ? `<${this.kind}`
      : `<${this.kind} to="${escapeAttribute(this.to.toString())}"`;
  }

  #attributes(): string {
    let text = "";
    if (this.from !== undefined) text += ` from="${escapeAttribute(this.from.toString())}"`;
    if (this.id !== undefined) text += ` id="${escapeAttribute(this.id)}"`;
    if (this.type !== undefined) text += ` type="${escapeAttribute(this.type)}"`;
    if (this.lang !== undefined) text += ` xml:lang="${escapeAttribute(this.lang)}"`;
    return text + this.#content.extraAttributes;
  }

  #rest(): string {
    const { inner } = this.#content;
    return inner === "" ? "/>" : `>${inner}</${this.kind}>`;
  }

  #replace(content: Content): Stanza {
    const copy = new Stanza(this.kind, this.type, this.id, this.from, this.to, this.lang, content);
    if (content.extraAttributes === this.#content.extraAttributes) copy.#opening = this.#opening;
    return copy;
  }
}

/** Payload that the server built. */
class TreeContent implements Content {
  readonly extraAttributes: string;
  readonly children: readonly Element[];
  #heads: readonly XmlHead[] | undefined;
  #inner: string | undefined;

  constructor(children: readonly Element[], extraAttributes = "") {
    this.children = children;
    this.extraAttributes = extraAttributes;
  }

  get heads(): readonly XmlHead[] {
    this.#heads ??= this.children.map(headOf);
    return this.#heads;
  }

  get inner(): string {
    this.#inner ??= this.children.map(serialize).join("");
    return this.#inner;
  }
}

/** Payload that was put together as text. */
class TextContent implements Content {
  readonly extraAttributes = "";
  readonly heads: readonly XmlHead[];
  readonly inner: string;

  constructor(heads: readonly XmlHead[], inner: string) {
    this.heads = heads;
    this.inner = inner;
  }

  get children(): readonly Element[] {
    return readFragment(`<message>${this.inner}</message>`).children;
  }
}

/** Somebody's payload with more behind it; the old text is used as it is. */
class AppendedContent implements Content {
  readonly extraAttributes: string;
  readonly #base: Content;
  readonly #extra: Content;
  #heads: readonly XmlHead[] | undefined;
  #inner: string | undefined;

  constructor(base: Content, extra: Content) {
    this.extraAttributes = base.extraAttributes;
    this.#base = base;
    this.#extra = extra;
  }

  get heads(): readonly XmlHead[] {
    this.#heads ??= [...this.#base.heads, ...this.#extra.heads];
    return this.#heads;
  }

  get inner(): string {
    this.#inner ??= this.#base.inner + this.#extra.inner;
    return this.#inner;
  }

  get children(): readonly Element[] {
    return [...this.#base.children, ...this.#extra.children];
  }
}

function headOf(element: Element): XmlHead {
  return { name: element.getName(), ns: element.getNS() ?? ns.CLIENT };
}

type Attributes = Omit<Header, "kind">;

export function message(attributes: Attributes, ...payload: Element[]): Stanza {
  return Stanza.build({ kind: "message", ...attributes }, payload);
}

export function presence(attributes: Attributes, ...payload: Element[]): Stanza {
  return Stanza.build({ kind: "presence", ...attributes }, payload);
}

export function iq(attributes: Attributes, ...payload: Element[]): Stanza {
  return Stanza.build({ kind: "iq", ...attributes }, payload);
}
