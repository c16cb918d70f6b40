import type { ClientStream } from "../../stream/client-stream.ts";
import { t } from "../../util/schema.ts";
import { STREAM_CONDITIONS, type StreamCondition } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { addressOf, streamsOf } from "./cut.ts";
import { type CommonOptions, defineFault, type Site } from "./fault.ts";

export interface StreamErrorFault extends CommonOptions {
  readonly fault: "stream-error";
  readonly condition: StreamCondition;
  /** Whose streams end, at once. Default: nobody's: new streams end in place of their features. */
  readonly user?: string;
  readonly text?: string;
  /** Where else, with `see-other-host`: `"localhost:5222"` (RFC 6120 §4.9.3.19), which says nothing without it. */
  readonly host?: string;
}

export const streamError = defineFault({
  name: "stream-error",
  doc: "Streams end with an error (RFC 6120 §4.9.3): those of a user, or else each new one at its header.",
  fields: {
    condition: t.oneOf(STREAM_CONDITIONS),
    user: t.optional(t.string()).doc("Whose streams end, at once. Default: each new one does."),
    text: t.optional(t.string()).doc("For people."),
    host: t.optional(t.string()).doc("Where else, with see-other-host."),
  },
  start({ condition, user, text, host }, site) {
    const end = (stream: ClientStream) => naming(host, site, () => stream.close(condition, text));
    if (user !== undefined) {
      for (const stream of streamsOf(user, site)) if (site.happens(addressOf(stream))) end(stream);
      return () => {};
    }
    return site.seams.opening.add((stream) => {
      if (!site.happens()) return false;
      end(stream);
      return true;
    });
  },
});

/** The error that is said meanwhile names the host. */
function naming(host: string | undefined, { seams }: Site, close: () => void): void {
  const remove = seams.passing.add((passing) => {
    if (host === undefined || passing.kind !== "nonza") return false;
    const error = passing.copy();
    const condition = error.getChild("see-other-host", ns.STREAM_ERRORS);
    if (!condition) return false;
    condition.t(host);
    passing.passAs(error);
    return true;
  });
  close();
  remove();
}
