/** Faults of push services: XEP-0357 §7. */
import { t } from "../../util/schema.ts";
import { serialize } from "../../xml/element.ts";
import { readFragment } from "../../xml/fragment.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Passing } from "../passing.ts";
import { type CommonOptions, defineFault, isOf } from "./fault.ts";

export interface PushFault extends CommonOptions {
  readonly fault: "push";
  /** `silent`: it never answers. `error`: it says that it cannot. Default: `error`. */
  readonly how?: "silent" | "error";
  /** The service: a user of the server that plays it. Default: any. */
  readonly service?: string;
}

export const push = defineFault({
  name: "push",
  doc: "Push services (XEP-0357) that are clients of this server do not answer, or only with an error; they get nothing.",
  fields: {
    how: t.oneOf(["silent", "error"], "error"),
    service: t.optional(t.string()).doc("A user's name or address. Default: any."),
  },
  start({ how, service }, site) {
    return site.seams.passing.add((passing) => {
      if (!isPublication(passing) || !isOf(passing, service, site) || !site.happens(passing.client))
        return false;
      site.counts.unsend(passing);
      if (how === "error") refuse(passing);
      return true;
    });
  },
});

function isPublication(passing: Passing): boolean {
  if (passing.direction !== "out" || passing.kind !== "iq") return false;
  const items = passing.element.getChild("pubsub", ns.PUBSUB)?.getChild("publish")?.getChildren("item") ?? [];
  return items.some((item) => item.getChild("notification", ns.PUSH));
}

/** The server hears it from the service. */
function refuse({ element, client, from, stream }: Passing): void {
  const asked = Stanza.fromTree(element).with({ from: Jid.parse(from), to: Jid.parse(client) });
  const answer = asked.error(new StanzaError("service-unavailable"));
  stream.deal(readFragment(serialize(answer.toTree())));
}
