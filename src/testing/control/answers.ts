/** What the operations of a rig answer, as JSON. */
import { type Infer, type Schema, t } from "../../util/schema.ts";

const text = t.string();
const flag = t.boolean();
const optionalText = t.optional(text);
const texts = t.list(text);

/** Of what there is no more to say than that it is done. */
export const nothing: Schema<unknown> = t.object({});

export const numbered = t.object({
  id: t.integer(undefined, { min: 1 }).doc("For operations that name it."),
});

/** What a client needs to log in. */
export const userAnswer = t.object({
  name: text.doc("The part before the @."),
  domain: text,
  jid: text.doc("The bare JID."),
  password: text,
  connectOptions: t.object({ service: text, domain: text, username: text, jid: text, password: text }),
});

export const roomAnswer = t.object({
  jid: text,
  persistent: flag,
  occupants: t.list(
    t.object({
      nick: text,
      user: text.doc("The bare JID of who it is."),
      role: text,
      affiliation: text,
      clients: texts.doc("Full JIDs."),
    }),
  ),
});

export const sessionsAnswer = t.list(
  t.object({
    jid: text.doc("The full JID."),
    available: flag.doc("Whether it sent presence."),
    priority: t.integer(undefined, { min: -128, max: 127 }),
    attached: flag.doc("Whether it has a connection; without one it waits to be resumed."),
    unacked: t
      .optional(t.integer())
      .doc("Stanzas that the client has not acknowledged, where it enabled that (XEP-0198)."),
  }),
);

export const rosterAnswer = t.list(
  t.object({
    jid: text,
    name: text,
    subscription: text.doc("none, to, from or both (RFC 6121 §2.1.2.5)."),
    groups: texts,
    ask: flag.doc("Whether a request to see their presence waits for an answer."),
  }),
);

export const archiveAnswer = t.list(
  t.object({
    id: text,
    stamp: text.doc("XEP-0082."),
    from: text,
    to: text,
    body: optionalText,
    xml: text,
  }),
);

/** Something that went over a stream. */
export const seenAnswer = t.object({
  direction: t.oneOf(["in", "out"]).doc('"in": a client sent it.'),
  kind: t.oneOf(["message", "presence", "iq", "nonza", "header", "end"]),
  session: optionalText.doc("The full JID, when there is one."),
  client: text.doc("The session's full JID; before there is one the account's, or \"\"."),
  from: text,
  to: text,
  time: t.integer().doc("Milliseconds since the epoch on the server's clock."),
  xml: text,
});

export type SeenAnswer = Infer<typeof seenAnswer>;

export const transcriptAnswer = t.object({ transcript: text, errors: texts });

export const faultsAnswer = t.list(
  t.object({
    id: t.integer(undefined, { min: 1 }),
    hits: t.integer().doc("How often it has happened."),
    held: t.list(seenAnswer),
  }),
);

export const pendingAnswer = texts;

export const clockAnswer = t.object({ now: t.integer().doc("Milliseconds since the epoch.") });

export const serverAnswer = t.object({
  domain: text,
  port: t.integer(),
  tlsPort: t.integer().doc("For TLS from the first byte; 0: none."),
  services: t.record(text).doc("Where clients connect to, by xmpp, xmpps, ws, wss, bosh, http, https."),
  ca: text.doc("The certificate of the authority that clients are to trust, in PEM."),
});

export type ServerAnswer = Infer<typeof serverAnswer>;
