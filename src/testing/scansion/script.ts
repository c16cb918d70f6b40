/**
 * Scansion scripts, as Prosody's tests are written: characters, then what they do, line by line.
 * https://matthewwild.co.uk/projects/scansion/
 */

/** Somebody in a script. */
export interface Character {
  readonly kind: "client" | "component";
  readonly name: string;
  /** Bare, or full where the script wants a resource; a component's domain. */
  readonly jid: string;
  /** Default: one of its own. */
  readonly password: string | undefined;
}

export interface ScriptAction {
  /** Of the script, from 1. */
  readonly line: number;
  readonly character: Character;
  readonly verb: "connects" | "disconnects" | "sends" | "receives";
  /** XML of `sends` and `receives`; `receives` has "nothing" as well. */
  readonly text: string;
}

export interface Script {
  /** The first comment; "" without one. */
  readonly title: string;
  readonly characters: readonly Character[];
  readonly actions: readonly ScriptAction[];
}

interface Line {
  readonly number: number;
  readonly text: string;
  readonly isIndented: boolean;
}

const SECTION = /^\[(\w+)\] +(.+)$/;
const ACTION = /^(.+?) +(connects|disconnects|sends|receives)(?: *: *(.*))?$/;

/** @throws Error naming the line that cannot be understood. */
export function readScript(source: string): Script {
  const lines = source.split(/\r?\n/).map((text, index) => ({
    number: index + 1,
    text: text.trim(),
    isIndented: /^\s/.test(text),
  }));
  // A comment is a line of its own; inside of XML there is none.
  const content = lines.filter(({ text }) => text !== "" && !/^(#|\/\/)/.test(text) && !/^-{3,}$/.test(text));
  const characters = new Map<string, Character>();
  const actions: ScriptAction[] = [];
  for (let index = 0; index < content.length; ) {
    const line = content[index] as Line;
    const block = indentedBelow(content, index + 1);
    index += 1 + block.length;
    if (line.isIndented) throw fault(line, "it belongs to nothing");
    const section = SECTION.exec(line.text);
    if (section) {
      const character = readCharacter(line, section, block);
      characters.set(character.name, character);
    } else {
      actions.push(readAction(line, block, characters));
    }
  }
  const title = /^\s*#+\s*(.*)/.exec(source)?.[1]?.trim() ?? "";
  return { title, characters: [...characters.values()], actions };
}

function indentedBelow(lines: readonly Line[], from: number): readonly Line[] {
  const end = lines.findIndex((line, index) => index >= from && !line.isIndented);
  return lines.slice(from, end < 0 ? lines.length : end);
}

function readCharacter(
  line: Line,
  [, kind = "", name = ""]: RegExpExecArray,
  block: readonly Line[],
): Character {
  if (kind !== "Client" && kind !== "Component")
    throw fault(line, `there are no characters of the kind ${kind}, only clients and components`);
  const properties = new Map(
    block.map((property) => {
      const [, key = "", value = ""] = /^(\w+): *(.*)$/.exec(property.text) ?? [];
      if (key === "") throw fault(property, "expected a property such as jid: romeo@localhost");
      return [key, value] as const;
    }),
  );
  const jid = properties.get("jid");
  if (jid === undefined) throw fault(line, `${name} has no jid`);
  const resource = properties.get("resource");
  const full = resource === undefined || jid.includes("/") ? jid : `${jid}/${resource}`;
  if (kind === "Component") {
    if (/[@/]/.test(jid)) throw fault(line, `the jid of a component is a domain, not ${jid}`);
    return { kind: "component", name, jid, password: properties.get("secret") };
  }
  return { kind: "client", name, jid: full, password: properties.get("password") };
}

function readAction(
  line: Line,
  block: readonly Line[],
  characters: ReadonlyMap<string, Character>,
): ScriptAction {
  const [, name = "", verb, rest = ""] = ACTION.exec(line.text) ?? [];
  if (verb === undefined)
    throw fault(line, "expected somebody who connects, disconnects, sends: or receives:");
  const character = characters.get(name);
  if (!character) throw fault(line, `there is no character ${name}`);
  const text = [rest, ...block.map((each) => each.text)].join("\n").trim();
  const takesText = verb === "sends" || verb === "receives";
  if (takesText !== (text !== ""))
    throw fault(line, takesText ? `what ${verb} ${name}?` : "it takes no text");
  return { line: line.number, character, verb: verb as ScriptAction["verb"], text };
}

function fault(line: Line, why: string): Error {
  return new Error(`line ${line.number} of the script, "${line.text}": ${why}`);
}
