import { type Awaitable, each } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { presence, Stanza } from "../../xmpp/stanza.ts";
import type { VersionStep } from "./affiliation-log.ts";
import { mavElement } from "./affiliation-versions.ts";
import type { Delivery } from "./delivery.ts";
import { hatsElements } from "./hats.ts";
import type { Occupant, Seat } from "./occupant.ts";
import { occupantIdElement } from "./occupant-ids.ts";
import type { Room } from "./room.ts";
import type { Affiliation, Role } from "./standing.ts";

/** What a presence says besides who and how somebody is (XEP-0045 §17.1). */
export interface News {
  readonly codes?: readonly number[];
  /** Said to the occupant itself only. */
  readonly ownCodes?: readonly number[];
  readonly reason?: string | undefined;
  /** The nickname of who did it. */
  readonly actor?: string | undefined;
  /** §7.6: the nickname that follows. */
  readonly newNick?: string;
  /** §10.9 */
  readonly destroyed?: Element;
  /** XEP-0463 §5.2.2 */
  readonly step?: VersionStep | undefined;
}

/** XEP-0045 §7: who an occupant is and how it is, as each of the others may know it. */
export class Presences {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  /** §7.2.2: of all who are shown, to a client that entered. Its own occupant's is not among them. */
  showAll(room: Room, to: Seat): Awaitable<void> {
    const withJid = room.seesAddresses(to.occupant);
    return each(room.occupants.values(), (occupant) => {
      if (occupant === to.occupant || !room.shows(occupant.role)) return undefined;
      return this.#delivery.send(to, this.#view(room, occupant, withJid));
    });
  }

  /** §7.2.2, §7.7: an occupant is there, or something about it changed. */
  announce(room: Room, occupant: Occupant, news: News = {}): Awaitable<void> {
    const { codes, reason, actor, step } = news;
    const hasNews = [codes, reason, actor, step].some((each) => each !== undefined);
    const forms = new Forms((withJid) =>
      hasNews ? available(room, occupant, withJid, news) : this.#view(room, occupant, withJid),
    );
    const isShown = room.shows(occupant.role);
    return each(room.seats.values(), (seat) => {
      if (seat.occupant === occupant || !isShown) return undefined;
      return this.#delivery.send(seat, forms.for(room.seesAddresses(seat.occupant)));
    });
  }

  /** §7.2.2: the self-presence, to one of the occupant's clients. `id`: of the presence that asked for it. */
  announceSelf(room: Room, seat: Seat, news: News = {}, id?: string): Awaitable<void> {
    const { occupant } = seat;
    const codes = [110, ...(news.codes ?? []), ...(news.ownCodes ?? [])];
    // XEP-0463 §5.2.1: without a version clients take what they know of affiliations for outdated.
    const { step = { until: room.log.version } } = news;
    const stanza = available(room, occupant, room.seesAddresses(occupant), { ...news, codes, step });
    return this.#delivery.send(seat, stanza.with({ id }));
  }

  /** To everybody, the occupant's own clients included. */
  update(room: Room, occupant: Occupant, news: News = {}): Awaitable<void> {
    const told = this.announce(room, occupant, news);
    const own = each(occupant.seats, (seat) => this.announceSelf(room, seat, news));
    return each([told, own], (work) => work);
  }

  /** §7.14: an occupant went; to the others, unless they did not see it before. */
  announceGone(
    room: Room,
    gone: Gone,
    news: News = {},
    wasShown = room.shows(gone.occupant.role),
  ): Awaitable<void> {
    if (!wasShown) return undefined;
    const forms = new Forms((withJid) => unavailable(gone, withJid, news));
    return each(room.seats.values(), (seat) =>
      seat.occupant === gone.occupant
        ? undefined
        : this.#delivery.send(seat, forms.for(room.seesAddresses(seat.occupant))),
    );
  }

  /** To a client that went or was removed, or has another nickname. */
  announceOwnGone(room: Room, gone: Gone, seat: Seat, news: News = {}): Awaitable<void> {
    const codes = [110, ...(news.codes ?? []), ...(news.ownCodes ?? [])];
    const stanza = unavailable(gone, room.seesAddresses(gone.occupant), { ...news, codes });
    return this.#delivery.sendLast(seat, stanza);
  }

  #view(room: Room, occupant: Occupant, withJid: boolean): Stanza {
    return occupant.view(withJid, () => asText(available(room, occupant, withJid, {})));
  }
}

/** An occupant that leaves, and what of it is said last. */
export interface Gone {
  readonly occupant: Occupant;
  readonly affiliation: Affiliation;
  /** Its client whose address is told. */
  readonly seat: Seat;
  /** What the client said when it left (§7.14), without what only the room may say. */
  readonly farewell?: Stanza | undefined;
  /** Default: none. */
  readonly role?: Role;
}

/** One piece of news with and without the real address, each made when somebody is to get it. */
class Forms {
  readonly #make: (withJid: boolean) => Stanza;
  readonly #made: (Stanza | undefined)[] = [];

  constructor(make: (withJid: boolean) => Stanza) {
    this.#make = make;
  }

  for(withJid: boolean): Stanza {
    return (this.#made[withJid ? 1 : 0] ??= this.#make(withJid));
  }
}

/** The same without the trees it was made of: what is kept for each occupant is small. */
function asText(stanza: Stanza): Stanza {
  const { kind, from, lang, heads, inner } = stanza;
  return Stanza.ofText({ kind, from, lang }, heads, inner);
}

function available(room: Room, occupant: Occupant, withJid: boolean, news: News): Stanza {
  const { first, role, jid, user, id } = occupant;
  const item = itemElement(room.affiliationOf(user), role, withJid ? first : undefined, news);
  return first.presence
    .with({ from: jid })
    .append(userElement(item, news), occupantIdElement(id), ...hatsElements(room.hats.of(user)));
}

function unavailable(
  { occupant, affiliation, seat, farewell, role = "none" }: Gone,
  withJid: boolean,
  news: News,
): Stanza {
  const item = itemElement(affiliation, role, withJid ? seat : undefined, news);
  const base = farewell ?? presence({});
  return base
    .with({ type: "unavailable", from: occupant.jid })
    .append(userElement(item, news), occupantIdElement(occupant.id));
}

function itemElement(affiliation: Affiliation, role: Role, seat: Seat | undefined, news: News): Element {
  const item = el("item", { affiliation, role, jid: seat?.jid.toString(), nick: news.newNick });
  if (news.actor !== undefined) item.cnode(el("actor", { nick: news.actor }));
  if (news.reason) item.cnode(el("reason", {}, news.reason));
  return item;
}

function userElement(item: Element, { codes = [], destroyed, step }: News): Element {
  const x = el("x", { xmlns: ns.MUC_USER }, ...(step ? [mavElement(step)] : []), item);
  if (destroyed) x.cnode(destroyed);
  for (const code of codes) x.cnode(statusElement(code));
  return x;
}

export function statusElement(code: number): Element {
  return el("status", { code: String(code) });
}
