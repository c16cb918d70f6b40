import type { Host } from "../../core/host.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Caps } from "../caps/caps.ts";
import type { RosterService } from "../roster/roster-service.ts";

/** Somebody whose presence an account has, and who is no session of a contact here. */
export interface Visitor {
  /** A full JID. */
  readonly jid: Jid;
  /** Whether they saw each other's presence when it came. */
  readonly isContact: boolean;
  /** The nodes that they want to hear of; none as long as that is not known. */
  readonly interests: ReadonlySet<string>;
}

export interface VisitorLimits {
  /** Of one account. */
  readonly perAccount: number;
}

/** Accounts whose visitors are remembered. */
const KNOWN_ACCOUNTS = 10_000;
/** Visitors of one account who are no contacts: anybody can be one. */
const MAX_STRANGERS = 20;
const NOBODY: ReadonlyMap<string, Visitor> = new Map();
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Who is there for an account beside the contacts of its own domain: contacts of other domains, of this server or not
 * (XEP-0163 §4.2), and whoever sent their presence directly (XEP-0060 §9.1.3). Both are known by presence alone.
 */
export class Visitors {
  readonly #host: Host;
  readonly #caps: Caps;
  readonly #rosters: Pick<RosterService, "item">;
  readonly #limits: VisitorLimits;
  /** It is known what the visitor wants to hear of. */
  readonly #arrived: (owner: Jid, visitor: Visitor) => Awaitable<unknown>;
  /** By owner, then by full JID. */
  readonly #visitors = new Lru<string, Map<string, Visitor>>(KNOWN_ACCOUNTS);

  constructor(
    host: Host,
    caps: Caps,
    rosters: Pick<RosterService, "item">,
    limits: VisitorLimits,
    arrived: (owner: Jid, visitor: Visitor) => Awaitable<unknown>,
  ) {
    this.#host = host;
    this.#caps = caps;
    this.#rosters = rosters;
    this.#limits = limits;
    this.#arrived = arrived;
  }

  listen(): void {
    const host = this.#host;
    // Contacts here are known by their sessions. RFC 6121 §4.6.3: whoever was shown a presence is told of its end.
    host.hook("presence:received", "copy", ({ user, stanza: { from, type }, stanza }) => {
      if (from && (from.domain !== host.domain || type === "unavailable"))
        return this.#see(user, stanza, from);
      return undefined;
    });
    // Behind those who bound to how many a session shows itself.
    host.hook("presence:sent", "observe", ({ session, stanza }) => {
      const { to } = stanza;
      if (to && to.domain === host.domain && to.local !== "" && !to.bare.equals(session.jid.bare)) {
        return this.#see(to.bare, stanza, session.jid);
      }
      return undefined;
    });
    host.hook("user:deleted", "observe", ({ user }) => {
      this.#visitors.delete(user.toString());
    });
  }

  of(owner: Jid): Iterable<Visitor> {
    return (this.#visitors.get(owner.toString()) ?? NOBODY).values();
  }

  /** Whether one of the user's resources is known to `owner`. */
  isThere(owner: Jid, user: Jid): boolean {
    for (const { jid } of this.of(owner)) if (jid.bare.equals(user)) return true;
    return false;
  }

  /** Settles when the visitor is there, or gone; what they want to hear of may take longer. Who goes is not held up. */
  #see(owner: Jid, stanza: Stanza, from: Jid): Awaitable<void> {
    const { type } = stanza;
    if (from.resource === "") return undefined;
    if (type === "unavailable" || type === "error")
      this.#visitors.get(owner.toString())?.delete(from.toString());
    if (type !== undefined) return undefined;
    return after(this.#let(owner, from), (visitors) => {
      if (visitors) void this.#learn(owner, visitors, stanza, from);
    });
  }

  async #learn(owner: Jid, visitors: Map<string, Visitor>, stanza: Stanza, from: Jid): Promise<void> {
    try {
      const interests = await this.#caps.announced(stanza, from);
      const before = visitors.get(from.toString());
      // Gone meanwhile, or nothing new.
      if (!before || before.interests === interests) return;
      visitors.set(from.toString(), { ...before, interests });
      const added = new Set([...interests].filter((node) => !before.interests.has(node)));
      if (added.size > 0) await this.#arrived(owner, { ...before, interests: added });
    } catch (error) {
      this.#host.log.debug("a visitor's interests are not known", { error: String(error) });
    }
  }

  /** Those of the account, `from` among them; undefined where there is no account, or no room. */
  async #let(owner: Jid, from: Jid): Promise<Map<string, Visitor> | undefined> {
    const key = owner.toString();
    const known = this.#visitors.get(key);
    if (known?.has(from.toString())) return known;
    if (!(await this.#host.accounts.exists(owner))) return undefined;
    const item = await this.#rosters.item(owner, from.bare);
    const isContact = item?.subscription === "both";
    const visitors = this.#visitors.get(key) ?? new Map<string, Visitor>();
    if (visitors.size >= this.#limits.perAccount) return undefined;
    if (!isContact && strangersIn(visitors) >= MAX_STRANGERS) return undefined;
    visitors.set(from.toString(), { jid: from, isContact, interests: NOTHING });
    this.#visitors.set(key, visitors);
    return visitors;
  }
}

function strangersIn(visitors: ReadonlyMap<string, Visitor>): number {
  let count = 0;
  for (const { isContact } of visitors.values()) if (!isContact) count++;
  return count;
}
