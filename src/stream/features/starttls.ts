import { el, serialize } from "../../xml/element.ts";
import { StreamError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import type { ClientStream } from "../client-stream.ts";
import type { StreamFeature } from "../stream-feature.ts";

/** RFC 6120 §5: STARTTLS. Where TLS is required nothing else is offered before it (§5.3.1). */
export const starttls: StreamFeature = {
  ns: ns.TLS,

  offer(stream) {
    if (!isPossible(stream)) return undefined;
    const required = stream.environment.tlsRequired ? [el("required")] : [];
    return serialize(el("starttls", { xmlns: ns.TLS }, ...required));
  },

  exclusive: (stream) => stream.environment.tlsRequired,

  receive(stream, element) {
    if (element.name !== "starttls") throw new StreamError("unsupported-stanza-type");
    if (!isPossible(stream)) {
      // §5.4.2.2: the failure is followed by the end of the stream.
      stream.send(el("failure", { xmlns: ns.TLS }));
      stream.close();
      stream.transport.end();
      return;
    }
    stream.send(el("proceed", { xmlns: ns.TLS }));
    stream.startTls();
  },
};

function isPossible(stream: ClientStream): boolean {
  return stream.transport.canStartTls && stream.user === undefined;
}
