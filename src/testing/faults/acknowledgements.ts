/** Faults of stream management: XEP-0198 §4. */
import { t } from "../../util/schema.ts";
import { ns } from "../../xmpp/ns.ts";
import { type CommonOptions, defineFault, isOf, userField } from "./fault.ts";

export interface AcknowledgementsFault extends CommonOptions {
  readonly fault: "acknowledgements";
  /** `silent`: none comes any more, and TCP stays. `cut`: TCP is cut in place of the first one. Default: `silent`. */
  readonly how?: "silent" | "cut";
  readonly user?: string;
}

export const acknowledgements = defineFault({
  name: "acknowledgements",
  doc: "The server stops acknowledging what clients send (XEP-0198), or the connection is cut in place of an acknowledgement.",
  fields: {
    how: t.oneOf(["silent", "cut"], "silent"),
    user: userField,
  },
  start({ how, user }, site) {
    return site.seams.passing.add((passing) => {
      if (passing.direction !== "out" || passing.kind !== "nonza" || !isOf(passing, user, site)) return false;
      if (!passing.element.is("a", ns.STREAM_MANAGEMENT) || !site.happens(passing.client)) return false;
      if (how === "cut") site.cut(passing.stream);
      return true;
    });
  },
});
