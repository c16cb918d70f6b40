/** Elements as people read them: one a line, in colours. What is shown is text, never markup. */
import type { VNode } from "preact";

/** A tag, or text between two. */
type Token =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "open" | "empty" | "close";
      readonly name: string;
      readonly attributes: readonly (readonly [name: string, value: string])[];
    };

const TAG = /<(\/?)([^\s/>]+)((?:\s+[^\s=]+="[^"]*")*)\s*(\/?)>/g;
const ATTRIBUTE = /\s+([^\s=]+)="([^"]*)"/g;

/** Well-formed XML as the server writes it: no declarations, attributes in double quotes. */
function tokensOf(xml: string): readonly Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of xml.matchAll(TAG)) {
    const [whole, slash, name = "", attributes = "", empty] = match;
    const text = xml.slice(end, match.index);
    if (text.trim() !== "") tokens.push({ kind: "text", text });
    end = match.index + whole.length;
    const kind = slash === "/" ? "close" : empty === "/" ? "empty" : "open";
    const list = Array.from(
      attributes.matchAll(ATTRIBUTE),
      ([, key = "", value = ""]) => [key, value] as const,
    );
    tokens.push({ kind, name, attributes: list });
  }
  return tokens;
}

export function Xml({ xml }: { readonly xml: string }) {
  const tokens = tokensOf(xml);
  const lines: VNode[] = [];
  let depth = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    const [next, afterNext] = [tokens[index + 1], tokens[index + 2]];
    if (token.kind === "close") depth--;
    const indent = Math.max(0, depth);
    // <body>Hi</body> stays on one line.
    if (token.kind === "open" && next?.kind === "text" && afterNext?.kind === "close") {
      lines.push(<Line key={index} depth={indent} tokens={[token, next, afterNext]} />);
      index += 2;
      continue;
    }
    lines.push(<Line key={index} depth={indent} tokens={[token]} />);
    if (token.kind === "open") depth++;
  }
  return <pre class="xml">{lines}</pre>;
}

/** What does not fit goes on further to the right. */
function Line({ depth, tokens }: { readonly depth: number; readonly tokens: readonly Token[] }) {
  return (
    <div style={{ paddingLeft: `${depth * 2 + 4}ch` }}>
      {tokens.map((token, index) =>
        token.kind === "text" ? (
          <span key={index} class="text">
            {decoded(token.text)}
          </span>
        ) : (
          <Tag key={index} token={token} />
        ),
      )}
    </div>
  );
}

function Tag({ token }: { readonly token: Exclude<Token, { kind: "text" }> }) {
  return (
    <>
      {token.kind === "close" ? "</" : "<"}
      <span class="tag">{token.name}</span>
      {token.attributes.map(([name, value]) => (
        <span key={name}>
          {" "}
          <span class="attribute">{name}</span>=
          <span class={name.startsWith("xmlns") ? "namespace" : "value"}>"{decoded(value)}"</span>
        </span>
      ))}
      {token.kind === "empty" ? "/>" : ">"}
    </>
  );
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (ENTITIES[name ?? ""] ?? whole) : String.fromCodePoint(Number(code)),
  );
}
