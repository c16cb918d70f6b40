/** Faults of push services: XEP-0357 §7. */
import { t } from "../../util/schema.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { bareOf } from "../seen.ts";
import { type CommonOptions, defineFault } from "./fault.ts";

export interface PushFault extends CommonOptions {
  readonly fault: "push";
  /** `silent`: it never answers. `error`: it says that it cannot. Default: `error`. */
  readonly how?: "silent" | "error";
  /** The service: its address, or the name of a user that plays it. Default: any. */
  readonly service?: string;
}

export const push = defineFault({
  name: "push",
  doc: "Push services (XEP-0357), whatever they are, do not answer, or only with an error; they get nothing.",
  fields: {
    how: t.oneOf(["silent", "error"], "error"),
    service: t.optional(t.string()).doc("An address, or a user's name. Default: any."),
  },
  start({ how, service }, site) {
    const wanted = service === undefined ? undefined : site.resolve(service);
    return site.seams.routing.add((stanza) => {
      const to = stanza.to?.toString() ?? "";
      if (!isPublication(stanza) || (wanted !== undefined && to !== wanted && bareOf(to) !== wanted))
        return false;
      if (!site.happens(to)) return false;
      if (how === "error") site.bounce(stanza, new StanzaError("service-unavailable"));
      return true;
    });
  },
});

function isPublication(stanza: Stanza): boolean {
  if (stanza.kind !== "iq" || stanza.type !== "set") return false;
  const items = stanza.child("pubsub", ns.PUBSUB)?.getChild("publish")?.getChildren("item") ?? [];
  return items.some((item) => item.getChild("notification", ns.PUSH));
}
