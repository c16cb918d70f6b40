import type { ClientStream } from "../../stream/client-stream.ts";
import { readFragment } from "../../xml/fragment.ts";
import { readXml, writeXml } from "../read-xml.ts";
import { bareOf } from "../seen.ts";
import type { ControlState } from "./control-state.ts";

/** Sends `xml` as one of the user's clients, as if it had; where there is none, as one that is made. @throws Error when it is no XML. */
export async function speak(state: ControlState, user: string, xml: string): Promise<void> {
  const { server, clients } = state;
  const element = readFragment(xml);
  const known = clients.get(user);
  if (known && !known.gone) return known.sends(xml);
  const [stream] = streamsOf(state, user);
  if (stream) {
    stream.deal(element);
    return server.settle();
  }
  const client = await server.client(user);
  clients.set(user, client);
  return client.sends(xml);
}

/** Lets the user's clients have it, as from the server. @throws Error when there are none, or it is no XML. */
export async function deliver(state: ControlState, user: string, xml: string): Promise<void> {
  const text = writeXml(readXml(xml));
  const streams = streamsOf(state, user);
  if (streams.length === 0) throw new Error(`${user} has no client`);
  for (const stream of streams) stream.write(text);
  await state.server.settle();
}

function streamsOf({ server }: ControlState, user: string): ClientStream[] {
  const wanted = server.addressOf(user);
  return [...server.server.streams].filter(({ session }) => {
    const jid = session?.jid.toString() ?? "";
    return jid === wanted || bareOf(jid) === wanted;
  });
}
