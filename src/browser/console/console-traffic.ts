import type { Sighting } from "../inspector/sighting.ts";
import type { TrafficSource, Watcher } from "../inspector/traffic-source.ts";
import { messageOf } from "../ui/hooks.ts";
import { openStream, RequestError } from "./api.ts";

/** Milliseconds before a stream that broke off is asked for again. */
const RETRY_AFTER = 2_000;

/** What goes to and from an account, a room or a component; secrets are masked, and nobody can be spoken for. */
export function consoleTraffic(address: string): TrafficSource {
  return {
    watch(watcher) {
      const left = new AbortController();
      void follow(address, watcher, left.signal);
      return () => left.abort();
    },
  };
}

/** Until `left`, or until the server says that it will not be. */
async function follow(address: string, watcher: Watcher, left: AbortSignal): Promise<void> {
  while (!left.aborted) {
    try {
      for await (const { name, data } of eventsOf(await openStream("traffic", { address }, left))) {
        if (name === "sighting") watcher.sees(JSON.parse(data) as Sighting);
        else if (name === "lost") watcher.loses(Number(data));
        else watcher.becomes("watching", "Watching. Secrets are masked.");
      }
    } catch (error) {
      if (left.aborted) return;
      if (error instanceof RequestError) return watcher.becomes("over", `Cannot watch: ${messageOf(error)}`);
    }
    watcher.becomes("connecting", "The connection broke off; trying again …");
    await new Promise((resolve) => void setTimeout(resolve, RETRY_AFTER));
  }
}

/** Server-sent events as the console's server writes them: one line of data each; a comment has no name. */
async function* eventsOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let text = "";
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const [, name = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      yield { name, data };
    }
  }
}
