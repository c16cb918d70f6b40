import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Logger } from "../util/logger.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import { guarded } from "./guarded.ts";
import type { Holders } from "./holders.ts";
import type { HookOutcome, HookTable } from "./hooks.ts";
import type { IqHandler, IqPlace, IqTable } from "./iq-table.ts";
import { type Domain, isAnswerable, type Network } from "./network.ts";

export interface RouterParts {
  readonly domain: string;
  readonly sessions: Sessions;
  readonly hooks: HookTable;
  readonly iqs: IqTable;
  readonly network: Network;
  readonly holders: Holders;
  readonly log: Logger;
  userExists(user: Jid): Awaitable<boolean>;
  /** An answer to something that the domain asked. */
  answered(answer: Stanza): void;
}

const PRESENCE_TYPES: ReadonlySet<string | undefined> = new Set([
  undefined,
  "unavailable",
  "subscribe",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "probe",
  "error",
]);

/** Where the stanzas of one domain's users go, and what comes to its users (RFC 6120 §10, RFC 6121 §8). */
export class Router implements Domain {
  readonly domain: string;
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.domain = parts.domain;
    this.#parts = parts;
  }

  /** A stanza of a local client, with its `from` stamped. Settles when all of its effects are recorded. */
  fromClient(session: Session, stanza: Stanza): Awaitable<void> {
    // What the sender's own server refuses comes from nobody else: no hook of what is received has a say in it.
    const refuse = (error: StanzaError) => {
      if (isAnswerable(stanza)) session.send(stanza.error(error));
    };
    return this.#guarded(stanza, () => this.#fromClient(session, stanza), refuse);
  }

  #fromClient(session: Session, stanza: Stanza): Awaitable<void> {
    if (stanza.kind === "iq") return this.#iqFromClient(session, stanza);
    if (stanza.kind === "message") return this.#messageFromClient(session, stanza);
    return this.#presenceFromClient(session, stanza);
  }

  deliver(stanza: Stanza, session: Session | undefined): Awaitable<void> {
    return this.#guarded(stanza, () => {
      const to = stanza.to as Jid;
      if (to.local === "") return this.#toDomain(stanza, to, session);
      if (stanza.kind === "message") return this.#messageToUser(stanza, to);
      if (stanza.kind === "presence") return this.#presenceToUser(stanza, to);
      return this.#iqToUser(stanza, to, session);
    });
  }

  /**
   * XEP-0198 §4: a message that its recipient's resource never acknowledged; hooks have seen it already, and so may others
   * who would get it now.
   */
  redeliver(user: Jid, stanza: Stanza): Awaitable<void> {
    return this.#guarded(stanza, () => {
      const recipients = this.#recipients(stanza, user);
      const { holders } = this.#parts;
      if (recipients.length === 0) {
        holders.leave(stanza);
        return this.#leave(stanza, user);
      }
      const others = recipients.filter((session) => !holders.has(stanza, session));
      holders.add(stanza, others);
      return sendAll(stanza, others);
    });
  }

  /** Runs `work`; what it throws becomes the answer. */
  #guarded(
    stanza: Stanza,
    work: () => Awaitable<void>,
    answer = (error: StanzaError) => this.#parts.network.bounce(stanza, error),
  ): Awaitable<void> {
    return guarded(this.#parts, stanza, work, answer);
  }

  /** RFC 6120 §10.3: a message without `to` is for the sender's own account. */
  #messageFromClient(session: Session, stanza: Stanza): Awaitable<void> {
    const { hooks, network } = this.#parts;
    const addressed = stanza.to ? stanza : stanza.with({ to: session.jid.bare });
    if (!hooks.has("message:sent")) return network.route(addressed, session);
    const event = { session, stanza: addressed };
    return unlessHandled(hooks.emit("message:sent", event), () => network.route(event.stanza, session));
  }

  #presenceFromClient(session: Session, stanza: Stanza): Awaitable<void> {
    // RFC 6121 §4.7.1: no other types than these.
    if (!PRESENCE_TYPES.has(stanza.type)) throw new StanzaError("bad-request", "unknown type of presence");
    const { hooks, network } = this.#parts;
    const event = { session, stanza };
    return unlessHandled(hooks.emit("presence:sent", event), () => network.route(event.stanza, session));
  }

  #iqFromClient(session: Session, stanza: Stanza): Awaitable<void> {
    if (stanza.to) {
      const { hooks, network } = this.#parts;
      if (!hooks.has("iq:sent")) return network.route(stanza, session);
      return unlessHandled(hooks.emit("iq:sent", { session, stanza }), () => network.route(stanza, session));
    }
    // RFC 6120 §10.3.3: the server answers on behalf of the account; an answer without `to` is for nobody.
    if (stanza.type === "result" || stanza.type === "error") return;
    // As if from the account, results and errors alike.
    const addressed = stanza.with({ to: session.jid.bare });
    return this.#guarded(addressed, () => this.#answer("self", addressed, session));
  }

  #toDomain(stanza: Stanza, to: Jid, session: Session | undefined): Awaitable<void> {
    if (stanza.kind === "iq") {
      if (stanza.type === "result" || stanza.type === "error") return this.#parts.answered(stanza);
      if (to.resource !== "") throw new StanzaError("service-unavailable");
      return this.#answer("host", stanza, session);
    }
    if (stanza.kind === "presence" || stanza.type === "headline") return;
    throw new StanzaError("service-unavailable");
  }

  #iqToUser(stanza: Stanza, to: Jid, session: Session | undefined): Awaitable<void> {
    const isRequest = stanza.type === "get" || stanza.type === "set";
    if (to.resource !== "") {
      const target = this.#parts.sessions.get(to);
      if (target) return this.#handOverIq(stanza, target);
      return isRequest ? this.#refuseIq(stanza) : undefined;
    }
    if (!isRequest) return;
    const isOwn = session !== undefined && session.jid.bare.equals(to);
    if (isOwn) return this.#answer("self", stanza, session);
    const { hooks } = this.#parts;
    if (!hooks.has("account:asked")) return this.#answerForUser(stanza, to, session);
    return unlessHandled(hooks.emit("account:asked", { user: to, stanza }), () =>
      this.#answerForUser(stanza, to, session),
    );
  }

  /** RFC 6121 §8.5.2.1.3: the server answers on behalf of the user. */
  #answerForUser(stanza: Stanza, user: Jid, session: Session | undefined): Awaitable<void> {
    if (this.#parts.iqs.find("address", stanza)) return this.#answer("address", stanza, session);
    return after(this.#parts.userExists(user), (exists) => {
      if (!exists) throw new StanzaError("service-unavailable");
      return this.#answer("account", stanza, session);
    });
  }

  #handOverIq(stanza: Stanza, recipient: Session): Awaitable<void> {
    const { hooks } = this.#parts;
    if (!hooks.has("iq:received")) return recipient.send(stanza);
    return unlessHandled(hooks.emit("iq:received", { stanza, recipient }), () => recipient.send(stanza));
  }

  /** RFC 6121 §8.5.3.2.3: there is no such resource. */
  #refuseIq(stanza: Stanza): Awaitable<void> {
    return unlessHandled(this.#parts.hooks.emit("iq:undelivered", { stanza }), () => {
      throw new StanzaError("service-unavailable");
    });
  }

  /** Answers a request from the table; what nobody handles is `service-unavailable` (RFC 6120 §8.4). */
  #answer(place: IqPlace, stanza: Stanza, session: Session | undefined): Awaitable<void> {
    const handler = this.#handlerFor(place, stanza);
    const payload = stanza.payload[0];
    if (!handler || !payload) throw new StanzaError("service-unavailable");
    const { from, to } = stanza as { from: Jid; to: Jid };
    return after(handler({ from, to, stanza, payload, session }), (result) =>
      result === "answered" ? undefined : this.#parts.network.route(stanza.result(result ?? undefined)),
    );
  }

  /** A user may ask their own account for what anybody may. */
  #handlerFor(place: IqPlace, stanza: Stanza): IqHandler | undefined {
    const { iqs } = this.#parts;
    const handler = iqs.find(place, stanza);
    if (handler || place !== "self") return handler;
    return iqs.find("account", stanza) ?? iqs.find("address", stanza);
  }

  #messageToUser(stanza: Stanza, to: Jid): Awaitable<void> {
    const { sessions, hooks } = this.#parts;
    if (to.resource !== "") {
      const target = sessions.get(to);
      if (target) return this.#handOver(stanza, to.bare, [target]);
      // RFC 6121 §8.5.3.2.1: only chat messages look for another resource.
      if (stanza.type === "error") return;
      if (stanza.type !== "chat") throw new StanzaError("service-unavailable");
    }
    const recipients = this.#recipients(stanza, to);
    if (recipients.length > 0) return this.#handOver(stanza, to.bare, recipients);
    if (stanza.type === "headline" || stanza.type === "error") return;
    if (stanza.type === "groupchat") throw new StanzaError("service-unavailable");
    return after(this.#parts.userExists(to.bare), (exists) => {
      if (!exists) throw new StanzaError("service-unavailable");
      const event = { user: to.bare, stanza, recipients: [] };
      return unlessHandled(hooks.emit("message:received", event), () => this.#leave(event.stanza, to.bare));
    });
  }

  /** Nobody takes the message now: somebody keeps it, or its sender hears of it. */
  #leave(stanza: Stanza, user: Jid): Awaitable<void> {
    return after(this.#parts.hooks.emit("message:undelivered", { user, stanza }), (outcome) => {
      if (outcome !== "handled") throw new StanzaError("service-unavailable");
    });
  }

  /**
   * RFC 6121 §8.5.2.1.1: headlines reach every resource that wants messages, conversations the one, or those,
   * of the highest priority; negative priorities want none.
   */
  #recipients(stanza: Stanza, to: Jid): readonly Session[] {
    if (stanza.type === "groupchat" || stanza.type === "error") return [];
    const available = this.#parts.sessions.available(to.bare);
    const highest = available[0]?.priority ?? -1;
    if (highest < 0) return [];
    const lowest = stanza.type === "headline" ? 0 : highest;
    return available.filter((session) => session.priority >= lowest);
  }

  #handOver(stanza: Stanza, user: Jid, recipients: readonly Session[]): Awaitable<void> {
    const { hooks } = this.#parts;
    if (!hooks.has("message:received")) return this.#send(stanza, recipients);
    const event = { user, stanza, recipients };
    return unlessHandled(hooks.emit("message:received", event), () => this.#send(event.stanza, recipients));
  }

  #send(stanza: Stanza, recipients: readonly Session[]): void {
    if (recipients.length > 1) this.#parts.holders.add(stanza, recipients);
    sendAll(stanza, recipients);
  }

  #presenceToUser(stanza: Stanza, to: Jid): Awaitable<void> {
    const { hooks } = this.#parts;
    if (!hooks.has("presence:received")) return this.#showPresence(stanza, to);
    const event = { user: to.bare, stanza };
    return unlessHandled(hooks.emit("presence:received", event), () => this.#showPresence(event.stanza, to));
  }

  /** RFC 6121 §8.5.2.1.2, §8.5.3: availability goes to the resource named, or to all that are available. */
  #showPresence(stanza: Stanza, to: Jid): void {
    if (stanza.type !== undefined && stanza.type !== "unavailable" && stanza.type !== "error") return;
    const { sessions } = this.#parts;
    if (to.resource === "") return sendAll(stanza, sessions.available(to));
    sessions.get(to)?.send(stanza);
  }
}

function sendAll(stanza: Stanza, recipients: readonly Session[]): void {
  for (const recipient of recipients) recipient.send(stanza);
}

/** Goes on with `next` unless a hook handled the stanza. */
function unlessHandled(outcome: Awaitable<HookOutcome>, next: () => Awaitable<void>): Awaitable<void> {
  return after(outcome, (settled) => (settled === "handled" ? undefined : next()));
}
