import type { Host, SessionState } from "../../core/host.ts";
import type { Session } from "../../session/session.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";

/** RFC 6121 §4.6: whom each session showed its presence to, one by one; they are told when it goes. */
export class DirectedPresence {
  readonly #limit: number;
  readonly #shown: SessionState<Map<string, Jid> | undefined>;

  /** `limit`: addresses for each session. */
  constructor(host: Pick<Host, "sessionState">, limit: number) {
    this.#limit = limit;
    this.#shown = host.sessionState<Map<string, Jid> | undefined>(() => undefined);
  }

  /** @throws StanzaError `resource-constraint` when the session showed itself to too many. */
  add(session: Session, peer: Jid): void {
    let shown = this.#shown.get(session);
    if (!shown) {
      shown = new Map();
      this.#shown.set(session, shown);
    }
    const key = peer.toString();
    if (shown.size >= this.#limit && !shown.has(key)) {
      throw new StanzaError("resource-constraint", "presence was sent to too many addresses");
    }
    shown.set(key, peer);
  }

  delete(session: Session, peer: Jid): void {
    this.#shown.get(session)?.delete(peer.toString());
  }

  /** Everything of the account, whatever its resource. */
  deleteAll(session: Session, account: Jid): void {
    const shown = this.#shown.get(session);
    for (const [key, peer] of shown ?? []) if (peer.bare.equals(account)) shown?.delete(key);
  }

  /** Whether the session showed itself to `peer`: to it, to its bare JID, or for a bare JID to one of its resources. */
  has(session: Session, peer: Jid): boolean {
    const shown = this.#shown.get(session);
    if (!shown || shown.size === 0) return false;
    if (shown.has(peer.toString()) || shown.has(peer.bare.toString())) return true;
    return peer.isBare && [...shown.values()].some((each) => each.bare.equals(peer));
  }

  /** Everybody, who are then forgotten. */
  take(session: Session): readonly Jid[] {
    const shown = this.#shown.get(session);
    if (!shown || shown.size === 0) return [];
    this.#shown.set(session, undefined);
    return [...shown.values()];
  }
}
