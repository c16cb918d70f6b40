/** A room as XEP-0045 §5 tells it, in the plainest words: what a server's room is compared with. */
export type Affiliation = "outcast" | "none" | "member" | "admin" | "owner";
export type Role = "none" | "visitor" | "participant" | "moderator";

const RANK: Record<Affiliation, number> = { outcast: 0, none: 1, member: 2, admin: 3, owner: 4 };

export interface Visit {
  nick: string;
  role: Role;
}

/** Each rule answers whether the room lets it happen, and does it then. */
export class Model {
  moderated = false;
  membersOnly = false;
  readonly affiliations = new Map<string, Affiliation>();
  /** By user. */
  readonly visits = new Map<string, Visit>();
  /** Roles of those who went that were not what everybody gets. */
  readonly #left = new Map<string, { role: Role; affiliation: Affiliation }>();

  constructor(owner: string, nick: string) {
    this.affiliations.set(owner, "owner");
    this.visits.set(owner, { nick, role: "moderator" });
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

  join(user: string, nick: string): boolean {
    const affiliation = this.affiliation(user);
    if (this.visits.has(user)) return this.rename(user, nick);
    if (affiliation === "outcast" || this.userOf(nick) !== undefined) return false;
    if (this.membersOnly && affiliation === "none") return false;
    const left = this.#left.get(user);
    const role = left?.affiliation === affiliation ? left.role : this.#roleFor(affiliation);
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
    const isOwn =
      visit.role !== "moderator" && affiliation !== "outcast" && visit.role !== this.#roleFor(affiliation);
    if (isOwn) this.#left.set(user, { role: visit.role, affiliation });
    else this.#left.delete(user);
    this.visits.delete(user);
  }

  speak(user: string): boolean {
    const visit = this.visits.get(user);
    return visit !== undefined && visit.role !== "visitor";
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

  configure(actor: string, moderated: boolean, membersOnly: boolean): boolean {
    if (this.affiliation(actor) !== "owner") return false;
    const before = { moderated: this.moderated, membersOnly: this.membersOnly };
    this.moderated = moderated;
    this.membersOnly = membersOnly;
    if (membersOnly && !before.membersOnly) {
      for (const user of this.visits.keys()) if (this.affiliation(user) === "none") this.leave(user);
    }
    if (before.moderated && !moderated) {
      this.#left.clear();
      for (const visit of this.visits.values()) if (visit.role === "visitor") visit.role = "participant";
    }
    return true;
  }

  /** Everybody is gone, and nothing else. */
  restart(): void {
    this.visits.clear();
    this.#left.clear();
  }

  #roleFor(affiliation: Affiliation): Role {
    if (RANK[affiliation] >= RANK.admin) return "moderator";
    return affiliation === "member" || !this.moderated ? "participant" : "visitor";
  }

  #adapt(user: string, before: Affiliation, affiliation: Affiliation): void {
    const visit = this.visits.get(user);
    if (!visit) return;
    if (affiliation === "outcast" || (affiliation === "none" && this.membersOnly)) this.leave(user);
    else if (RANK[affiliation] >= RANK.admin) visit.role = "moderator";
    else if (RANK[before] >= RANK.admin) visit.role = this.#roleFor(affiliation);
    else if (affiliation === "member" && visit.role === "visitor") visit.role = "participant";
  }
}
