import { childElements, clone, Element } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";

const MASK = "(masked)";

/** All text in these is what proves who somebody is. */
const PROOFS: ReadonlySet<string> = new Set([ns.SASL, ns.SASL2, ns.SASL_UPGRADE, ns.SCRAM_UPGRADE]);

/** … but for these, which say what is negotiated. */
const NEGOTIATED: ReadonlySet<string> = new Set([
  "mechanism",
  "text",
  "authorization-identifier",
  "software",
  "device",
  "task",
  "upgrade",
  "method",
]);

/** Elements, attributes and fields of forms with such names hold secrets, whatever their namespace. */
const SECRET_NAME = /pass(word|wd|phrase)|secret|token|credential|digest|preauth|^key$/i;

/** Attributes that are secrets although their name does not say so. */
const SECRET_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  // XEP-0198 §5: whoever has it may take the session over.
  [ns.STREAM_MANAGEMENT]: ["id", "previd"],
  // XEP-0363 §4: whoever has it may write, or read.
  [ns.UPLOAD]: ["url"],
};

/** Links that let somebody in. */
const SECRET_IN_TEXT =
  /((?:preauth|token|password|signature|sig|link)=)[^&;#\s"<]+|(\/(?:invite|export)\/)[\w.~-]+/gi;

/** A copy in which nothing is left that would let somebody do what only another may. */
export function masked(element: Element): Element {
  const copy = clone(element);
  mask(copy, copy.getNS() ?? ns.CLIENT);
  return copy;
}

function mask(element: Element, namespace: string): void {
  const name = element.getName();
  const secretAttributes = SECRET_ATTRIBUTES[namespace] ?? [];
  for (const key of Object.keys(element.attrs as object)) {
    const value: unknown = element.attrs[key];
    if (typeof value !== "string" || key.startsWith("xmlns")) continue;
    const isSecret = secretAttributes.includes(key) || SECRET_NAME.test(key);
    element.attrs[key] = isSecret ? MASK : withoutLinks(value);
  }
  // XEP-0114 §3: what components prove themselves with.
  const isHandshake = namespace === ns.CLIENT && name === "handshake";
  const isProof = isHandshake || (PROOFS.has(namespace) && !NEGOTIATED.has(name));
  // XEP-0363 §5: the headers of a slot.
  const isHeader = namespace === ns.UPLOAD && name === "header";
  if (isSecretField(element, namespace)) {
    for (const value of childElements(element).filter((child) => child.getName() === "value")) hide(value);
  }
  if (isProof || isHeader || SECRET_NAME.test(name)) hide(element);
  for (const [index, child] of element.children.entries()) {
    if (typeof child === "string") element.children[index] = withoutLinks(child);
    else mask(child as Element, (child as Element).getNS() ?? namespace);
  }
}

/** XEP-0004 §3.3: `text-private`; what is submitted has no type, so the name counts too. */
function isSecretField(element: Element, namespace: string): boolean {
  if (namespace !== ns.DATA_FORMS || element.getName() !== "field") return false;
  const { type, var: name } = element.attrs as Record<string, unknown>;
  return type === "text-private" || (typeof name === "string" && SECRET_NAME.test(name));
}

/** Its own text, not that of its children. */
function hide(element: Element): void {
  const hasText = element.children.some((child) => typeof child === "string" && child.trim() !== "");
  if (!hasText) return;
  element.children = element.children.filter((child) => child instanceof Element);
  element.t(MASK);
}

function withoutLinks(text: string): string {
  return text.replace(
    SECRET_IN_TEXT,
    (_, key: string | undefined, path: string | undefined) => `${key ?? path}${MASK}`,
  );
}
