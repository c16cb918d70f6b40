import type { Host, SessionState } from "../../core/host.ts";
import type { Session } from "../../session/session.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Pubsub } from "../pubsub/pubsub-service.ts";
import type { RosterService } from "../roster/roster-service.ts";
import type { AudienceParts } from "./audience.ts";

const NOTHING: ReadonlySet<string> = new Set();

/**
 * XEP-0163 §4.3.3, §4.3.4: a resource that comes gets the last items of the nodes that its client wants to hear of, its
 * user's own and those of contacts who see each other; so do new contacts. Who is a contact no more is not subscribed.
 */
export class LastItems {
  readonly #parts: AudienceParts;
  readonly #rosters: RosterService;
  readonly #engine: Pubsub;
  /** What each resource wants, and has had since it is available. */
  readonly #served: SessionState<ReadonlySet<string>>;
  readonly #host: Host;

  constructor(parts: AudienceParts, engine: Pubsub) {
    this.#parts = parts;
    this.#host = parts.host;
    this.#rosters = parts.rosters;
    this.#engine = engine;
    this.#served = parts.host.sessionState(() => NOTHING);
  }

  listen(): void {
    const host = this.#host;
    host.hook("caps:interests", "observe", ({ session, interests }) => this.#serve(session, interests));
    host.hook("session:presence", "observe", ({ session }) =>
      session.presence ? undefined : this.#leave(session.jid.bare),
    );
    host.hook("session:close", "observe", ({ session }) => this.#leave(session.jid.bare));
    // The roster changes behind these hooks.
    host.hook("presence:sent", "copy", ({ session, stanza: { type, to } }) => {
      if (to && (type === "subscribed" || type === "unsubscribed")) this.#later(session.jid.bare, to.bare);
    });
    host.hook("presence:received", "copy", ({ user, stanza: { type, from } }) => {
      if (from && (type === "subscribe" || type === "unsubscribe")) this.#later(user, from.bare);
    });
    host.hook("roster:removed", "observe", ({ user, contact }) => this.#engine.recheck(user, contact));
  }

  /** Somebody whose presence `owner` has wants to hear of these nodes. */
  visit(owner: Jid, jid: Jid, nodes: ReadonlySet<string>): Awaitable<void> {
    return after(this.#rosters.item(owner, jid.bare), (item) => {
      const isContact = item?.subscription === "both";
      // Contacts here get what is theirs as they come.
      if (isContact && jid.domain === this.#host.domain) return undefined;
      return after(this.#parts.blocks(owner, jid), (isBlocked) =>
        isBlocked ? undefined : this.#engine.sendLast(owner, nodes, jid, isContact ? undefined : "open"),
      );
    });
  }

  #serve(session: Session, interests: ReadonlySet<string>): Awaitable<undefined> {
    const before = this.#served.get(session);
    this.#served.set(session, interests);
    // XEP-0060 §12.2: once for each node.
    const added = before.size === 0 ? interests : new Set([...interests].filter((node) => !before.has(node)));
    if (added.size === 0) return undefined;
    const user = session.jid.bare;
    return after(this.#rosters.of(user), (list) => {
      const own = this.#engine.sendLast(user, added, session.jid);
      const others = each(list.items(), ({ contact, subscription }) =>
        subscription === "both" ? this.#show(contact, added, session) : undefined,
      );
      return after(together(own, others), () => undefined);
    });
  }

  /** What a contact has published, unless the contact does not want the user to hear of it. */
  #show(contact: Jid, nodes: ReadonlySet<string>, { jid }: Session): Awaitable<void> {
    if (contact.domain !== this.#host.domain) return undefined;
    return after(this.#parts.blocks(contact, jid), (isBlocked) =>
      isBlocked ? undefined : this.#engine.sendLast(contact, nodes, jid),
    );
  }

  /** When what goes on between the two is done. */
  #later(user: Jid, contact: Jid): void {
    this.#host.clock.immediate(() => {
      Promise.resolve(this.#contactChanged(user, contact)).catch((error: unknown) =>
        this.#host.log.error("events for a contact failed", { error: String(error) }),
      );
    });
  }

  #contactChanged(user: Jid, contact: Jid): Awaitable<void> {
    return after(this.#rosters.item(user, contact), (item) => {
      if (item?.subscription !== "both") return this.#engine.recheck(user, contact);
      return together(this.#introduce(user, contact), this.#introduce(contact, user));
    });
  }

  /** The last items of `owner` for all resources of `contact`. */
  #introduce(owner: Jid, contact: Jid): Awaitable<void> {
    return each(this.#host.sessions.available(contact), (session) => {
      const interests = this.#served.get(session);
      return interests.size === 0 ? undefined : this.#show(owner, interests, session);
    });
  }

  /** XEP-0060 §16.4.4, purge_offline. */
  #leave(user: Jid): Awaitable<void> {
    if (this.#host.sessions.available(user).length > 0) return undefined;
    return this.#engine.ownerGone(user);
  }
}
