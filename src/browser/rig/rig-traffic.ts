import { MOST } from "../inspector/latest.ts";
import type { Sighting } from "../inspector/sighting.ts";
import type { TrafficSource, Utterance } from "../inspector/traffic-source.ts";

/** As the rig tells it at `/stanzas`. */
interface Seen {
  readonly direction: Sighting["direction"];
  readonly kind: "message" | "presence" | "iq" | "nonza";
  readonly client: string;
  readonly time: number;
  readonly xml: string;
}

/** All that passes through the rig, what passed before included. Whoever looks may speak for everybody. */
export const rigTraffic: TrafficSource = {
  watch(watcher) {
    const url = new URL(`stanzas?kind=any&last=${MOST}`, location.href.replace(/^http/, "ws"));
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => watcher.becomes("watching", "Watching."));
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const { direction, kind, client, time, xml } = JSON.parse(data) as Seen;
      watcher.sees({ direction, session: client, at: time, kind: kind === "nonza" ? "other" : kind, xml });
    });
    const onClose = () => watcher.becomes("over", "The rig is gone.");
    socket.addEventListener("close", onClose);
    return () => {
      socket.removeEventListener("close", onClose);
      socket.close();
    };
  },

  async speak({ direction, session, xml }: Utterance) {
    if (direction === "in") await post("send", { as: session, xml });
    else await post("deliver", { to: session, xml });
  },
};

async function post(operation: string, args: object): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(operation, { method: "POST", headers, body: JSON.stringify(args) }).catch(() => {
    throw new Error("the rig does not answer");
  });
  if (answer.ok) return;
  const { detail } = (await answer.json()) as { readonly detail?: string };
  throw new Error(detail ?? `the rig answered ${answer.status}`);
}
