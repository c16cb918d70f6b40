import { el, serialize } from "../../xml/element.ts";
import type { XmlElement } from "../../xml/parser.ts";
import { StanzaError, StreamError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import type { ClientStream } from "../client-stream.ts";
import type { StreamFeature } from "../stream-feature.ts";

const OFFER = serialize(el("bind", { xmlns: ns.BIND }));
const LEGACY_OFFER = serialize(el("session", { xmlns: ns.SESSION }, el("optional")));

/** RFC 6120 §7: resource binding; with it the stream gets its session. */
export const bind: StreamFeature = {
  ns: ns.BIND,

  offer(stream) {
    return stream.user && !stream.session ? OFFER : undefined;
  },

  async receive(stream, element) {
    // §7.4: an IQ, and once: those that come behind it go to the session.
    if (element.ns !== ns.CLIENT) throw new StreamError("unsupported-stanza-type");
    if (!stream.user) throw new StreamError("not-authorized");
    // Who knew that address before may say something at once.
    stream.withhold();
    try {
      const session = await stream.host.bind(stream, stream.user, requestedResource(element));
      if (stream.state !== "authenticated") return session.detach(stream, "connection lost", true);
      stream.reply(element, el("bind", { xmlns: ns.BIND }, el("jid", {}, session.jid.toString())));
      stream.bound(session);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      stream.reply(element, error);
    }
  },
};

/** The resource that the client asks for; undefined when it leaves the choice to the server (§7.6). @throws StanzaError */
function requestedResource(element: XmlElement): string | undefined {
  const [request, ...others] = element.children;
  const { type, id } = element.attributes;
  const isRequest = type === "set" && id !== undefined && others.length === 0;
  if (!isRequest || request?.getName() !== "bind") throw new StanzaError("bad-request");
  return request.getChildText("resource") || undefined;
}

/** RFC 3921 §3: old clients ask for a session after binding and are told that they have one. */
export const legacySession: StreamFeature = {
  ns: ns.SESSION,
  offer: (stream: ClientStream) => (stream.user && !stream.session ? LEGACY_OFFER : undefined),
};
