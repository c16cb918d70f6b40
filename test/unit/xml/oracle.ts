import { SaxesParser, type SaxesTagNS } from "saxes";

/** An element that means the same as another if both look the same. */
export interface Tree {
  readonly name: string;
  readonly ns: string;
  /** `{namespace}name` to value, without namespace declarations. */
  readonly attributes: Record<string, string>;
  /** Character data in one piece between elements. */
  readonly nodes: (Tree | string)[];
}

/**
 * What saxes makes of a complete stream: its root as a tree, or undefined when it is ill-formed or has what RFC 6120
 * §11.1 prohibits or character data between stanzas or is not in XML 1.0 and UTF-8.
 */
export function parseWithSaxes(document: Buffer): Tree | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(document);
  } catch {
    return undefined;
  }
  const parser = new SaxesParser({ xmlns: true });
  const open: Tree[] = [];
  let root: Tree | undefined;
  const refuse = (): never => {
    throw new Error("restricted");
  };
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("comment", refuse);
  parser.on("processinginstruction", refuse);
  parser.on("doctype", refuse);
  parser.on("xmldecl", ({ version, encoding }) => {
    if (version !== "1.0" || (encoding ?? "utf-8").toLowerCase() !== "utf-8") refuse();
  });
  parser.on("opentag", (tag) => {
    if ([tag.name, ...Object.keys(tag.attributes)].some((name) => isOddName(name))) refuse();
    const tree = treeOf(tag);
    open.at(-1)?.nodes.push(tree);
    root ??= tree;
    open.push(tree);
  });
  parser.on("closetag", () => open.pop());
  const onText = (data: string): void => {
    if (open.length === 1 && !/^[ \t\r\n]*$/.test(data)) refuse();
    if (open.length > 0) addText((open.at(-1) as Tree).nodes, data);
  };
  parser.on("text", onText);
  parser.on("cdata", (data) => {
    if (open.length === 1) refuse();
    onText(data);
  });
  try {
    parser.write(text).close();
  } catch {
    return undefined;
  }
  return root;
}

/** Saxes looks at the first character of a qualified name only, not at that of its local part (XML-NAMES §4). */
function isOddName(name: string): boolean {
  return /:[-.0-9\u00b7]/.test(name);
}

/** Saxes takes white space at the ends of a namespace for none, which is wrong: there is no telling what it would say. */
export function confusesSaxes(document: Buffer): boolean {
  return /xmlns[^=]*=\s*(?:"(?:\s|[^"]*\s")|'(?:\s|[^']*\s'))/.test(document.toString());
}

function treeOf(tag: SaxesTagNS): Tree {
  const attributes: Record<string, string> = Object.create(null);
  for (const { name, prefix, local, uri, value } of Object.values(tag.attributes))
    if (prefix !== "xmlns" && name !== "xmlns") attributes[`{${uri}}${local}`] = value;
  return { name: tag.local, ns: tag.uri, attributes, nodes: [] };
}

export function addText(nodes: (Tree | string)[], text: string): void {
  if (text === "") return;
  const last = nodes.at(-1);
  if (typeof last === "string") nodes[nodes.length - 1] = last + text;
  else nodes.push(text);
}
