import type { Sighting } from "../../admin/inspector/watch.ts";
import type { Clock } from "../../util/clock.ts";

/** Sightings that wait for a browser; what comes while it has more is left out, and said to be. */
const MOST_WAITING = 500;

/** Keeps proxies from taking a quiet stream for a dead one; milliseconds. */
const HEARTBEAT = 15_000;

interface TrafficParts {
  readonly clock: Clock;
  /** Ends the stream: the visit is over, or the server. */
  readonly ends: AbortSignal;
  /** Begins to watch; returns how to stop. */
  watch(see: (sighting: Sighting) => void): () => void;
}

/** Server-sent events: `sighting` for each, `lost` with the number of those that were left out. */
export function trafficStream({ clock, ends, watch }: TrafficParts): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let lost = 0;
        const send = (text: string) => controller.enqueue(encoder.encode(text));
        const unwatch = watch((sighting) => {
          if ((controller.desiredSize ?? 0) <= 0) {
            lost++;
            return;
          }
          if (lost > 0) send(event("lost", lost));
          lost = 0;
          send(event("sighting", sighting));
        });
        const heartbeat = clock.every(HEARTBEAT, () => send(":\n\n"));
        const close = () => {
          stop();
          controller.close();
        };
        stop = () => {
          unwatch();
          heartbeat.cancel();
          ends.removeEventListener("abort", close);
          stop = () => {};
        };
        ends.addEventListener("abort", close);
        // So that the browser knows at once that it is heard.
        send(":\n\n");
      },
      cancel: () => stop(),
    },
    { highWaterMark: MOST_WAITING },
  );
}

/** JSON has no line breaks, so it is one line of data. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
