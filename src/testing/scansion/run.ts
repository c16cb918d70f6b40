import { serialize } from "../../xml/element.ts";
import type { PipeClient } from "../create-rig.ts";
import { bareOf } from "../seen.ts";
import { difference, readExpected } from "./compare.ts";
import { type Character, readScript, type ScriptAction } from "./script.ts";

interface Stage {
  /** A client that is logged in, without presence; the account is made when there is none. */
  connect(character: Character): Promise<PipeClient>;
}

/** Plays a script to its end. @throws Error naming the line where something else happened. */
export async function runScript(source: string, stage: Stage): Promise<void> {
  const { actions, characters } = readScript(source);
  const clients = new Map<Character, PipeClient>();
  const captures = new Map<string, string>();
  const addresses = () =>
    new Map([
      ...captures,
      ...characters.map(({ name, jid }) => [`${name}'s JID`, bareOf(jid)] as const),
      ...[...clients].map(([{ name }, { jid }]) => [`${name}'s full JID`, jid] as const),
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
      clients.set(character, await stage.connect(character));
      return;
    }
    const client = clients.get(character);
    if (!client) throw new Error("not connected");
    if (verb === "disconnects") return client.disconnects();
    // Recorded scripts have what a client sends while it leaves behind its end.
    if (verb === "sends") return client.gone ? undefined : client.sendsRaw(fill(text));
    if (text === "nothing") return client.receivesNothing();
    const received = await client.receivesAny();
    const found = difference(readExpected(fill(text)), received, captures);
    if (found !== undefined) throw new Error(`${found}; it is\n  ${serialize(received)}`);
  }
}

/** `${Romeo's JID}`, `${Romeo's full JID}`, and `${name}` for what was captured. */
function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{([^}]+)\}/g, (placeholder, what: string) => values.get(what) ?? placeholder);
}
