import type { ClientStream } from "../../stream/client-stream.ts";
import { t } from "../../util/schema.ts";
import { matcherOf } from "../pattern.ts";
import { bareOf, type Direction } from "../seen.ts";
import { type CommonOptions, defineFault, type FaultsParts } from "./fault.ts";

export interface KillOptions {
  /** Counts from now on what passes, stanzas alone, and cuts when the stanza of that number has. Default: cut at once. */
  readonly afterStanza?: number;
  /** The same, but that stanza does not pass any more. */
  readonly beforeStanza?: number;
  /** Which stanzas count. Default: those that the server sends. */
  readonly direction?: Direction;
}

export interface CutFault extends CommonOptions, KillOptions {
  readonly fault: "cut";
  readonly user: string;
}

const stanzaNumber = t.optional(t.integer(undefined, { min: 1 }));

export const cut = defineFault({
  name: "cut",
  doc: "The connections of a user are cut without a word: at once, or before or after a stanza.",
  fields: {
    user: t.string(),
    afterStanza: stanzaNumber.doc("Cuts when the stanza of that number has passed."),
    beforeStanza: stanzaNumber.doc("Cuts in place of the stanza of that number."),
    direction: t.oneOf(["in", "out"], "out").doc("Which stanzas count."),
  },
  start({ user, afterStanza, beforeStanza, direction }, site) {
    const last = afterStanza ?? beforeStanza;
    if (last === undefined) {
      for (const stream of streamsOf(user, site))
        if (site.happens(addressOf(stream))) stream.transport.destroy();
      return () => {};
    }
    const matches = matcherOf(direction === "out" ? { to: user } : { from: user }, site.resolve);
    return site.seams.passing.add((passing) => {
      if (!passing.isStanza || !matches(passing) || site.tally() !== last) return false;
      if (!site.happens(passing.client)) return false;
      if (afterStanza !== undefined) passing.pass();
      site.cut(passing.stream);
      return true;
    });
  },
});

/** Of its session; before there is one of its account; "" before that. */
export function addressOf({ session, user }: ClientStream): string {
  return (session?.jid ?? user)?.toString() ?? "";
}

/** Those of a user that is authenticated; of one resource, where it is named. */
export function streamsOf(user: string, { resolve, streams }: FaultsParts) {
  const wanted = resolve(user);
  return [...streams()].filter((stream) => {
    const jid = addressOf(stream);
    return jid === wanted || bareOf(jid) === wanted;
  });
}
