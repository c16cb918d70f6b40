/** Elements as people read them: one a line, in colours. What is shown is text, never markup. */
import type { VNode } from "preact";
import { PlainText } from "../ui/plain-text.tsx";
import { type Token, tokensOf } from "./tokens.ts";

/** Lines of one element; browsers become slow with more. */
const MOST_LINES = 1_000;

export function Xml({ xml }: { readonly xml: string }) {
  const tokens = [...tokensOf(xml)];
  const lines: VNode[] = [];
  let depth = 0;
  for (let index = 0; index < tokens.length && lines.length < MOST_LINES; index++) {
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
  return (
    <>
      <pre class="xml">{lines}</pre>
      {lines.length === MOST_LINES && <p class="hint">There is more of it; a copy has all.</p>}
    </>
  );
}

/** What does not fit goes on further to the right. */
function Line({ depth, tokens }: { readonly depth: number; readonly tokens: readonly Token[] }) {
  return (
    <div style={{ paddingLeft: `${Math.min(depth, 20) * 2 + 4}ch` }}>
      {tokens.map((token, index) =>
        token.kind === "text" ? (
          <span key={index} class="text">
            <PlainText text={token.text} />
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
          <span class={name.startsWith("xmlns") ? "namespace" : "value"}>
            "<PlainText text={value} />"
          </span>
        </span>
      ))}
      {token.kind === "empty" ? "/>" : ">"}
    </>
  );
}
