import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock, Timer } from "../../util/clock.ts";
import type { Random } from "../../util/random.ts";
import type { Jid } from "../../xmpp/jid.ts";

const SECRET_BYTES = 32;

/** Who is logged in to the console. */
export interface Visit {
  /** As the audit shows it. */
  readonly name: string;
  /** The administrator's account; undefined for one who came by a link of the command line. */
  readonly user: Jid | undefined;
  /** Shown with every change, by the page alone: other sites do not know it. */
  readonly csrf: string;
  /** Aborted when the visit ends. */
  readonly ended: AbortSignal;
}

interface OpenVisit extends Visit {
  readonly key: string;
  readonly controller: AbortController;
  readonly until: number;
  idle: Timer;
}

interface Link {
  readonly user: Jid | undefined;
  readonly until: number;
}

/** Times in milliseconds. */
export interface VisitLimits {
  /** How long a visit lasts without a request. */
  readonly idleTime: number;
  /** How long it lasts at most. */
  readonly visitTime: number;
  readonly linkTime: number;
  readonly most: number;
}

/** Who is logged in, in memory alone: a restart ends all visits. Of their secrets only hashes are kept. */
export class Visits {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: VisitLimits;
  readonly #visits = new Map<string, OpenVisit>();
  readonly #links = new Map<string, Link>();

  constructor(clock: Clock, random: Random, limits: VisitLimits) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
  }

  /** The secret is the cookie's. The oldest visit goes when there are too many. */
  open(name: string, user: Jid | undefined): { readonly secret: string; readonly visit: Visit } {
    const secret = this.#secret();
    const key = hashOf(secret);
    const controller = new AbortController();
    const visit: OpenVisit = {
      key,
      name,
      user,
      csrf: this.#secret(),
      controller,
      ended: controller.signal,
      until: this.#clock.now() + this.#limits.visitTime,
      idle: this.#clock.after(this.#limits.idleTime, () => this.#end(visit)),
    };
    const [oldest] = this.#visits.values();
    if (oldest && this.#visits.size >= this.#limits.most) this.#end(oldest);
    this.#visits.set(key, visit);
    return { secret, visit };
  }

  /** Whose cookie that is; a visit that is used goes on. */
  find(secret: string): Visit | undefined {
    const visit = this.#visits.get(hashOf(secret));
    if (!visit) return undefined;
    const left = visit.until - this.#clock.now();
    if (left <= 0) {
      this.#end(visit);
      return undefined;
    }
    visit.idle.cancel();
    visit.idle = this.#clock.after(Math.min(left, this.#limits.idleTime), () => this.#end(visit));
    return visit;
  }

  /** Ends all visits for which `isMeant`. */
  end(isMeant: (visit: Visit) => boolean): void {
    for (const visit of this.#visits.values()) if (isMeant(visit)) this.#end(visit);
  }

  /** A secret with which somebody may come in once, for `user` or for the machine's owner. */
  makeLink(user: Jid | undefined): { readonly secret: string; readonly until: number } {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#links) if (until <= now) this.#links.delete(key);
    const [oldest] = this.#links.keys();
    if (oldest !== undefined && this.#links.size >= this.#limits.most) this.#links.delete(oldest);
    const secret = this.#secret();
    const until = now + this.#limits.linkTime;
    this.#links.set(hashOf(secret), { user, until });
    return { secret, until };
  }

  /** Whom the link is for, if it is good: it is good no longer then. */
  takeLink(secret: string): Pick<Link, "user"> | undefined {
    const key = hashOf(secret);
    const link = this.#links.get(key);
    this.#links.delete(key);
    return link && link.until > this.#clock.now() ? link : undefined;
  }

  #end(visit: OpenVisit): void {
    visit.idle.cancel();
    this.#visits.delete(visit.key);
    visit.controller.abort();
  }

  #secret(): string {
    return this.#random.bytes(SECRET_BYTES).toString("base64url");
  }
}

/** In constant time. */
export function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)));
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
