import { createHash } from "node:crypto";
import { Client } from "../../src/testing/client.ts";
import type { Rig } from "../../src/testing/create-rig.ts";
import { Pipe, type PipeOptions } from "../../src/testing/pipe.ts";

export const STREAMS = "http://etherx.jabber.org/streams";

/** A component on a pipe. What it hears is matched as `jabber:client`; `wire` is what came in truth. */
export interface ComponentClient extends Client {
  readonly pipe: Pipe;
  readonly wire: { text: string };
}

export function componentHeader(to: string, more = "", content = "jabber:component:accept"): string {
  return `<stream:stream xmlns="${content}" xmlns:stream="${STREAMS}" to="${to}"${more}>`;
}

export function handshake(id: string | undefined, secret: string): string {
  return `<handshake>${createHash("sha1").update(`${id}${secret}`).digest("hex")}</handshake>`;
}

/** Where components connect. */
type Home = Pick<Rig, "server" | "transcript" | "captures" | "settle">;

/** A connection that has said nothing yet. */
export function rawComponent(rig: Home, options: PipeOptions = {}): ComponentClient {
  const pipe = new Pipe(rig.server.turn, options);
  const wire = { text: "" };
  const client = new Client({
    name: "component",
    transcript: rig.transcript,
    captures: rig.captures,
    connect: (hearer) => {
      pipe.open({
        data: (text) => {
          wire.text += text;
          hearer.hear(text.replace('xmlns="jabber:component:accept"', 'xmlns="jabber:client"'));
        },
        ended: () => hearer.heardEnd(),
      });
      return {
        send: (data) => pipe.send(data),
        end: () => pipe.end(),
        settle: () => rig.settle(),
        more: async () => {
          const { length } = hearer.heard;
          await rig.settle();
          return hearer.heard.length > length || hearer.gone;
        },
      };
    },
  });
  rig.server.acceptComponent(pipe.transport);
  return Object.assign(client, { pipe, wire });
}

/** A component that has shown its secret. */
export async function connectComponent(
  rig: Home,
  domain: string,
  secret: string,
  options: PipeOptions = {},
  more = "",
): Promise<ComponentClient> {
  const client = rawComponent(rig, options);
  await client.sendsRaw(componentHeader(domain, more));
  const { attributes } = await client.receivesHeader();
  await client.sends(handshake(attributes["id"], secret));
  await client.receives("<handshake/>");
  return client;
}
