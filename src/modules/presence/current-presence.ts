import type { Host, SessionState } from "../../core/host.ts";
import type { Session } from "../../session/session.ts";
import { delayElement } from "../../xmpp/delay.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

interface Broadcast {
  readonly at: number;
  stamped: Stanza | undefined;
}

/** The last broadcast of each session, for those who come to see it late: it says when it was made (XEP-0203). */
export class CurrentPresence {
  readonly #host: Pick<Host, "clock" | "jid">;
  readonly #broadcasts: SessionState<Broadcast | undefined>;

  constructor(host: Pick<Host, "clock" | "jid" | "sessionState">) {
    this.#host = host;
    this.#broadcasts = host.sessionState<Broadcast | undefined>(() => undefined);
  }

  /** The session broadcasts its presence now. */
  note(session: Session): void {
    this.#broadcasts.set(session, { at: this.#host.clock.now(), stamped: undefined });
  }

  /** Without `to`; undefined when the session is not available. */
  of(session: Session): Stanza | undefined {
    const { presence } = session;
    const broadcast = this.#broadcasts.get(session);
    if (!presence || !broadcast || presence.has("delay", ns.DELAY)) return presence;
    broadcast.stamped ??= presence.append(delayElement(this.#host.jid, broadcast.at));
    return broadcast.stamped;
  }
}
