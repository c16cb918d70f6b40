import { clone, Element, serialize } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { bareOf, type Seen } from "../seen.ts";

/** Attributes that are different each time, by the namespace of their element; "": of any. */
const VOLATILE: readonly (readonly [namespace: string, name: string])[] = [
  ["", "stamp"],
  ["", "ver"],
  [ns.STANZA_ID, "id"],
  [ns.MAM, "id"],
  [ns.OCCUPANT_ID, "id"],
];

interface Actor {
  readonly name: string;
  readonly jid: string;
}

/** What went by as a scansion script: whoever runs it against a server sees whether it does the same. */
export function writeScript(
  title: string,
  traffic: readonly Seen[],
  passwordOf: (user: string) => string,
): string {
  const actors = new Map<string, Actor>();
  const connected = new Set<string>();
  const actions: string[] = [];
  for (const seen of traffic) {
    if (!seen.client.includes("/")) continue;
    const actor = actors.get(seen.client) ?? newActor(seen.client, actors);
    if (seen.kind === "end" && connected.delete(seen.client)) actions.push(`${actor.name} disconnects`);
    if (!seen.isStanza) continue;
    if (!connected.has(seen.client)) {
      connected.add(seen.client);
      actions.push(`${actor.name} connects`);
    }
    const verb = seen.direction === "in" ? "sends" : "receives";
    actions.push(`${actor.name} ${verb}:\n\t${textOf(seen, actors)}`);
  }
  const cast = [...actors.values()].map(({ name, jid }) => {
    const bare = bareOf(jid);
    return `[Client] ${name}\n\tjid: ${bare}\n\tpassword: ${passwordOf(bare)}`;
  });
  return `${[`# ${title}`, ...cast, "-----", ...actions].join("\n\n")}\n`;
}

/** Named after the user; a second client of the same user is told apart by a number. */
function newActor(jid: string, actors: Map<string, Actor>): Actor {
  const local = bareOf(jid).split("@", 1)[0] as string;
  const base = local.slice(0, 1).toUpperCase() + local.slice(1);
  const namesakes = [...actors.values()].filter((actor) => bareOf(actor.jid) === bareOf(jid)).length;
  const actor = { name: namesakes === 0 ? base : `${base}'s device ${namesakes + 1}`, jid };
  actors.set(jid, actor);
  return actor;
}

function textOf(seen: Seen, actors: ReadonlyMap<string, Actor>): string {
  const tree = clone(seen.element);
  if (tree.attrs["xmlns"] === ns.CLIENT) delete tree.attrs["xmlns"];
  if (seen.direction === "out") {
    hideVolatile(tree);
    // A request of the server: its id is made up.
    if (tree.is("iq") && ["get", "set"].includes(String(tree.attrs["type"])))
      tree.attrs["id"] = "{scansion:any}";
  }
  let text = serialize(tree);
  for (const { jid, name } of actors.values()) text = text.replaceAll(jid, `\${${name}'s full JID}`);
  return text;
}

function hideVolatile(tree: Element): void {
  for (const [namespace, name] of VOLATILE) {
    const isMeant = namespace === "" || tree.getNS() === namespace;
    if (isMeant && tree.attrs[name] !== undefined) tree.attrs[name] = "{scansion:any}";
  }
  for (const child of tree.children) if (child instanceof Element) hideVolatile(child);
}
