import type { Host } from "../../core/host.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Caps } from "../caps/caps.ts";

/** Somebody whose presence an account has, and who is no session of a contact here. */
export interface Visitor {
  /** A full JID. */
  readonly jid: Jid;
  /** The nodes that they want to hear of; none as long as that is not known. */
  readonly interests: ReadonlySet<string>;
}

export interface VisitorLimits {
  /** Of one account. */
  readonly perAccount: number;
}

/** Accounts whose visitors are remembered. */
const KNOWN_ACCOUNTS = 20_000;
const NOBODY: ReadonlyMap<string, Visitor> = new Map();
const NOTHING: ReadonlySet<string> = new Set();

/**
 * Who is there for an account beside the contacts of its own domain: contacts of other domains, of this server or not
 * (XEP-0163 §4.2), and whoever sent their presence directly (XEP-0060 §9.1.3). Both are known by presence alone.
 */
export class Visitors {
  readonly #host: Host;
  readonly #caps: Caps;
  readonly #limits: VisitorLimits;
  /** It is known what the visitor wants to hear of. */
  readonly #arrived: (owner: Jid, visitor: Visitor) => Awaitable<unknown>;
  /** By owner, then by full JID. */
  readonly #visitors = new Lru<string, Map<string, Visitor>>(KNOWN_ACCOUNTS);

  constructor(
    host: Host,
    caps: Caps,
    limits: VisitorLimits,
    arrived: (owner: Jid, visitor: Visitor) => Awaitable<unknown>,
  ) {
    this.#host = host;
    this.#caps = caps;
    this.#limits = limits;
    this.#arrived = arrived;
  }

  listen(): void {
    const host = this.#host;
    // Contacts here are known by their sessions. RFC 6121 §4.6.3: whoever was shown a presence is told of its end.
    host.hook("presence:received", "copy", ({ user, stanza: { from, type }, stanza }) => {
      if (from && (from.domain !== host.domain || type === "unavailable")) this.#see(user, stanza, from);
    });
    host.hook("presence:sent", "copy", ({ session, stanza }) => {
      const { to } = stanza;
      if (to && to.domain === host.domain && to.local !== "" && !to.bare.equals(session.jid.bare)) {
        this.#see(to.bare, stanza, session.jid);
      }
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

  #see(owner: Jid, stanza: Stanza, from: Jid): void {
    const { type } = stanza;
    const isAvailable = type === undefined;
    if ((!isAvailable && type !== "unavailable" && type !== "error") || from.resource === "") return;
    const key = owner.toString();
    let visitors = this.#visitors.get(key);
    if (!isAvailable) {
      visitors?.delete(from.toString());
      return;
    }
    if (!visitors) {
      visitors = new Map();
      this.#visitors.set(key, visitors);
    }
    const known = visitors.get(from.toString());
    if (!known && visitors.size >= this.#limits.perAccount) return;
    if (!known) visitors.set(from.toString(), { jid: from, interests: NOTHING });
    void this.#learn(owner, visitors, stanza, from);
  }

  async #learn(owner: Jid, visitors: Map<string, Visitor>, stanza: Stanza, from: Jid): Promise<void> {
    try {
      const interests = await this.#caps.announced(stanza, from);
      const before = visitors.get(from.toString());
      // Gone meanwhile, or nothing new.
      if (!before || before.interests === interests) return;
      visitors.set(from.toString(), { jid: from, interests });
      const added = new Set([...interests].filter((node) => !before.interests.has(node)));
      if (added.size > 0) await this.#arrived(owner, { jid: from, interests: added });
    } catch (error) {
      this.#host.log.debug("a visitor's interests are not known", { error: String(error) });
    }
  }
}
