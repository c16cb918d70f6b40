import type { ClientStream } from "../../stream/client-stream.ts";
import { t } from "../../util/schema.ts";
import { addressOf, streamsOf } from "./cut.ts";
import { type CommonOptions, defineFault, duration, isOf, type Site, userField } from "./fault.ts";
import type { Line } from "./lines.ts";

export interface NetworkFault extends CommonOptions {
  readonly fault: "network";
  /** Whose connections, as soon as it is known whose they are. Default: everybody's, also those that come later. */
  readonly user?: string;
  /** `in`: from the client. Default: `both`. */
  readonly direction?: "in" | "out" | "both";
  /** On the server's clock: milliseconds, or a duration. Default: 0. */
  readonly latency?: number | string;
  /** Up to so much more, by chance. Default: 0. */
  readonly jitter?: number | string;
  /** Bytes per second. Default: no limit. */
  readonly bandwidth?: number;
  /** So many bytes at once, also in the middle of a character. Default: as they come. */
  readonly slice?: number;
  /** The connection is cut when so many more bytes have passed in one direction. Default: never. */
  readonly cutAfter?: number;
  /** Nothing arrives, and the connection stays. */
  readonly stall?: boolean;
}

const bytes = () => t.integer("off", { off: true, min: 1 });

export const network = defineFault({
  name: "network",
  doc: "Connections are slow, narrow, in slices, silent, or cut at a byte: those that there are, and those that come. What is held up goes on, in order, when the fault is removed.",
  outlasts: true,
  fields: {
    user: userField,
    direction: t.oneOf(["in", "out", "both"], "both").doc("in: from the client."),
    latency: duration("0s").doc("On the server's clock."),
    jitter: duration("0s").doc("Up to so much more, by chance."),
    bandwidth: bytes().doc("Bytes per second."),
    slice: bytes().doc("So many bytes at once, also in the middle of a character."),
    cutAfter: bytes().doc("The connection is cut when so many more bytes have passed in one direction."),
    stall: t.boolean(false).doc("Nothing arrives, and the connection stays."),
  },
  start({ user, ...toxic }, site) {
    const decided = new WeakMap<Line, boolean>();
    const decide = (line: Line, client: string) => {
      if (!decided.has(line)) decided.set(line, site.happens(client));
    };
    const end = site.seams.network.add({
      toxic,
      has: (line) => decided.get(line) ?? false,
      meets: (line) => {
        if (user === undefined) decide(line, "");
      },
    });
    if (user === undefined) {
      for (const line of site.lines.all) decide(line, "");
      return end;
    }
    const endOfUser = whenKnown(user, site, decide);
    return () => {
      end();
      endOfUser();
    };
  },
});

/** Those of a user that there are, and others when the first element passes of which it is known to be the user's. */
function whenKnown(user: string, site: Site, decide: (line: Line, client: string) => void): () => void {
  const found = (stream: ClientStream) => {
    const line = site.lines.under(stream.transport);
    if (line) decide(line, addressOf(stream));
  };
  for (const stream of streamsOf(user, site)) found(stream);
  return site.seams.passing.add((passing) => {
    if (isOf(passing, user, site)) found(passing.stream);
    return false;
  });
}
