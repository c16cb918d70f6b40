import { type Awaitable, after } from "../../util/awaitable.ts";
import { serialize } from "../../xml/element.ts";
import { delayElement } from "../../xmpp/delay.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { isMarked } from "./foreign.ts";
import { spoken } from "./groupchat.ts";
import type { Occupant } from "./occupant.ts";
import { occupantIdElement } from "./occupant-ids.ts";
import type { Room, Subject } from "./room.ts";

/** XEP-0045 §8.1: a subject, and neither a body nor a thread. */
export function isSubjectChange(stanza: Stanza): boolean {
  const has = (name: string) => stanza.has(name, ns.CLIENT);
  return has("subject") && !has("body") && !has("thread");
}

/** §7.2.15: the last thing that those who enter are shown. */
export function subjectMessage({ jid, subject }: Room): Stanza {
  const header = { kind: "message", type: "groupchat", from: jid } as const;
  if (!subject) return Stanza.ofText(header, [HEAD], "<subject/>");
  const { xml, nick, by, at } = subject;
  const message = Stanza.ofText({ ...header, from: jid.withResource(nick) }, [HEAD], xml);
  return message.append(delayElement(jid, at), occupantIdElement(by));
}

/** The subject for people; the first one where there are several languages. */
export function subjectText({ xml }: Subject): string {
  return Stanza.ofText({ kind: "message" }, [HEAD], xml).text("subject") ?? "";
}

const HEAD = { name: "subject", ns: ns.CLIENT };

/** §8.1. @throws StanzaError forbidden for those who may not. */
export function changeSubject(
  { host, config, delivery, store, pace }: Context,
  room: Room,
  occupant: Occupant,
  stanza: Stanza,
): Awaitable<void> {
  const { role } = occupant;
  // §5.1.1: visitors cannot, whatever the room allows occupants.
  if (role !== "moderator" && !(room.options.changeSubject && role === "participant")) {
    throw new StanzaError("forbidden");
  }
  const { heads } = stanza;
  const elements = stanza.payload.filter(
    (_, index) => heads[index]?.name === HEAD.name && heads[index]?.ns === HEAD.ns,
  );
  const xml = elements.map(serialize).join("");
  if (xml.length > config.subject) throw new StanzaError("policy-violation", "the subject is too long");
  pace.slowDown(room, occupant, stanza);
  const client = stanza.from as Jid;
  const event = { room, occupant, client, stanza: spoken(room, occupant, stanza) };
  return after(host.emit("muc:message", event), (outcome) => {
    if (outcome === "handled") return undefined;
    room.subject = { xml, nick: occupant.nick, by: occupant.id, at: host.clock.now() };
    return after(store.saveIfKept(room), () => delivery.toAll(room, event.stanza, isMarked(stanza)));
  });
}
