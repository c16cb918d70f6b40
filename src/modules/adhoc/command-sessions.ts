import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../util/clock.ts";
import type { Random } from "../../util/random.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { AdhocCommand, Step } from "./command.ts";
import { expired, refusal } from "./refusal.ts";

const KEY_BYTES = 32;

export interface SessionLimits {
  readonly sessionsPerUser: number;
  readonly sessions: number;
  /** Milliseconds. */
  readonly expires: number;
}

/** A command that waits for its requester. */
export interface CommandSession {
  readonly id: string;
  readonly command: AdhocCommand;
  readonly by: Jid;
  /** The forms that were shown, the one that waits last; never empty. */
  readonly steps: readonly Step[];
}

/** XEP-0050 §3.3: executions under way, each of one requester, for a limited time and in limited number. */
export class CommandSessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: SessionLimits;
  /** Signs ids, so that one which is over can be told from one that never was without remembering it. */
  readonly #key: Buffer;
  /** The one that was used last is the last. */
  readonly #sessions = new Map<string, CommandSession & { readonly until: number }>();

  constructor(clock: Clock, random: Random, limits: SessionLimits) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
    this.#key = random.bytes(KEY_BYTES);
  }

  /** `subject`: the address and the node of the command. */
  newId(subject: string, by: Jid): string {
    const nonce = this.#random.id();
    return `${nonce}.${this.#sign(nonce, subject, by)}`;
  }

  /** Takes the session out; whoever goes on with it puts it back. @throws StanzaError `<bad-sessionid/>`, `<session-expired/>` */
  take(id: string, subject: string, by: Jid): CommandSession {
    if (!this.#isOurs(id, subject, by)) throw refusal("bad-sessionid", "this is not a session of yours");
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    if (!session || session.until <= this.#clock.now()) throw expired();
    return session;
  }

  /** Those of the same user that were left alone the longest make room. @throws StanzaError when everybody together has too many. */
  put(session: CommandSession): void {
    const own = [...this.#sessions.values()].filter(({ by }) => by.bare.equals(session.by.bare));
    for (const { id } of own.slice(0, Math.max(0, own.length + 1 - this.#limits.sessionsPerUser))) {
      this.#sessions.delete(id);
    }
    if (this.#sessions.size >= this.#limits.sessions) this.sweep();
    if (this.#sessions.size >= this.#limits.sessions) {
      throw new StanzaError("resource-constraint", "too many commands are under way");
    }
    this.#sessions.set(session.id, { ...session, until: this.#clock.now() + this.#limits.expires });
  }

  /** Forgets what the requester has under way: they are gone. */
  endAll(by: Jid): void {
    for (const session of this.#sessions.values()) {
      if (session.by.equals(by)) this.#sessions.delete(session.id);
    }
  }

  /** Forgets what took too long. */
  sweep(): void {
    const now = this.#clock.now();
    for (const { id, until } of this.#sessions.values()) if (until <= now) this.#sessions.delete(id);
  }

  #isOurs(id: string, subject: string, by: Jid): boolean {
    const [nonce = "", signature = ""] = id.split(".");
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(nonce, subject, by))];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** §3.3: an id is valid between one requester and one responder only, and for one command. */
  #sign(nonce: string, subject: string, by: Jid): string {
    return createHmac("sha256", this.#key)
      .update(`${nonce}\0${subject}\0${by.toString()}`)
      .digest("base64url");
  }
}
