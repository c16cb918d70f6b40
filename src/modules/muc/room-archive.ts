/**
 * XEP-0313 Message Archive Management, version 1.1.3, §6.1.2: the archives of rooms
 * XEP-0424 Message Retraction, version 0.4.2: in rooms
 * https://xmpp.org/extensions/xep-0313.html
 */
import type { Hooks } from "../../routing/hooks.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Archived, ArchiveService, ArchiveView } from "../mam/archive-service.ts";
import type { Context } from "./context.ts";
import { isMarked } from "./foreign.ts";
import type { Said } from "./history.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";
import { isAdministrative } from "./standing.ts";
import type { TemporaryArchives } from "./temporary-archives.ts";

/** What clients find in a room that has an archive. */
const FEATURES = [
  ns.MAM,
  ns.MAM_EXTENDED,
  ns.MAM_GROUPCHAT_FIELD,
  ns.FULLTEXT,
  ns.RSM,
  ns.STANZA_ID,
  ns.RETRACT,
  ns.RETRACT_TOMBSTONE,
  ns.MODERATE,
];

/** What was said in a room, kept once, and shown to whoever may enter it. */
export class RoomArchive {
  readonly #context: Context;
  readonly #archives: ArchiveService;
  readonly #temporary: TemporaryArchives;

  constructor(context: Context, archives: ArchiveService, temporary: TemporaryArchives) {
    this.#context = context;
    this.#archives = archives;
    this.#temporary = temporary;
  }

  /** Features of the room, for those who ask what it is. */
  describe({ room, features }: Hooks["muc:described"]): void {
    if (isArchived(room)) features.push(...FEATURES);
  }

  /** §3.5, §6.1.2: keeps what occupants say, and gives it the id that it has here. */
  keep(event: Hooks["muc:message"]): Awaitable<void> {
    const { room, occupant, client, stanza } = event;
    if (!isArchived(room) || !this.#isWanted(stanza)) return undefined;
    const kept = stanza.append(authorElement(room, occupant, client));
    return after(this.#add(room, occupant.user, kept), (id) => {
      event.stanza = stanza.append(stanzaIdElement(room.jid, id));
      const retracted = stanza.child("retract", ns.RETRACT)?.attrs.id as unknown;
      return typeof retracted === "string" ? this.#retract(room, occupant, stanza, retracted) : undefined;
    });
  }

  /** Keeps what the room itself says, because `by` wants it; with its id. */
  keepOwn(room: Room, by: Jid, stanza: Stanza): Awaitable<Stanza> {
    if (!isArchived(room)) return stanza;
    return after(this.#add(room, by, stanza), (id) => stanza.append(stanzaIdElement(room.jid, id)));
  }

  find(room: Room, id: string): Promise<Archived | undefined> {
    return isArchived(room) ? this.#archives.find(room.jid, id) : Promise.resolve(undefined);
  }

  /**
   * XEP-0424 §4, XEP-0425 §5: nothing is left of a message but who wrote it and what `retracted` says; those who come later do
   * not see it.
   */
  async entomb(room: Room, { id, message, peer }: Archived, retracted: Element): Promise<void> {
    const author = message.payload.filter(
      (child) => child.is("occupant-id", ns.OCCUPANT_ID) || child.is("x", ns.MUC_USER),
    );
    room.history.forget(id);
    await this.#archives.replace(room.jid, id, [...author, retracted]);
    await this.#context.host.server.hosts
      .get(peer.domain)
      ?.emit("message:retracted", { user: peer, message });
  }

  /** §4. @throws StanzaError */
  query(room: Room, request: IqRequest): Promise<Element> {
    const { from, session } = request;
    this.#checkReader(room, from);
    const send = (result: Stanza) => {
      if (session) session.send(result);
      else void this.#context.host.route(result);
    };
    return this.#archives.query(room.jid, request, send, viewOf(room, from));
  }

  form(room: Room, { from }: IqRequest): Element {
    this.#checkReader(room, from);
    return this.#archives.form();
  }

  metadata(room: Room, { from }: IqRequest): Promise<Element> {
    this.#checkReader(room, from);
    return this.#archives.metadata(room.jid);
  }

  /** The room goes with its last occupant from now on, and what is kept of it. */
  noteTemporary(room: Room): Awaitable<void> {
    return this.#temporary.note(room);
  }

  forget(room: Jid): Awaitable<void> {
    return together(this.#archives.remove(room), this.#temporary.forget(room));
  }

  #add(room: Room, by: Jid, stanza: Stanza): Awaitable<string> {
    return after(this.#temporary.note(room), () => this.#archives.add(room.jid, by, stanza));
  }

  /** The author alone takes a message back; XEP-0424 §5 leaves it to clients to see through others. */
  async #retract(room: Room, occupant: Occupant, retraction: Stanza, id: string): Promise<void> {
    const found = await this.find(room, id);
    // §4: the tombstone has to name the retraction. §5: retractions stay.
    if (!found?.peer.equals(occupant.user) || retraction.id === undefined) return;
    if (isTombstone(found.message) || isRetraction(found.message)) return;
    const stamp = formatDateTime(this.#context.host.clock.now());
    await this.entomb(room, found, el("retracted", { xmlns: ns.RETRACT, id: retraction.id, stamp }));
  }

  /** §6.1.2: bodies and subjects; and what changes how they are shown. */
  #isWanted(stanza: Stanza): boolean {
    return stanza.has("subject", ns.CLIENT) || this.#archives.isWorthKeeping(stanza);
  }

  /** §6.1.2: whoever may enter may read. @throws StanzaError */
  #checkReader(room: Room, client: Jid): void {
    const affiliation = room.affiliationOf(client.bare);
    if (!isArchived(room)) throw new StanzaError("service-unavailable", "this room has no archive");
    if (affiliation === "outcast") throw new StanzaError("forbidden");
    const { membersOnly, password } = room.options;
    if (affiliation !== "none" || (!membersOnly && password === "")) return;
    // Who is in knew the password.
    if (membersOnly || room.occupantsOf(client.bare).length === 0) throw new StanzaError("forbidden");
  }
}

function isArchived({ options, isLocked, isGone }: Room): boolean {
  return options.archive && !isLocked && !isGone;
}

export function isTombstone(message: Stanza): boolean {
  return message.has("retracted", ns.RETRACT);
}

export function isRetraction(message: Stanza): boolean {
  return message.has("retract", ns.RETRACT);
}

function stanzaIdElement(room: Jid, id: string): Element {
  return el("stanza-id", { xmlns: ns.STANZA_ID, by: room.toString(), id });
}

/** §6.1.2: for those who may know. */
function authorElement(room: Room, occupant: Occupant, client: Jid): Element {
  const affiliation = room.affiliationOf(occupant.user);
  const item = el("item", { affiliation, role: occupant.role, jid: client.toString() });
  return el("x", { xmlns: ns.MUC_USER }, item);
}

/** §4.1.1, §6.1.2: who may know the authors. */
function viewOf(room: Room, client: Jid): ArchiveView {
  const seesPeers =
    room.options.whois === "anyone" ||
    isAdministrative(room.affiliationOf(client.bare)) ||
    room.occupantOf(client)?.role === "moderator";
  return seesPeers ? { seesPeers } : { seesPeers, show: withoutAuthor };
}

function withoutAuthor(message: Stanza): Stanza {
  return message.without("x", ns.MUC_USER);
}

/** When something was last said in a room; milliseconds since the epoch, undefined where nothing is known of. */
export async function lastSaid(archives: ArchiveService, room: Jid): Promise<number | undefined> {
  let looked = 0;
  for await (const { at, message } of archives.latest(room)) {
    if (message.has("body", ns.CLIENT)) return at;
    if (++looked === LOOK_BACK) break;
  }
  return undefined;
}

/** How many messages of an archive are looked at for those who enter, for each that they may see. */
const LOOK_BACK = 3;

/** XEP-0045 §7.2.13: what a room that was not in memory remembers, the latest last. */
export async function recall(archives: ArchiveService, room: Jid, most: number): Promise<readonly Said[]> {
  const found: Said[] = [];
  if (most === 0) return found;
  let looked = 0;
  for await (const { id, at, message } of archives.latest(room)) {
    if (message.has("body", ns.CLIENT)) {
      const said = withoutAuthor(message);
      found.push({ at, stanza: said.append(stanzaIdElement(room, id)), isMarked: isMarked(said) });
    }
    if (found.length === most || ++looked === most * LOOK_BACK) break;
  }
  return found.reverse();
}
