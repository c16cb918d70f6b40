import { type Mechanism, type SaslContext, SaslError, type SaslExchange } from "../auth/mechanism.ts";
import { scram } from "../auth/scram.ts";
import type { ScramHash } from "../auth/scram-keys.ts";
import type { Throttle } from "../auth/throttle.ts";
import type { Clock } from "../util/clock.ts";
import { networkOf } from "../util/ip-network.ts";
import type { Random } from "../util/random.ts";
import { Jid } from "../xmpp/jid.ts";

/** Log-ins of one network that wait for their second message, and of all; then the oldest go, those of the network first. */
const MOST_PENDING_OF_ONE = 10;
const MOST_PENDING = 1000;
const PENDING_MS = 60_000;

interface Pending {
  readonly exchange: SaslExchange;
  readonly remote: string;
  readonly until: number;
  readonly waited: number;
}

interface LoginParts {
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
  readonly accounts: SaslContext["accounts"] & {
    hashesOf(user: Jid): readonly ScramHash[] | Promise<readonly ScramHash[]>;
  };
  readonly throttle: Pick<Throttle, "delay" | "failed" | "succeeded">;
  readonly clock: Clock;
  readonly random: Random;
}

/** The log-in did not work, for whatever reason: that is not for whoever tried. */
export class LoginError extends Error {
  override readonly name = "LoginError";
}

/** A network has as many guesses under way as it may. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/**
 * SCRAM (RFC 5802) in two requests: the password of an account never reaches the server, and guesses wait as they do on streams.
 * What a page and a server that sent it can bind to is the same TLS connection, so nothing is bound.
 */
export class ConsoleLogin {
  readonly #parts: LoginParts;
  readonly #pending = new Map<string, Pending>();
  /** Requests under way, by network. */
  readonly #busy = new Map<string, number>();

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /**
   * @param message client-first-message. @param domain the realm of the name in it.
   * @throws LoginError, BusyError
   */
  begin(
    domain: string,
    message: string,
    remote: string,
  ): Promise<{ readonly id: string; readonly hash: ScramHash; readonly message: string }> {
    return this.#asOneOfFew(remote, () => this.#begin(domain, message, remote));
  }

  /** @param message client-final-message. @throws LoginError, BusyError */
  finish(
    id: string,
    message: string,
    remote: string,
  ): Promise<{ readonly user: Jid; readonly message: string }> {
    return this.#asOneOfFew(remote, () => this.#finish(id, message, remote));
  }

  async #begin(domain: string, message: string, remote: string) {
    const { random, clock } = this.#parts;
    const waited = await this.#wait(this.#parts.throttle.delay(undefined, remote));
    const hash = await this.#hashFor(domain, message);
    const mechanism: Mechanism = scram({ hash, plus: false, serverBinds: false });
    const exchange = mechanism.begin(this.#context(domain, remote));
    const step = await this.#respond(exchange, message, remote, waited);
    if (step.kind !== "challenge") throw new LoginError("not a first message");
    const id = random.id();
    this.#makeRoom(networkOf(remote));
    this.#pending.set(id, { exchange, remote, until: clock.now() + PENDING_MS, waited });
    return { id, hash, message: step.data.toString() };
  }

  async #finish(id: string, message: string, remote: string) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (!pending || pending.until <= this.#parts.clock.now() || pending.remote !== remote) {
      throw new LoginError("no such log-in");
    }
    const step = await this.#respond(pending.exchange, message, remote, pending.waited);
    if (step.kind !== "success") throw new LoginError("not a final message");
    const { throttle } = this.#parts;
    const name = step.user.toString();
    await this.#wait(throttle.delay(name, remote) - pending.waited);
    throttle.succeeded(name, remote);
    return { user: step.user, message: step.data?.toString() ?? "" };
  }

  async #respond(exchange: SaslExchange, message: string, remote: string, waited: number) {
    try {
      return await exchange.respond(Buffer.from(message));
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      const { throttle } = this.#parts;
      if (error.condition !== "temporary-auth-failure") throttle.failed(error.username, remote);
      await this.#wait(throttle.delay(error.username, remote) - waited);
      throw new LoginError(error.message);
    }
  }

  /** The strongest that the account has keys for; one that is not there looks like any other. */
  async #hashFor(domain: string, message: string): Promise<ScramHash> {
    const { accounts } = this.#parts;
    const name = /^[^,]*,[^,]*,n=([^,]*),/.exec(message)?.[1]?.replaceAll("=2C", ",").replaceAll("=3D", "=");
    try {
      const [hash] = await accounts.hashesOf(Jid.of(name ?? "", domain));
      if (hash) return hash;
    } catch {
      // No name, or none that can be an account's: the exchange refuses it.
    }
    return accounts.hashes[0];
  }

  #context(domain: string, remote: string): SaslContext {
    const { accounts, random } = this.#parts;
    return {
      domain,
      remote,
      secure: true,
      accounts,
      random,
      channelBindings: [],
      channelBinding: () => undefined,
    };
  }

  /** All that wait do so at the same time: a thousand guesses beside each other would wait no longer than one. */
  async #asOneOfFew<T>(remote: string, work: () => Promise<T>): Promise<T> {
    const network = networkOf(remote);
    const others = this.#busy.get(network) ?? 0;
    if (others >= MOST_PENDING_OF_ONE) throw new BusyError("too many log-ins of one network at a time");
    this.#busy.set(network, others + 1);
    try {
      return await work();
    } finally {
      const left = (this.#busy.get(network) ?? 1) - 1;
      if (left > 0) this.#busy.set(network, left);
      else this.#busy.delete(network);
    }
  }

  /** In the server's own time. @throws LoginError when it closes meanwhile. */
  async #wait(ms: number): Promise<number> {
    if (ms <= 0) return 0;
    const { clock, closing } = this.#parts;
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        timer.cancel();
        reject(new LoginError("the server closes"));
      };
      const timer = clock.after(ms, () => {
        closing.removeEventListener("abort", end);
        resolve();
      });
      closing.addEventListener("abort", end, { once: true });
      if (closing.aborted) end();
    });
    return ms;
  }

  /** Nobody can keep an administrator from the second message by sending many first ones. */
  #makeRoom(network: string): void {
    const now = this.#parts.clock.now();
    for (const [id, { until }] of this.#pending) if (until <= now) this.#pending.delete(id);
    const [own, ...more] = [...this.#pending].filter(([, { remote }]) => networkOf(remote) === network);
    const [oldest] = this.#pending.keys();
    if (own && more.length + 1 >= MOST_PENDING_OF_ONE) this.#pending.delete(own[0]);
    else if (oldest !== undefined && this.#pending.size >= MOST_PENDING) this.#pending.delete(oldest);
  }
}
