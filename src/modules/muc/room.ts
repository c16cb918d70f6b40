import type { Jid } from "../../xmpp/jid.ts";
import type { Acquaintance, Acquaintances } from "./acquaintances.ts";
import type { AffiliationLog } from "./affiliation-log.ts";
import type { Affiliations } from "./affiliations.ts";
import type { Hats } from "./hats.ts";
import type { History } from "./history.ts";
import { looks } from "./nicknames.ts";
import type { Entrance, Occupant, Seat } from "./occupant.ts";
import { Pattern } from "./pattern.ts";
import { inForce, type PresentRole, type RoomOptions } from "./room-options.ts";
import { type Affiliation, initialRole } from "./standing.ts";

/** XEP-0045 §7.2.15 */
export interface Subject {
  /** The `<subject/>` elements as text. */
  readonly xml: string;
  /** The nickname of who set it. */
  readonly nick: string;
  /** That occupant's id (XEP-0421). */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a room is: its options, who belongs to it, who is there. It sends nothing. */
export class Room {
  readonly jid: Jid;
  subject: Subject | undefined;
  /** §10.1: made, and not yet configured; only owners are let in. */
  isLocked: boolean;
  /** §10.1.3: a room that is locked still then opens as it is. */
  waitsUntil = 0;
  /** It is no more: nothing of it may be kept. */
  isGone = false;
  readonly createdAt: number;
  affiliations: Affiliations;
  log: AffiliationLog;
  hats: Hats;
  known: Acquaintances;
  readonly history: History;
  readonly #occupants = new Map<string, Occupant>();
  readonly #byLooks = new Map<string, Occupant>();
  readonly #byUser = new Map<string, Set<Occupant>>();
  #configured: RoomOptions;
  #options: RoomOptions;
  #bans: readonly Pattern[] = [];
  readonly #seats = new Map<string, Seat>();

  constructor(
    jid: Jid,
    state: {
      configured: RoomOptions;
      affiliations: Affiliations;
      log: AffiliationLog;
      hats: Hats;
      known: Acquaintances;
      subject: Subject | undefined;
      createdAt: number;
      isLocked: boolean;
    },
    history: History,
  ) {
    this.jid = jid;
    this.#configured = this.#options = state.configured;
    this.configured = state.configured;
    this.affiliations = state.affiliations;
    this.log = state.log;
    this.hats = state.hats;
    this.known = state.known;
    this.subject = state.subject;
    this.createdAt = state.createdAt;
    this.isLocked = state.isLocked;
    this.history = history;
  }

  /** What is kept of it is this. */
  restore({
    configured,
    affiliations,
    log,
    hats,
    known,
    subject,
  }: Pick<Room, "configured" | "affiliations" | "log" | "hats" | "known" | "subject">): void {
    this.configured = configured;
    this.affiliations = affiliations;
    this.log = log;
    this.hats = hats;
    this.known = known;
    this.subject = subject;
  }

  /** What holds. */
  get options(): RoomOptions {
    return this.#options;
  }

  /** What its owners want it to be. */
  get configured(): RoomOptions {
    return this.#configured;
  }

  set configured(options: RoomOptions) {
    this.#configured = options;
    this.#options = inForce(options);
    this.#bans = options.bans.map((text) => new Pattern(text));
  }

  get occupants(): ReadonlyMap<string, Occupant> {
    return this.#occupants;
  }

  /** Every client of every occupant, by its full JID. */
  get seats(): ReadonlyMap<string, Seat> {
    return this.#seats;
  }

  /** Whether it is in the store: it stays when everybody leaves. */
  get isKept(): boolean {
    return this.options.persistent && !this.isLocked && !this.isGone;
  }

  /** The occupant that a client is. */
  occupantOf(client: Jid): Occupant | undefined {
    return this.#seats.get(client.toString())?.occupant;
  }

  affiliationOf(user: Jid): Affiliation {
    const affiliation = this.affiliations.of(user);
    if (this.#bans.length === 0 || affiliation !== "none") return affiliation;
    const address = user.bare.toString();
    return this.#bans.some((pattern) => pattern.fits(address)) ? "outcast" : "none";
  }

  /** What somebody is who enters, and is known from now on if new. */
  entrance(user: Jid, now: number): Entrance {
    const entrance = this.#entranceOf(user, now);
    const key = user.toString();
    const known = this.known.get(key);
    if (entrance.voiceAt !== undefined && known?.since === undefined) {
      this.known.put(key, { nick: "", leftAt: 0, ...known, since: now });
    }
    return entrance;
  }

  #entranceOf(user: Jid, now: number): Entrance {
    const affiliation = this.affiliationOf(user);
    const known = this.known.get(user.toString());
    if (known?.voice?.affiliation === affiliation) return { role: known.voice.role };
    const role = this.roleFor(affiliation);
    const { newcomerMinutes } = this.options;
    if (newcomerMinutes === 0 || affiliation !== "none" || role !== "participant") return { role };
    const voiceAt = (known?.since ?? now) + newcomerMinutes * 60_000;
    return voiceAt > now ? { role: "visitor", voiceAt } : { role };
  }

  /** Whether somebody has voice, or would have it on entering. `user`: bare. */
  hasVoice(user: Jid, now: number): boolean {
    const present = this.occupantsOf(user);
    const roles = present.length > 0 ? present : [this.#entranceOf(user, now)];
    return roles.some(({ role }) => role !== "visitor");
  }

  /** §5.1.2. The affiliation is one that may enter. `options`: that hold, unless others are of interest. */
  roleFor(affiliation: Affiliation, { moderated } = this.options): PresentRole {
    return initialRole(affiliation, moderated) as PresentRole;
  }

  /** §7.2.2, §15.5.3: whether others see the presence of occupants in this role. */
  shows(role: PresentRole): boolean {
    return this.options.presenceBroadcast.includes(role);
  }

  /** §7.2.3, §7.2.4: whether this occupant may know the real addresses of others. */
  seesAddresses(occupant: Occupant): boolean {
    return this.options.whois === "anyone" || occupant.role === "moderator";
  }

  /** Every occupant of an account; one account may have several nicknames. */
  occupantsOf(user: Jid): Occupant[] {
    return [...(this.#byUser.get(user.toString()) ?? [])];
  }

  /** An occupant whose nickname looks like this one. */
  lookalikeOf(nick: string): Occupant | undefined {
    return this.#byLooks.get(looks(nick));
  }

  sit(seat: Seat): void {
    const { occupant } = seat;
    occupant.seats.push(seat);
    this.#add(occupant);
    this.#seats.set(seat.jid.toString(), seat);
  }

  /** Takes one client away, and with the last one the occupant, who is remembered. */
  rise(seat: Seat, now: number): void {
    const { occupant } = seat;
    this.#seats.delete(seat.jid.toString());
    occupant.seats.splice(occupant.seats.indexOf(seat), 1);
    occupant.changed();
    if (occupant.seats.length > 0) return;
    this.#remove(occupant);
    this.#remember(occupant, now);
  }

  #remember({ user, nick, role, voiceAt }: Occupant, leftAt: number): void {
    const affiliation = this.affiliationOf(user);
    const key = user.toString();
    if (affiliation === "outcast") return this.known.delete(key);
    let { since, voice } = this.known.get(key) ?? {};
    if (voiceAt === undefined) {
      // To whom somebody gave voice early is no newcomer.
      if (role === "participant" && this.options.newcomerMinutes > 0) since = 0;
      voice = this.#voiceOf(role, affiliation);
    }
    if (affiliation !== "none" || since !== undefined || voice) {
      this.known.put(key, { nick, leftAt, since, voice });
    } else this.known.delete(key);
  }

  /** Voice was given or taken: whoever enters under another nickname meanwhile has no more, and no less. */
  noteVoice({ user, role }: Occupant): void {
    const key = user.toString();
    const before = this.known.get(key);
    const voice = this.#voiceOf(role, this.affiliationOf(user));
    if (voice ?? before?.voice) this.known.put(key, { nick: "", leftAt: 0, ...before, voice });
  }

  /** A member resigned: a voice that a moderator took is not got back by that. */
  keepSilent(user: Jid): void {
    const key = user.toString();
    const known = this.known.get(key);
    if (known?.voice?.role !== "visitor") return;
    this.known.put(key, { ...known, voice: { role: "visitor", affiliation: this.affiliationOf(user) } });
  }

  /** What is not everybody's. Moderators are made for a visit, and a lock-down will not have been. */
  #voiceOf(role: PresentRole, affiliation: Affiliation): Acquaintance["voice"] {
    const isOwn = role !== "moderator" && role !== this.roleFor(affiliation, this.configured);
    return isOwn ? { role, affiliation } : undefined;
  }

  rename(occupant: Occupant, jid: Jid): void {
    this.#remove(occupant);
    occupant.rename(jid);
    this.#add(occupant);
  }

  #add(occupant: Occupant): void {
    this.#occupants.set(occupant.nick, occupant);
    this.#byLooks.set(looks(occupant.nick), occupant);
    const key = occupant.user.toString();
    const own = this.#byUser.get(key);
    if (own) own.add(occupant);
    else this.#byUser.set(key, new Set([occupant]));
  }

  #remove(occupant: Occupant): void {
    this.#occupants.delete(occupant.nick);
    const key = occupant.user.toString();
    const own = this.#byUser.get(key);
    own?.delete(occupant);
    const look = looks(occupant.nick);
    if (this.#byLooks.get(look) === occupant) {
      this.#byLooks.delete(look);
      // One account may have two that look the same.
      for (const twin of own ?? []) if (looks(twin.nick) === look) this.#byLooks.set(look, twin);
    }
    if (own?.size === 0) this.#byUser.delete(key);
  }
}
