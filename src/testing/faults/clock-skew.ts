import { type Schema, t } from "../../util/schema.ts";
import { millisecondsOf } from "../test-clock.ts";
import { type CommonOptions, defineFault } from "./fault.ts";

export interface ClockSkewFault extends CommonOptions {
  readonly fault: "clock-skew";
  /** Milliseconds, or a duration, with a minus where the clock is slow: `"-10m"`. */
  readonly by: number | string;
}

export const clockSkew = defineFault({
  name: "clock-skew",
  doc: "The server's clock is fast, or slow: all stamps are wrong. What waits goes on waiting as long as before.",
  outlasts: true,
  fields: { by: signedDuration().doc('Milliseconds, or a duration like "10m" or "-10m".') },
  start({ by }, site) {
    site.happens();
    return site.seams.skew.add(by);
  },
});

function signedDuration(): Schema<number> {
  return t.custom(
    'a duration like "10m" or "-10m", or milliseconds',
    { type: ["string", "number"] },
    (value) => {
      if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
      if (typeof value !== "string") return undefined;
      const [, sign = "", rest = ""] = /^([-+]?)(.*)$/.exec(value) ?? [];
      try {
        return sign === "-" ? -millisecondsOf(rest) : millisecondsOf(rest);
      } catch {
        return undefined;
      }
    },
  );
}
