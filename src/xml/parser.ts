import type { Element } from "ltx";

/** Every size a peer controls, in bytes unless named otherwise. */
export interface XmlLimits {
  /** A first-level element, or the stream header, from `<` to `>`. May be raised while parsing (after authentication). */
  stanzaBytes: number;
  /** Nesting below the stream's root; the stanza itself is at depth 1. */
  depth: number;
  /** Attributes of one element, namespace declarations included. */
  attributes: number;
  /** One attribute's value. */
  attributeBytes: number;
  /** Namespace declarations in scope at one time. */
  namespaces: number;
}

/** RFC 6120 §4.9.3 conditions that bad XML leads to. */
export type XmlCondition =
  | "bad-namespace-prefix"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** A namespace that is read as if another one stood there: the same vocabulary by another name. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

export class XmlError extends Error {
  override readonly name = "XmlError";
  readonly condition: XmlCondition;

  constructor(condition: XmlCondition, message: string) {
    super(message);
    this.condition = condition;
  }
}

/** The stream's root tag: RFC 6120 §4.7. */
export interface StreamTag {
  /** Local name, `stream` if all is well. */
  readonly name: string;
  /** The tag's own prefix, usually `stream`; "" when it has none. */
  readonly prefix: string;
  /** The tag's own namespace; "" when none. */
  readonly ns: string;
  /** The default namespace declared on it; "" when none. */
  readonly defaultNs: string;
  /** Attributes by their name as written (`to`, `xml:lang`), without namespace declarations, values decoded. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A complete, validated child of the root. */
export interface XmlElement {
  /** Local name. */
  readonly name: string;
  readonly ns: string;
  /** Attributes by their name as written, without namespace declarations, values decoded. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What `attributes` holds beside `to from id type xml:lang`, as XML text with a leading space, declarations of their prefixes included; mostly "". */
  readonly extraAttributes: string;
  /** Local name and namespace of each child element, in order. */
  readonly heads: readonly XmlHead[];
  /**
   * The content as XML text that means the same inside an element whose default namespace is the
   * element's own (`jabber:client`): it needs no other declaration from its ancestors.
   */
  readonly inner: string;
  /** The child elements as trees, names without prefixes (each namespace as a plain `xmlns`), built at the first call. */
  readonly children: readonly Element[];
  /** Character data directly inside the element, decoded. */
  readonly text: string;
}

export interface XmlHead {
  readonly name: string;
  readonly ns: string;
}

export type XmlEvent =
  | { readonly kind: "open"; readonly tag: StreamTag }
  | { readonly kind: "element"; readonly element: XmlElement }
  | { readonly kind: "close" };

/**
 * Bytes of one stream in, first-level elements out, by pull: what nobody asked for yet stays bytes, so that
 * `<starttls/>` or a stream restart can look at what follows it.
 */
export interface XmlParser {
  readonly limits: XmlLimits;
  /** Adds bytes. The parser may keep a reference to `chunk`; the caller does not change it afterwards. */
  write(chunk: Buffer): void;
  /**
   * The next event, or undefined when more bytes are needed.
   * @throws XmlError for what must end the stream; the parser is of no use afterwards.
   */
  next(): XmlEvent | undefined;
  /** Bytes written and not yet consumed by an event. */
  readonly pending: number;
  /** Forgets the bytes in `pending`. */
  discard(): void;
  /** The next event must be the header of a new stream (RFC 6120 §4.3.3). Keeps pending bytes. */
  restart(): void;
}
