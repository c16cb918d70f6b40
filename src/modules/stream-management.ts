/**
 * XEP-0198 Stream Management, version 1.6.3
 * https://xmpp.org/extensions/xep-0198.html
 *
 * Client and server tell each other what they have handled, and a session outlives the loss of its connection: the
 * client resumes it on another one and gets what it missed. What a session leaves unacknowledged goes to another
 * resource, to offline storage or back to its sender.
 */

import { defineModule } from "../core/module.ts";
import type { Management } from "../session/management.ts";
import type { Session } from "../session/session.ts";
import type { ClientStream } from "../stream/client-stream.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { Lru } from "../util/lru.ts";
import { t } from "../util/schema.ts";
import { type Element, el, serialize } from "../xml/element.ts";
import type { XmlElement } from "../xml/parser.ts";
import { type StanzaCondition, StreamError } from "../xmpp/errors.ts";
import { ns } from "../xmpp/ns.ts";

/** Sessions that ended without being resumed, of which the last `h` is remembered (§5). */
const REMEMBERED_ENDS = 10_000;

interface StreamManagement {
  /** The answer to `<enable/>`: `<enabled/>`; the session's stanzas count from now on. */
  enable(session: Session, request: Attributes): Element;
  /**
   * §5: the answer to `<resume/>`. Unless it is `<failed/>` the stream has the session from then on, and what its client missed was
   * written to it: what the stream withholds goes behind the answer.
   */
  resume(stream: ClientStream, request: Attributes): Awaitable<Element>;
}

type Attributes = Readonly<Record<string, string | undefined>>;

const OFFER = serialize(el("sm", { xmlns: ns.STREAM_MANAGEMENT }));

export const streamManagement = defineModule({
  name: "streamManagement",
  implements: ["XEP-0198 1.6.3"],
  config: t.object({
    resumeTime: t.duration("10m").doc('How long a session outlives its connection. "off": not at all.'),
    unackedStanzas: t
      .integer(2000, { min: 10 })
      .doc(
        "Stanzas kept for one client that has not acknowledged them within a minute; with more of them its session ends.",
      ),
    unackedBytes: t
      .size("4 MB", { min: 100_000 })
      .doc(
        "The size of all that it has not acknowledged; with more its session ends at once. A page of an archive may have 2 MB.",
      ),
    requestAfter: t
      .integer(10, { min: 1 })
      .doc("Stanzas after which the client is asked for an acknowledgement."),
    requestDelay: t.duration("5s", { min: 100 }).doc("When it is asked at the latest."),
    location: t.string("").doc("Where clients should come back to, `host:port`; empty: anywhere."),
  }),

  setup(host, limits) {
    const resumable = new Map<string, Session>();
    const ended = new Lru<string, { user: string; handled: number }>(REMEMBERED_ENDS);
    const service: StreamManagement = { enable, resume };

    host.streamFeature({
      ns: ns.STREAM_MANAGEMENT,
      offer: ({ user, session }) => (user && !session?.management ? OFFER : undefined),
      receive: (stream, element) => receive(stream, element, service),
      // §9.2
      inline: {
        offer: () => [el("sm", { xmlns: ns.STREAM_MANAGEMENT })],
        async negotiate({ request: { stream } }, [request]) {
          return request?.name === "resume" ? [await resume(stream, request.attrs as Attributes)] : [];
        },
      },
      // §9.1
      binding: {
        feature: ns.STREAM_MANAGEMENT,
        bound: (session, [request]) =>
          request?.name === "enable" ? [enable(session, request.attrs as Attributes)] : [],
      },
    });

    host.hook("session:close", "observe", ({ session }) => {
      const { management } = session;
      if (!management) return undefined;
      if (management.resumeId) {
        resumable.delete(management.resumeId);
        const user = session.jid.bare.toString();
        ended.set(management.resumeId, { user, handled: management.handled });
      }
      // §4: what the client never had is treated as if it had not been there.
      return host.giveBack(session, management.drain());
    });

    // Of what waits for one device, another has read this in the archive.
    host.hook("archive:shown", "observe", ({ session, ids }) => {
      for (const other of host.sessions.of(session.jid.bare)) {
        if (other === session) continue;
        for (const { stanza } of other.underway) {
          const message = host.holders.original(stanza);
          const mark = message.child("stanza-id", ns.STANZA_ID)?.attrs;
          if (mark?.by === session.jid.bare.toString() && ids.includes(String(mark.id)))
            host.holders.add(message, [session]);
        }
      }
    });

    // What was counted as handled in the lost turn is not: no client may rely on it.
    host.hook("store:lost", "observe", () => {
      for (const session of Array.from(host.sessions.all()))
        if (session.management) session.close("internal-server-error");
    });

    function enable(session: Session, { resume: wish, max }: Attributes): Element {
      const resumeTime = Math.min(limits.resumeTime, seconds(max));
      const resumeId = isTrue(wish) && resumeTime > 0 ? host.random.id() : undefined;
      session.manage(limits, resumeId, resumeTime);
      if (resumeId) resumable.set(resumeId, session);
      return el("enabled", {
        xmlns: ns.STREAM_MANAGEMENT,
        ...(resumeId && { id: resumeId, resume: "true", max: String(Math.floor(resumeTime / 1000)) }),
        ...(resumeId && limits.location && { location: limits.location }),
      });
    }

    const resumptions = (outcome: string) =>
      host.metrics.counter("jackdaw_resumptions", "attempts to resume a session", { outcome });
    const resumed = resumptions("success");
    const unresumed = resumptions("failure");

    function resume(stream: ClientStream, request: Attributes): Awaitable<Element> {
      const session = resumable.get(request.previd ?? "");
      // The id is a secret of the account: for anybody else there is no such session.
      if (!stream.user || !session?.jid.bare.equals(stream.user)) return gone(stream, request);
      const handled = readCount(request.h);
      if (handled === undefined) return failed("bad-request");
      return after(session.takeOff(), () => {
        const { management } = session;
        // It may have ended while its last stanza was dealt with, and so may the stream.
        if (
          !management ||
          resumable.get(request.previd ?? "") !== session ||
          stream.state !== "authenticated"
        ) {
          return gone(stream, request);
        }
        acknowledge(management, handled);
        // All at once: what comes in between would be sent twice.
        session.attach(stream);
        stream.bound(session);
        session.resend();
        resumed.inc();
        return el("resumed", {
          xmlns: ns.STREAM_MANAGEMENT,
          previd: request.previd,
          h: String(management.handled),
        });
      });
    }

    function gone(stream: ClientStream, request: Attributes): Element {
      unresumed.inc();
      const end = ended.get(request.previd ?? "");
      const known = end && end.user === stream.user?.toString();
      return failed("item-not-found", known ? end.handled : undefined);
    }
  },
});

function receive(stream: ClientStream, element: XmlElement, service: StreamManagement): Awaitable<void> {
  const { session } = stream;
  switch (element.name) {
    case "enable":
      // §3: after binding, and once.
      if (!session) return stream.send(failed("unexpected-request"));
      if (session.management)
        throw new StreamError("policy-violation", "stream management is enabled already");
      return stream.send(service.enable(session, element.attributes));
    case "resume": {
      if (!stream.user || session) return stream.send(failed("unexpected-request"));
      stream.withhold();
      return after(service.resume(stream, element.attributes), (answer) => stream.release(serialize(answer)));
    }
    case "r":
      if (!session?.management) return stream.send(failed("unexpected-request"));
      return stream.send(el("a", { xmlns: ns.STREAM_MANAGEMENT, h: String(session.management.handled) }));
    case "a": {
      if (!session?.management) return stream.send(failed("unexpected-request"));
      const handled = readCount(element.attributes.h);
      if (handled === undefined) throw new StreamError("invalid-xml", "no h");
      return acknowledge(session.management, handled);
    }
    default:
      throw new StreamError("unsupported-stanza-type");
  }
}

/** §6: a client that has more than it was sent is beyond help. */
function acknowledge(management: Management, handled: number): void {
  if (management.acknowledge(handled)) return;
  const detail = el("handled-count-too-high", {
    xmlns: ns.STREAM_MANAGEMENT,
    h: String(handled),
    "send-count": String(management.sent),
  });
  const text = `You acknowledged ${handled} stanzas, but I only sent you ${management.sent} so far.`;
  throw new StreamError("undefined-condition", text, detail);
}

function failed(condition: StanzaCondition, handled?: number): Element {
  return el(
    "failed",
    { xmlns: ns.STREAM_MANAGEMENT, h: handled?.toString() },
    el(condition, { xmlns: ns.STANZA_ERRORS }),
  );
}

/** xs:boolean has two spellings of each value. */
function isTrue(text: string | undefined): boolean {
  return text === "true" || text === "1";
}

/** xs:unsignedInt. */
function readCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count < 2 ** 32 ? count : undefined;
}

/** Milliseconds that the client asks for; without a wish, any. */
function seconds(text: string | undefined): number {
  const count = readCount(text);
  return count === undefined ? Number.POSITIVE_INFINITY : count * 1000;
}
