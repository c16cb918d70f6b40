import { readFragment } from "../../xml/fragment.ts";
import { bareOf } from "../seen.ts";
import type { ControlState } from "./control-state.ts";

/** Sends `xml` as one of the user's clients, as if it had; where there is none, as one that is made. @throws Error when it is no XML. */
export async function speak(state: ControlState, user: string, xml: string): Promise<void> {
  const { server, clients } = state;
  const element = readFragment(xml);
  const known = clients.get(user);
  if (known && !known.gone) return known.sends(xml);
  const wanted = server.addressOf(user);
  for (const stream of server.server.streams) {
    const jid = stream.session?.jid.toString() ?? "";
    if (jid !== wanted && bareOf(jid) !== wanted) continue;
    stream.deal(element);
    return server.settle();
  }
  const client = await server.client(user);
  clients.set(user, client);
  return client.sends(xml);
}
