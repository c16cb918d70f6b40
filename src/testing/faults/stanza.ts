import { t } from "../../util/schema.ts";
import type { Passing } from "../passing.ts";
import { guarded, matcherOf, type StanzaPattern } from "../pattern.ts";
import type { Seen } from "../seen.ts";
import { type CommonOptions, defineFault, duration, type Site } from "./fault.ts";
import { patternField } from "./pattern-field.ts";

/**
 * `drop`: it never arrives. `delay`: it arrives `by` later. `duplicate`: it arrives twice. `hold`: it arrives when it is
 * released. `reorder`: it arrives after the next one that fits.
 */
export type FaultAction = (typeof ACTIONS)[number];

const ACTIONS = ["drop", "delay", "duplicate", "hold", "reorder"] as const;

export interface StanzaFault extends CommonOptions {
  readonly fault?: "stanza";
  /** What it happens to. Without `from`, `to` and `direction`: what the server sends. */
  readonly on: StanzaPattern;
  readonly action: FaultAction;
  /** For `delay`, on the server's clock: milliseconds, or a duration such as `"2s"`. Default: `"1s"`. */
  readonly by?: number | string;
}

export const stanza = defineFault({
  name: "stanza",
  doc: "What fits is lost, late, doubled, kept back until it is released, or comes after the next one that fits.",
  fields: {
    on: patternField().doc("Without from, to and direction: what the server sends."),
    action: t.oneOf(ACTIONS),
    by: duration("1s").doc("How late, on the server's clock."),
  },
  start({ on, action, by }, site) {
    const hasDirection = on.direction ?? on.from ?? on.to;
    const pattern = hasDirection ? on : { ...on, direction: "out" as const };
    const matches = guarded(matcherOf(pattern, site.resolve), site.failed);
    return site.seams.passing.add((passing) => {
      if (!passing.isElement || !matches(passing)) return false;
      const isNext = action === "reorder" && site.held.length > 0;
      if (isNext || !site.happens(passing.client)) return false;
      act(passing, action, by, site);
      if (action === "reorder") letNextGoFirst(matches, site);
      return true;
    });
  },
});

/** Also when this was the last time: what is held must not be forgotten. */
function letNextGoFirst(matches: (seen: Seen) => boolean, { seams, held }: Site): void {
  const remove = seams.passing.add((next) => {
    if (!next.isElement || !matches(next)) return false;
    remove();
    next.pass();
    for (const earlier of held.splice(0)) earlier.pass();
    return true;
  });
}

function act(passing: Passing, action: FaultAction, by: number, { after, held, counts }: Site): void {
  const isOut = passing.direction === "out";
  if (isOut) counts.unsend(passing);
  else if (action === "drop") counts.miscount(passing, "lost");
  else if (action === "duplicate") counts.miscount(passing, "again");
  if (action === "delay") after(by, () => passing.pass());
  if (action === "hold" || action === "reorder") held.push(passing);
  if (action === "duplicate") {
    passing.pass();
    passing.pass();
  }
}
