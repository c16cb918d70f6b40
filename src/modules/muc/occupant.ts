import type { Session } from "../../session/session.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { PresentRole } from "./room-options.ts";

/** One client of an occupant. */
export interface Seat {
  /** The client's full JID. */
  readonly jid: Jid;
  /** Of a client of the service's own domain. */
  readonly session: Session | undefined;
  readonly occupant: Occupant;
  /** What it last sent, without what only the room may say. */
  presence: Stanza;
  /** The last of what is on its way to it and had to wait; what follows waits behind it. */
  underWay?: Promise<void> | undefined;
}

/** As what somebody enters. */
export interface Entrance {
  readonly role: PresentRole;
  readonly voiceAt?: number;
}

/** Somebody in a room: a nickname, and one or more clients of one account (XEP-0045 §7.2.9). */
export class Occupant {
  /** Bare. */
  readonly user: Jid;
  /** XEP-0421. */
  readonly id: string;
  /** The clients; the one whose presence is shown comes first. */
  readonly seats: Seat[] = [];
  /** When it last asked for voice; milliseconds since the epoch. */
  askedAt = Number.NEGATIVE_INFINITY;
  #jid: Jid;
  #role: PresentRole;
  #voiceAt: number | undefined;
  /** How others see its presence: with and without its real address. */
  readonly #views: (Stanza | undefined)[] = [];

  constructor(jid: Jid, user: Jid, id: string, { role, voiceAt }: Entrance) {
    this.#jid = jid;
    this.user = user;
    this.id = id;
    this.#role = role;
    this.#voiceAt = voiceAt;
  }

  /** The occupant JID. */
  get jid(): Jid {
    return this.#jid;
  }

  get nick(): string {
    return this.#jid.resource;
  }

  get role(): PresentRole {
    return this.#role;
  }

  /** It has no voice because it is new here, up to then: milliseconds since the epoch. Otherwise undefined. */
  get voiceAt(): number | undefined {
    return this.#voiceAt;
  }

  /** Whatever somebody decides, it is no newcomer any more. */
  set role(role: PresentRole) {
    this.#role = role;
    this.#voiceAt = undefined;
    this.changed();
  }

  /** The client whose presence is shown. */
  get first(): Seat {
    return this.seats[0] as Seat;
  }

  rename(jid: Jid): void {
    this.#jid = jid;
    this.changed();
  }

  /** Puts a client's presence in front. */
  show(seat: Seat): void {
    this.seats.splice(this.seats.indexOf(seat), 1);
    this.seats.unshift(seat);
    this.changed();
  }

  /** What its presence says is something else now. */
  changed(): void {
    this.#views.length = 0;
  }

  /** Its presence, made once for all who see the same. */
  view(withJid: boolean, make: () => Stanza): Stanza {
    const index = withJid ? 1 : 0;
    return (this.#views[index] ??= make());
  }
}
