import type { Session } from "../../session/session.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { presence, type Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";

/** RFC 6121 §4.3.2, §4.6.6: answers those who ask for a user's presence. */
export class Probes {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  answer(user: Jid, probe: Stanza): Awaitable<void> {
    const { exists, rosters } = this.#context;
    const { from } = probe;
    if (!from) return;
    return after(exists(user), (isUser) => {
      if (!isUser) return this.#refuse(user, probe, from);
      if (from.bare.equals(user)) return this.#show(user, probe, from);
      return after(rosters.isSubscribed(user, from.bare), (isSubscribed) =>
        isSubscribed ? this.#show(user, probe, from) : this.#showDirected(user, probe, from),
      );
    });
  }

  #show(user: Jid, probe: Stanza, to: Jid): Awaitable<void> {
    const { host, current } = this.#context;
    const target = probe.to as Jid;
    if (!target.isBare) {
      // A full JID: that resource alone, and no more than whether it is there.
      return host.route(plain(target, to, host.sessions.get(target)?.presence !== undefined));
    }
    const available = host.sessions.available(user);
    if (available.length > 0) {
      return each(available, (session) => host.route((current.of(session) as Stanza).with({ to })));
    }
    return host.route(presence({ type: "unavailable", id: probe.id, from: user, to }));
  }

  /** §4.6.6: who was shown the presence of a session may ask whether that one is still there. */
  #showDirected(user: Jid, probe: Stanza, from: Jid): Awaitable<void> {
    const { host, directed } = this.#context;
    const target = probe.to as Jid;
    const sessions: readonly (Session | undefined)[] = target.isBare
      ? host.sessions.of(user)
      : [host.sessions.get(target)];
    const shown = sessions.filter((session) => session !== undefined && directed.has(session, from));
    if (shown.length === 0) return this.#refuse(user, probe, from);
    return each(shown, (session) => host.route(plain((session as Session).jid, from, true)));
  }

  /** §4.3.2 rule 1; the same whether or not there is such a user. */
  #refuse(user: Jid, probe: Stanza, from: Jid): Awaitable<void> {
    return this.#context.host.route(
      presence({ type: "unsubscribed", id: probe.id, from: user, to: from.bare }),
    );
  }
}

function plain(from: Jid, to: Jid, isAvailable: boolean): Stanza {
  return presence({ type: isAvailable ? undefined : "unavailable", from, to });
}
