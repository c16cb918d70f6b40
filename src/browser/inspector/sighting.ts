import { tokensOf } from "./tokens.ts";

export const KINDS = ["message", "presence", "iq", "other"] as const;
export type Kind = (typeof KINDS)[number];

/** Something that passed, as a source tells it. */
export interface Sighting {
  /** Milliseconds since the epoch, on the server's clock. */
  readonly at: number;
  /** `in`: from a client; `out`: to it. */
  readonly direction: "in" | "out";
  /** Whose stream it was: a full address, or as much of it as is known. */
  readonly session: string;
  readonly kind: Kind;
  readonly xml: string;
}

/** A sighting with what the list and the filters ask of it. */
export interface Entry extends Sighting {
  /** In their order, from 1. */
  readonly number: number;
  readonly namespaces: ReadonlySet<string>;
  /** The name of the element with its type: "iq get". */
  readonly title: string;
  /** Of the addresses in it the one that is not the session's, if it names one. */
  readonly other: string;
  /** What it says to people, or what is in it: the namespace of a nonza, the name and namespace of a first child. */
  readonly gist: string;
}

/** Children that say something to people. */
const WORDS: ReadonlySet<string> = new Set(["body", "subject", "status", "text"]);

/** Of a gist; the list shows one line. Characters. */
const LONGEST_GIST = 200;

export function entryOf(sighting: Sighting, number: number): Entry {
  const namespaces = new Set<string>();
  let [title, other, child, words] = ["", "", "", ""];
  let depth = 0;
  let isInWords = false;
  for (const token of tokensOf(sighting.xml)) {
    if (token.kind === "text") {
      if (isInWords && words === "") words = token.text;
      continue;
    }
    if (token.kind === "close") {
      depth--;
      isInWords = false;
      continue;
    }
    const attributes = new Map(token.attributes);
    for (const [name, value] of attributes) if (name.startsWith("xmlns")) namespaces.add(value);
    if (depth === 0) {
      const type = attributes.get("type");
      title = type === undefined ? token.name : `${token.name} ${type}`;
      other = attributes.get(sighting.direction === "in" ? "to" : "from") ?? "";
      child = attributes.get("xmlns") ?? "";
    } else if (depth === 1) {
      child ||= nameOf(token.name, attributes.get("xmlns"));
      isInWords = WORDS.has(token.name);
    }
    if (token.kind === "open") depth++;
  }
  return { ...sighting, number, namespaces, title, other, gist: (words || child).slice(0, LONGEST_GIST) };
}

function nameOf(name: string, namespace: string | undefined): string {
  return namespace === undefined ? name : `${name} ${namespace}`;
}
