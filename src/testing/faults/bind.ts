import { t } from "../../util/schema.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Passing } from "../passing.ts";
import { type CommonOptions, defineFault } from "./fault.ts";

/** RFC 6120 §7.6.2 and §7.7.2; the last one is for a server that is out of order. */
const CONDITIONS = [
  "resource-constraint",
  "not-allowed",
  "bad-request",
  "conflict",
  "internal-server-error",
] as const;

export interface BindFault extends CommonOptions {
  readonly fault: "bind";
  /** Default: `"resource-constraint"`. */
  readonly condition?: (typeof CONDITIONS)[number];
  readonly text?: string;
}

export const bind = defineFault({
  name: "bind",
  doc: "A client that is authenticated gets no resource (RFC 6120 §7); Bind 2 (XEP-0386), which knows no failure, is passed over.",
  fields: {
    condition: t.oneOf(CONDITIONS, "resource-constraint"),
    text: t.optional(t.string()).doc("For people."),
  },
  start({ condition, text }, site) {
    return site.seams.passing.add((passing) => {
      if (passing.direction !== "in") return false;
      if (passing.element.is("authenticate", ns.SASL2)) return passesOver(passing);
      if (passing.kind !== "iq" || !passing.element.getChild("bind", ns.BIND)) return false;
      if (!site.happens(passing.client)) return false;
      const request = Stanza.fromTree(passing.element);
      passing.stream.write(request.error(new StanzaError(condition, text)).toString());
      return true;
    });
  },
});

/** Without it the client asks for its resource afterwards, and is refused then. */
function passesOver(passing: Passing): boolean {
  const request = passing.copy();
  if (!request.remove("bind", ns.BIND2)) return false;
  passing.passAs(request);
  return true;
}
