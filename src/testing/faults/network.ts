import { t } from "../../util/schema.ts";
import { type CommonOptions, defineFault, duration } from "./fault.ts";

export interface NetworkFault extends CommonOptions {
  readonly fault: "network";
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
  /** Nothing arrives, and the connection stays. */
  readonly stall?: boolean;
}

export const network = defineFault({
  name: "network",
  doc: "New connections on TCP are slow, narrow, in slices, or silent.",
  fields: {
    direction: t.oneOf(["in", "out", "both"], "both").doc("in: from the client."),
    latency: duration("0s").doc("On the server's clock."),
    jitter: duration("0s").doc("Up to so much more, by chance."),
    bandwidth: t.integer("off", { off: true, min: 1 }).doc("Bytes per second."),
    slice: t
      .integer("off", { off: true, min: 1 })
      .doc("So many bytes at once, also in the middle of a character."),
    stall: t.boolean(false).doc("Nothing arrives, and the connection stays."),
  },
  start(toxic, site) {
    return site.seams.network.add(() => (site.happens() ? toxic : undefined));
  },
});
