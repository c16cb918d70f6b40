import { open } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Container } from "../../core/user-data.ts";
import { DocumentReader } from "../../xml/document-reader.ts";
import { type Element, el, escapeAttribute, serialize } from "../../xml/element.ts";
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

/** As `readPie`, of a document that comes in pieces and includes nothing. @throws TransferError */
export function readPieces(pieces: AsyncIterable<string>): AsyncGenerator<PieEvent, void> {
  return readDocument(encoded(pieces), { name: "the export", path: [], include: refuseInclude });
}

/** The document that the events are of, in pieces, with what was included in place. */
export async function* piecesOfPie(events: AsyncIterable<PieEvent>): AsyncGenerator<string, void> {
  for await (const event of events) {
    if (event.kind === "element") yield serialize(event.element);
    else if (event.kind === "close") yield `</${event.container.name}>`;
    else {
      const { name, ns: namespace, attributes } = event.container;
      const written = Object.entries(attributes)
        .filter(([key]) => !key.includes(":") || key.startsWith("xml:"))
        .map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
      yield `<${name} xmlns="${escapeAttribute(namespace)}"${written.join("")}>`;
    }
  }
}

/** What is being read. */
interface Source {
  /** For those who are told what is wrong with it. */
  readonly name: string;
  /** The containers that are open; shared with included files. */
  readonly path: Container[];
  /** What is in the place of an `<include/>`. @throws TransferError */
  include(element: XmlElement): AsyncIterable<PieEvent>;
}

interface Place {
  readonly file: string;
  /** Nothing outside of this directory is included. */
  readonly root: string;
  readonly path: Container[];
  readonly including: readonly string[];
}

function readFile(place: Place): AsyncGenerator<PieEvent, void> {
  const { file, path } = place;
  return readDocument(chunksOf(file), {
    name: file,
    path,
    include: (element) => readFile(included(element, place)),
  });
}

async function* readDocument(chunks: AsyncIterable<Buffer>, source: Source): AsyncGenerator<PieEvent, void> {
  const { name, path, include } = source;
  const reader = new DocumentReader(LIMITS, (head) => isContainer(head, path.at(-1)?.name ?? ""));
  let offset = 0;
  for await (const chunk of chunks) {
    offset += chunk.length;
    reader.write(chunk);
    for (let event = nextEvent(reader, name, offset); event; event = nextEvent(reader, name, offset)) {
      if (event.kind === "open") {
        path.push(event.tag);
        yield { kind: "open", container: event.tag };
      } else if (event.kind === "close") {
        yield { kind: "close", container: path.pop() as Container };
      } else if (isInclude(event.element) && MAY_INCLUDE.has(path.at(-1)?.name)) {
        yield* include(event.element);
      } else {
        yield { kind: "element", element: treeOf(event.element) };
      }
    }
  }
  if (!reader.isOver) throw new TransferError(`${name}: ends before it is complete`);
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new TransferError(`${file}: cannot be read (${error.code ?? error.message})`);
  });
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

function refuseInclude(): never {
  throw new TransferError("the export: includes something");
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
