/** A room as XEP-0045 §5 tells it, in the plainest words: what a server's room is compared with. */
export type Affiliation = "outcast" | "none" | "member" | "admin" | "owner";
export type Role = "none" | "visitor" | "participant" | "moderator";

const RANK: Record<Affiliation, number> = { outcast: 0, none: 1, member: 2, admin: 3, owner: 4 };

export interface Visit {
  nick: string;
  role: Role;
}

export type PresentRole = Exclude<Role, "none">;

export interface Options {
  readonly persistent: boolean;
  readonly public: boolean;
  readonly moderated: boolean;
  readonly membersOnly: boolean;
  readonly password: string;
  readonly whois: "moderators" | "anyone";
  readonly shown: readonly PresentRole[];
  readonly privateMessages: "anyone" | "participants" | "moderators" | "none";
  readonly lockdown: boolean;
  /** Seconds. */
  readonly slowMode: number;
}

const DEFAULTS: Options = {
  persistent: true,
  public: true,
  moderated: false,
  membersOnly: false,
  password: "",
  whois: "moderators",
  shown: ["moderator", "participant", "visitor"],
  privateMessages: "anyone",
  lockdown: false,
  slowMode: 0,
};

/** Each rule answers whether the room lets it happen, and does it then. */
export class Model {
  exists = true;
  options = DEFAULTS;
  /** In seconds. */
  now = 0;
  readonly affiliations = new Map<string, Affiliation>();
  /** By user. */
  readonly visits = new Map<string, Visit>();
  /** Roles of those who went that were not what everybody gets. */
  readonly #left = new Map<string, { role: Role; affiliation: Affiliation }>();
  /** In slow mode, when who last spoke. */
  readonly #spoke = new Map<string, number>();

  constructor(owner: string, nick: string) {
    this.#begin(owner, nick);
  }

  get moderated(): boolean {
    return this.options.moderated || this.options.lockdown;
  }

  get membersOnly(): boolean {
    return this.options.membersOnly || this.options.lockdown;
  }

  affiliation(user: string): Affiliation {
    return this.affiliations.get(user) ?? "none";
  }

  userOf(nick: string): string | undefined {
    return [...this.visits].find(([, visit]) => visit.nick === nick)?.[0];
  }

  get owners(): number {
    return [...this.affiliations.values()].filter((each) => each === "owner").length;
  }

  /** Whether one user sees the presence of another. */
  sees(viewer: string, other: string): boolean {
    const role = this.visits.get(other)?.role;
    return viewer === other || (role !== undefined && this.options.shown.some((each) => each === role));
  }

  seesAddresses(viewer: string): boolean {
    return this.options.whois === "anyone" || this.visits.get(viewer)?.role === "moderator";
  }

  join(user: string, nick: string, password: string): boolean {
    const affiliation = this.affiliation(user);
    if (!this.exists) {
      this.#begin(user, nick);
      return true;
    }
    if (this.visits.has(user)) return this.rename(user, nick);
    if (affiliation === "outcast" || this.userOf(nick) !== undefined) return false;
    if (this.options.password !== "" && password !== this.options.password) return false;
    if (this.membersOnly && affiliation === "none") return false;
    const left = this.#left.get(user);
    const role = left?.affiliation === affiliation ? left.role : this.#roleFor(affiliation, this.moderated);
    this.visits.set(user, { nick, role });
    return true;
  }

  rename(user: string, nick: string): boolean {
    const visit = this.visits.get(user);
    if (!visit) return false;
    if (visit.nick === nick) return true;
    if (this.userOf(nick) !== undefined) return false;
    visit.nick = nick;
    return true;
  }

  leave(user: string): void {
    const visit = this.visits.get(user);
    if (!visit) return;
    const affiliation = this.affiliation(user);
    // A lock-down will not have been.
    const usual = this.#roleFor(affiliation, this.options.moderated);
    const isOwn = visit.role !== "moderator" && affiliation !== "outcast" && visit.role !== usual;
    if (isOwn) this.#left.set(user, { role: visit.role, affiliation });
    else this.#left.delete(user);
    this.visits.delete(user);
    if (this.visits.size === 0 && !this.options.persistent) this.#end();
  }

  speak(user: string): boolean {
    const visit = this.visits.get(user);
    if (visit === undefined || visit.role === "visitor") return false;
    const { slowMode } = this.options;
    if (slowMode === 0 || visit.role === "moderator") return true;
    if (this.now < (this.#spoke.get(user) ?? Number.NEGATIVE_INFINITY) + slowMode) return false;
    this.#spoke.set(user, this.now);
    return true;
  }

  /** Who hears what one user says to another nickname alone. */
  whisper(user: string, nick: string): string | undefined {
    const target = this.userOf(nick);
    const [from, to] = [this.visits.get(user)?.role, this.visits.get(target ?? "")?.role];
    if (from === undefined || to === undefined) return undefined;
    const allowed = {
      anyone: true,
      participants: from !== "visitor" || to === "moderator",
      moderators: from === "moderator",
      none: false,
    };
    return allowed[this.options.privateMessages] ? target : undefined;
  }

  setRole(actor: string, nick: string, role: Role): boolean {
    const target = this.userOf(nick);
    const visit = target === undefined ? undefined : this.visits.get(target);
    if (!visit || target === undefined) return false;
    if (this.visits.get(actor)?.role !== "moderator") return false;
    const mine = RANK[this.affiliation(actor)];
    const theirs = RANK[this.affiliation(target)];
    const isAdmin = mine >= RANK.admin;
    if (role === "moderator") {
      if (!isAdmin) return false;
    } else if (role === "none") {
      if (theirs > mine) return false;
      if (visit.role === "moderator" && !isAdmin && target !== actor) return false;
    } else {
      const isLess = visit.role === "moderator" || (role === "visitor" && visit.role === "participant");
      if (isLess && theirs >= RANK.admin) return false;
      if (theirs > mine) return false;
      if (role === "visitor" && theirs === mine && theirs !== RANK.none) return false;
      if (visit.role === "moderator" && !isAdmin && target !== actor) return false;
    }
    if (role === "none") this.leave(target);
    else visit.role = role;
    return true;
  }

  setAffiliation(actor: string, target: string, affiliation: Affiliation): boolean {
    const mine = this.affiliation(actor);
    const theirs = this.affiliation(target);
    if (RANK[mine] < RANK.admin) return false;
    if (affiliation === "outcast" && target === actor) return false;
    const isOwners = RANK[affiliation] >= RANK.admin || RANK[theirs] >= RANK.admin;
    if (isOwners && mine !== "owner") return false;
    if (theirs === "owner" && affiliation !== "owner" && this.owners === 1) return false;
    if (affiliation === "none") this.affiliations.delete(target);
    else this.affiliations.set(target, affiliation);
    this.#adapt(target, theirs, affiliation);
    return true;
  }

  configure(actor: string, changed: Partial<Options>): boolean {
    if (this.affiliation(actor) !== "owner") return false;
    const { membersOnly, options: before } = this;
    this.options = { ...before, ...changed };
    if (this.membersOnly && !membersOnly) {
      for (const user of this.visits.keys()) if (this.affiliation(user) === "none") this.leave(user);
    }
    if (before.moderated && !this.options.moderated) {
      this.#left.clear();
      for (const visit of this.visits.values()) if (visit.role === "visitor") visit.role = "participant";
    }
    if (this.visits.size === 0 && !this.options.persistent) this.#end();
    return true;
  }

  destroy(actor: string): boolean {
    if (this.affiliation(actor) !== "owner") return false;
    this.#end();
    return true;
  }

  /** Everybody is gone, and nothing else. */
  restart(): void {
    for (const user of this.visits.keys()) this.leave(user);
    this.#spoke.clear();
  }

  #begin(owner: string, nick: string): void {
    this.exists = true;
    this.options = DEFAULTS;
    this.affiliations.set(owner, "owner");
    this.visits.set(owner, { nick, role: "moderator" });
  }

  #end(): void {
    this.exists = false;
    for (const each of [this.affiliations, this.visits, this.#left, this.#spoke]) each.clear();
  }

  #roleFor(affiliation: Affiliation, moderated: boolean): Role {
    if (RANK[affiliation] >= RANK.admin) return "moderator";
    return affiliation === "member" || !moderated ? "participant" : "visitor";
  }

  #adapt(user: string, before: Affiliation, affiliation: Affiliation): void {
    const visit = this.visits.get(user);
    if (!visit) return;
    if (affiliation === "outcast" || (affiliation === "none" && this.membersOnly)) this.leave(user);
    else if (RANK[affiliation] >= RANK.admin) visit.role = "moderator";
    else if (RANK[before] >= RANK.admin) visit.role = this.#roleFor(affiliation, this.moderated);
    else if (affiliation === "member" && visit.role === "visitor") visit.role = "participant";
  }
}
