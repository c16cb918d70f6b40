import { open } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Container } from "../../core/user-data.ts";
import { DocumentReader } from "../../xml/document-reader.ts";
import { type Element, el, escapeAttribute } from "../../xml/element.ts";
import { readFragment } from "../../xml/fragment.ts";
import { type XmlElement, XmlError, type XmlHead } from "../../xml/parser.ts";
import { ns } from "../../xmpp/ns.ts";

/** What comes whole may not be larger: a vCard, a roster, one message. */
const LIMITS = {
  stanzaBytes: 64_000_000,
  depth: 200,
  attributes: 500,
  attributeBytes: 1_000_000,
  namespaces: 500,
};
const CHUNK_BYTES = 1_000_000;
/** Files in files: the scheme of §5.1 has three. */
const MAX_INCLUDES = 8;

/** The file cannot be read: it says where, and what is wrong. */
export class TransferError extends Error {
  override readonly name = "TransferError";
}

export type PieEvent =
  | { readonly kind: "open"; readonly container: Container }
  | { readonly kind: "element"; readonly element: Element }
  | { readonly kind: "close"; readonly container: Container };

/** What is read piece by piece, by what it is in. */
const CONTAINERS: readonly { readonly within: string; readonly name: string; readonly ns: string }[] = [
  { within: "", name: "server-data", ns: ns.PIE },
  { within: "server-data", name: "host", ns: ns.PIE },
  { within: "host", name: "user", ns: ns.PIE },
  { within: "user", name: "offline-messages", ns: ns.PIE },
  { within: "user", name: "archive", ns: ns.PIE_MAM },
  { within: "user", name: "pubsub", ns: ns.PUBSUB },
  { within: "pubsub", name: "items", ns: ns.PUBSUB },
];

/** XEP-0227 §5: not inside of what belongs to a user. */
const MAY_INCLUDE: ReadonlySet<string | undefined> = new Set(["server-data", "host", "user"]);

/**
 * XEP-0227: what is in an export, in its order, with what it includes in place; no more than a chunk and one element of
 * it is in memory. @throws TransferError
 */
export function readPie(file: string): AsyncGenerator<PieEvent, void> {
  const path = resolve(file);
  return readFile({ file: path, root: dirname(path), path: [], including: [] });
}

interface Place {
  readonly file: string;
  /** Nothing outside of this directory is included. */
  readonly root: string;
  /** The containers that are open; shared with included files. */
  readonly path: Container[];
  readonly including: readonly string[];
}

async function* readFile(place: Place): AsyncGenerator<PieEvent, void> {
  const { file, path } = place;
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new TransferError(`${file}: cannot be read (${error.code ?? error.message})`);
  });
  try {
    const reader = new DocumentReader(LIMITS, (head) => isContainer(head, path.at(-1)?.name ?? ""));
    for (let offset = 0; ; ) {
      for (;;) {
        const event = nextEvent(reader, file, offset);
        if (!event) break;
        if (event.kind === "open") {
          path.push(event.tag);
          yield { kind: "open", container: event.tag };
        } else if (event.kind === "close") {
          yield { kind: "close", container: path.pop() as Container };
        } else if (isInclude(event.element) && MAY_INCLUDE.has(path.at(-1)?.name)) {
          yield* readFile(included(event.element, place));
        } else {
          yield { kind: "element", element: treeOf(event.element) };
        }
      }
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      offset += bytesRead;
      reader.write(buffer.subarray(0, bytesRead));
    }
    if (!reader.isOver) throw new TransferError(`${file}: ends before it is complete`);
  } finally {
    await handle.close();
  }
}

function isContainer(head: XmlHead, within: string): boolean {
  // An included file has the element that stands in the place of the `<include/>` as its root.
  return CONTAINERS.some((each) => each.within === within && each.name === head.name && each.ns === head.ns);
}

function nextEvent(reader: DocumentReader, file: string, offset: number) {
  try {
    return reader.next();
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new TransferError(`${file}: ${error.message}, within the first ${offset} bytes`);
  }
}

function isInclude({ name, ns: namespace }: XmlElement): boolean {
  return name === "include" && namespace === ns.XINCLUDE;
}

/** §5: a relative URI, without `parse` and `xpointer`. */
function included({ attributes }: XmlElement, { file, root, path, including }: Place): Place {
  const { href, parse, xpointer } = attributes;
  if (href === undefined || parse !== undefined || xpointer !== undefined) {
    throw new TransferError(`${file}: has an <include/> that is not of XEP-0227 §5`);
  }
  const target = resolve(dirname(file), decoded(href));
  const inside = relative(root, target);
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) || isAbsolute(inside) || inside.split(sep)[0] === "..") {
    throw new TransferError(`${file}: includes ${href}, which is outside of the export's directory`);
  }
  const chain = [...including, file];
  if (chain.includes(target)) throw new TransferError(`${file}: includes ${href}, in which it is included`);
  if (chain.length > MAX_INCLUDES) throw new TransferError(`${file}: is included too deeply`);
  return { file: target, root, path, including: chain };
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

function treeOf(element: XmlElement): Element {
  const { name, ns: namespace, attributes, extraAttributes, inner } = element;
  if (!extraAttributes.includes("xmlns:") && (element.heads.length === 0 || element.text.trim() === "")) {
    const text = element.heads.length === 0 ? [element.text] : [];
    return el(name, { xmlns: namespace, ...attributes }, ...element.children, ...text);
  }
  const common = Object.entries(attributes)
    .filter(([key]) => !extraAttributes.includes(` ${key}=`))
    .map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
  const xmlns = ` xmlns="${escapeAttribute(namespace)}"`;
  const text = `<x><${name}${xmlns}${common.join("")}${extraAttributes}>${inner}</${name}></x>`;
  const [tree] = readFragment(text).children;
  if (!tree) throw new TransferError("an element without a tree");
  tree.parent = null;
  return tree;
}
