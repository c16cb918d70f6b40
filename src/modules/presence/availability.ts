import type { Session } from "../../session/session.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { presence, type Stanza } from "../../xmpp/stanza.ts";
import type { ContactList } from "../roster/contact-list.ts";
import type { Context } from "./context.ts";
import { readPriority } from "./priority.ts";

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A session's availability goes to `recipients`, those who see the user's presence; a handler may leave some out. */
    "presence:broadcast": {
      readonly session: Session;
      readonly stanza: Stanza;
      recipients: readonly Jid[];
    };
  }
}

/** RFC 6121 §4.2, §4.4, §4.5: who is told that a resource comes, changes and goes. */
export class Availability {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** §4.2.2, §4.4.2; whether the resource became available with it. @throws StanzaError for a bad priority. */
  announce(session: Session, stanza: Stanza): Awaitable<boolean> {
    const { rosters, current } = this.#context;
    const priority = readPriority(stanza);
    const isInitial = session.presence === undefined;
    return after(rosters.of(session.jid.bare), (list) => {
      session.setPresence(stanza, priority);
      current.note(session);
      this.#tellOwn(session, stanza);
      const told = this.#tellSubscribers(session, stanza, list);
      if (!isInitial) return after(told, () => false);
      this.#showOwn(session);
      return after(together(told, this.#probe(session, list)), () => true);
    });
  }

  /** §4.5.2: the client says that the resource is no longer available. */
  withdraw(session: Session, stanza: Stanza): Awaitable<void> {
    const wasAvailable = session.presence !== undefined;
    return after(this.#context.rosters.of(session.jid.bare), (list) => {
      if (wasAvailable) {
        this.#tellOwn(session, stanza);
        session.setPresence(undefined, 0);
      }
      return this.#tellAll(session, stanza, list, wasAvailable);
    });
  }

  /** §4.5.2: the session ended, and nobody was told. */
  end(session: Session): Awaitable<void> {
    const stanza = presence({ type: "unavailable", from: session.jid });
    const wasAvailable = session.presence !== undefined;
    return after(this.#context.rosters.of(session.jid.bare), (list) => {
      if (wasAvailable) this.#tellOwn(session, stanza);
      return this.#tellAll(session, stanza, list, wasAvailable);
    });
  }

  /** §4.2.2: all of the user's available resources, the one that it is about among them. */
  #tellOwn(session: Session, stanza: Stanza): void {
    const user = session.jid.bare;
    const own = stanza.with({ to: user });
    for (const resource of this.#context.host.sessions.available(user)) resource.send(own);
  }

  /** A resource that comes sees those that were there before. */
  #showOwn(session: Session): void {
    const { host, current } = this.#context;
    for (const resource of host.sessions.available(session.jid.bare)) {
      if (resource !== session) send(session, current.of(resource));
    }
  }

  #tellSubscribers(session: Session, stanza: Stanza, list: ContactList): Awaitable<void> {
    const { host } = this.#context;
    const event = { session, stanza, recipients: list.subscribers };
    return after(host.emit("presence:broadcast", event), () =>
      each(event.recipients, (contact) => host.route(stanza.with({ to: contact }))),
    );
  }

  /** §4.6.3: besides the subscribers those who were shown the presence of this session. */
  #tellAll(session: Session, stanza: Stanza, list: ContactList, wasAvailable: boolean): Awaitable<void> {
    const { host, directed } = this.#context;
    const told = wasAvailable ? this.#tellSubscribers(session, stanza, list) : undefined;
    const shown = each(directed.take(session), (peer) => {
      if (wasAvailable && list.isSeenBy(peer.bare)) return undefined;
      return host.route(stanza.with({ to: peer }));
    });
    return together(told, shown);
  }

  /**
   * §4.3.1: asks for the presence of those whom the user sees. Contacts of this host answer the new resource alone,
   * and those who are not available need not be asked.
   */
  #probe(session: Session, list: ContactList): Awaitable<void> {
    const { host } = this.#context;
    const local = presence({ type: "probe", from: session.jid });
    const remote = presence({ type: "probe", from: session.jid.bare });
    return each(list.subscriptions, (contact) => {
      if (contact.domain !== host.domain) return host.route(remote.with({ to: contact }));
      if (host.sessions.available(contact).length === 0) return undefined;
      return host.route(local.with({ to: contact }));
    });
  }
}

function send(session: Session, stanza: Stanza | undefined): void {
  if (stanza) session.send(stanza.with({ to: session.jid }));
}
