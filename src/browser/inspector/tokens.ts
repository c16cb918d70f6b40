/** A tag, or text between two. */
export type Token =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "open" | "empty" | "close";
      readonly name: string;
      readonly attributes: readonly (readonly [name: string, value: string])[];
    };

const TAG = /<(\/?)([^\s/>]+)((?:\s+[^\s=]+="[^"]*")*)\s*(\/?)>/g;
const ATTRIBUTE = /\s+([^\s=]+)="([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** Of well-formed XML as the server writes it: no declarations, attributes in double quotes. What it says is decoded. */
export function* tokensOf(xml: string): Generator<Token, void> {
  let end = 0;
  for (const match of xml.matchAll(TAG)) {
    const [whole, slash, name = "", attributes = "", empty] = match;
    const text = xml.slice(end, match.index);
    if (text.trim() !== "") yield { kind: "text", text: decoded(text) };
    end = match.index + whole.length;
    const kind = slash === "/" ? "close" : empty === "/" ? "empty" : "open";
    const list = Array.from(
      attributes.matchAll(ATTRIBUTE),
      ([, key = "", value = ""]) => [key, decoded(value)] as const,
    );
    yield { kind, name, attributes: list };
  }
}

function decoded(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi,
    (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
