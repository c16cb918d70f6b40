import { guarded, matcherOf, type StanzaPattern } from "../pattern.ts";
import { type CommonOptions, defineFault } from "./fault.ts";
import { patternField } from "./pattern-field.ts";

export interface UnansweredFault extends CommonOptions {
  readonly fault: "unanswered";
  /** Default: every request. */
  readonly on?: StanzaPattern;
}

export const unanswered = defineFault({
  name: "unanswered",
  doc: "The server takes requests, acknowledges them where asked to (XEP-0198), and never answers.",
  fields: { on: patternField({}).doc("Which ones; without anything, all.") },
  start({ on }, site) {
    const matches = guarded(matcherOf({ direction: "in", kind: "iq", ...on }, site.resolve), site.failed);
    return site.seams.passing.add((passing) => {
      const type = passing.attribute("type");
      if ((type !== "get" && type !== "set") || !passing.stream.session || !matches(passing)) return false;
      if (!site.happens(passing.client)) return false;
      passing.stream.session.management?.count();
      return true;
    });
  },
});
