import { Lru } from "../../util/lru.ts";
import { Rates } from "../../util/rates.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";

/** Accounts of a room in slow mode whose last message is remembered. */
const KNOWN_SPEAKERS = 1000;

/** How fast things may happen in rooms. What is too fast is refused, and may be tried again. */
export class Pace {
  readonly #context: Pick<Context, "host">;
  readonly #messages: Rates;
  readonly #roomMessages: Rates;
  readonly #presences: Rates;
  readonly #requests: Rates;
  readonly #changes: Rates;
  /** When accounts last spoke in rooms with slow mode. */
  readonly #spoke = new WeakMap<Room, Lru<string, number>>();

  constructor(context: Pick<Context, "host" | "config">) {
    this.#context = context;
    const { host, config } = context;
    this.#messages = new Rates(config.messagesPerMinute, host.clock);
    this.#roomMessages = new Rates(config.roomMessagesPerMinute, host.clock);
    this.#presences = new Rates(config.presencesPerMinute, host.clock);
    this.#requests = new Rates(config.requestsPerMinute, host.clock);
    this.#changes = new Rates(config.changesPerMinute, host.clock);
  }

  /** An occupant sends something, to everybody or to one. @throws StanzaError */
  countMessage({ jid }: Room, { user }: Occupant): void {
    const room = jid.toString();
    if (!this.#messages.tryTake(`${room} ${user.toString()}`)) {
      throw new StanzaError("policy-violation", "you send too many messages", { type: "wait" });
    }
    if (!this.#roomMessages.tryTake(room)) {
      throw new StanzaError("resource-constraint", "too many messages are sent in the room");
    }
  }

  /** A client enters, or changes nickname or presence. `to`: the occupant JID. @throws StanzaError */
  countPresence(to: Jid, client: Jid): void {
    if (this.#presences.tryTake(`${to.bare.toString()} ${client.bare.toString()}`)) return;
    throw new StanzaError("policy-violation", "you enter or change presence too often", { type: "wait" });
  }

  /** An occupant asks another one something. @throws StanzaError */
  countRequest({ jid }: Room, client: Jid): void {
    if (this.#requests.tryTake(`${jid.toString()} ${client.bare.toString()}`)) return;
    throw new StanzaError("policy-violation", "you ask too much", { type: "wait" });
  }

  /** Somebody wants something of a room changed. @throws StanzaError */
  countChange({ jid }: Room, client: Jid): void {
    if (this.#changes.tryTake(`${jid.toString()} ${client.bare.toString()}`)) return;
    throw new StanzaError("policy-violation", "you change too much", { type: "wait" });
  }

  /** An occupant speaks to everybody: in slow mode one after a while. @throws StanzaError */
  slowDown(room: Room, { user, role }: Occupant, stanza: Stanza): void {
    const wait = room.options.slowMode * 1000;
    if (wait === 0 || role === "moderator" || !isSpeech(stanza)) return;
    const now = this.#context.host.clock.now();
    let spoke = this.#spoke.get(room);
    if (!spoke) this.#spoke.set(room, (spoke = new Lru(KNOWN_SPEAKERS)));
    const key = user.toString();
    const left = (spoke.get(key) ?? Number.NEGATIVE_INFINITY) + wait - now;
    if (left > 0) {
      const text = `slow mode: you may speak again in ${Math.ceil(left / 1000)} seconds`;
      throw new StanzaError("policy-violation", text, { type: "wait" });
    }
    spoke.set(key, now);
  }
}

/** Words and subjects, also encrypted ones; not typing, markers, and what one takes back. */
function isSpeech(stanza: Stanza): boolean {
  if (stanza.has("retract", ns.RETRACT)) return false;
  return stanza.heads.some(({ name }) => name === "body" || name === "subject" || name === "encrypted");
}
