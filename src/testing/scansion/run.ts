import { type Element, serialize } from "../../xml/element.ts";
import { bareOf } from "../seen.ts";
import { difference, readExpected } from "./compare.ts";
import { type Character, readScript, type ScriptAction } from "./script.ts";

/** Somebody who is connected. */
export interface Actor {
  /** A client's full JID, a component's domain. */
  readonly jid: string;
  readonly gone: boolean;
  sendsRaw(xml: string): Promise<void>;
  receivesAny(): Promise<Element>;
  receivesNothing(): Promise<void>;
  disconnects(): Promise<void>;
}

interface Stage {
  /** A client that is logged in, without presence; the account is made when there is none. Or a component. */
  connect(character: Character): Promise<Actor>;
}

/** Plays a script to its end. @throws Error naming the line where something else happened. */
export async function runScript(source: string, stage: Stage): Promise<void> {
  const { actions, characters } = readScript(source);
  const actors = new Map<Character, Actor>();
  const captures = new Map<string, string>();
  const addresses = () =>
    new Map([
      ...captures,
      ...characters.map(({ name, jid }) => [`${name}'s JID`, bareOf(jid)] as const),
      ...[...actors].map(([{ name }, { jid }]) => [`${name}'s full JID`, jid] as const),
    ]);
  const fill = (text: string) => fillIn(text, addresses());

  for (const action of actions) {
    try {
      await perform(action);
    } catch (error) {
      const { line, character, verb } = action;
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`line ${line} of the script, ${character.name} ${verb}: ${why}`, { cause: error });
    }
  }

  async function perform({ character, verb, text }: ScriptAction): Promise<void> {
    if (verb === "connects") {
      actors.set(character, await stage.connect(character));
      return;
    }
    const actor = actors.get(character);
    if (!actor) throw new Error("not connected");
    if (verb === "disconnects") return actor.disconnects();
    // Recorded scripts have what a client sends while it leaves behind its end.
    if (verb === "sends") return actor.gone ? undefined : actor.sendsRaw(fill(text));
    if (text === "nothing") return actor.receivesNothing();
    const received = await actor.receivesAny();
    const found = difference(readExpected(fill(text)), received, captures);
    if (found !== undefined) throw new Error(`${found}; it is\n  ${serialize(received)}`);
  }
}

/** `${Romeo's JID}`, `${Romeo's full JID}`, and `${name}` for what was captured. */
function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{([^}]+)\}/g, (placeholder, what: string) => values.get(what) ?? placeholder);
}
