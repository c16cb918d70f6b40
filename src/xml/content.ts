import { attributesEnd, attributeText, localName } from "./attributes.ts";
import { escapeAttribute } from "./element.ts";
import * as T from "./tape.ts";

/**
 * The content of the tape's element as XML text that needs no declaration from outside but a default namespace, the
 * element's own. Mostly that is what came; see `Tape.isPortable`.
 */
export function contentText(tape: T.Tape): string {
  return tape.isPortable ? tape.raw(tape.contentStart, tape.contentEnd) : rewrite(tape);
}

/** The content with plain names, each namespace declared where it begins to differ from the default one. */
function rewrite(tape: T.Tape): string {
  let text = "";
  const open: { name: string; outer: string }[] = [];
  let current = tape.uri(tape.at(5));
  let index = attributesEnd(tape, 0);
  for (;;) {
    const kind = tape.at(index) & T.KIND;
    if (kind === T.TEXT_RUN) {
      text += textRun(tape, index);
      index += T.TEXT_SIZE;
    } else if (kind === T.OPEN) {
      const name = plainName(tape, index);
      const uri = tape.at(index + 5) === T.XML_NAMESPACE ? current : tape.uri(tape.at(index + 5));
      text += `<${name}`;
      if (uri !== current) text += ` xmlns="${escapeAttribute(uri)}"`;
      text += attributeText(tape, index, () => true);
      index = attributesEnd(tape, index);
      if ((tape.at(index) & T.KIND) === T.CLOSE) {
        text += "/>";
        index++;
        continue;
      }
      text += ">";
      open.push({ name, outer: current });
      current = uri;
    } else {
      const element = open.pop();
      if (element === undefined) return text;
      text += `</${element.name}>`;
      current = element.outer;
      index++;
    }
  }
}

function textRun(tape: T.Tape, index: number): string {
  const raw = tape.raw(tape.at(index + 1), tape.at(index + 2));
  return (tape.at(index) & T.CDATA) === 0 ? raw : `<![CDATA[${raw}]]>`;
}

/** The local name; but the `xml` prefix stays, as its namespace cannot be the default one (Namespaces in XML 1.0 §3). */
export function plainName(tape: T.Tape, head: number): string {
  const name = localName(tape, head);
  return tape.at(head + 5) === T.XML_NAMESPACE ? `xml:${name}` : name;
}
