import { canUseHashedTokens, HASHED_TOKEN_MECHANISMS } from "../auth/hashed-token.ts";
import {
  ChannelBindingError,
  type ChannelBindingType,
  type Mechanism,
  type SaslContext,
  SaslError,
  type SaslExchange,
  type SaslStep,
  type SaslSuccess,
} from "../auth/mechanism.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { ClientStream } from "./client-stream.ts";

/** The words in which an exchange is held: those of RFC 6120 §6 or those of XEP-0388. */
export interface SaslProfile {
  /** undefined: the client is asked for its initial response. */
  challenge(stream: ClientStream, data: Buffer | undefined): void;
  failure(stream: ClientStream, error: SaslError): void;
  /** The client has proved who it is, and the time that this takes is over. */
  success(stream: ClientStream, success: SaslSuccess): Awaitable<void>;
}

const NO_BINDINGS: readonly ChannelBindingType[] = [];
const BINDINGS: readonly ChannelBindingType[] = ["tls-exporter", "tls-unique", "tls-server-end-point"];

/** What one stream's attempts to authenticate have come to, whichever profiles they use. */
export class Authentication {
  readonly #stream: ClientStream;
  #exchange: SaslExchange | undefined;
  /** Those that TLS has here: to ask for one costs as much as a hash. */
  #bindings: readonly ChannelBindingType[] | undefined;
  #offered: readonly Mechanism[] = [];
  /** The id of the header behind which they were selected. */
  #offeredFor: string | undefined;
  /** What `Accounts.changes` was when the exchange began. */
  #asOf = 0;
  /** Of the mechanism in use. */
  #name = "";
  #failures = 0;
  /** How long the exchange was held back before its work was done; milliseconds. */
  #waited = 0;
  /** Mechanisms that failed for the channel binding, and that alone. */
  readonly #unbound = new Set<string>();

  constructor(stream: ClientStream) {
    this.#stream = stream;
  }

  /** The mechanisms that this stream is shown, in their order (XEP-0388 §2.1). */
  get offered(): readonly Mechanism[] {
    // For each header anew: hashes and encryption are other ones then.
    if (this.#offeredFor !== this.#stream.headerId) {
      this.#offeredFor = this.#stream.headerId;
      this.#offered = this.#select();
    }
    return this.#offered;
  }

  #select(): readonly Mechanism[] {
    const context = this.#context();
    const possible = this.#stream.host.mechanisms.filter((mechanism) => mechanism.offered(context));
    const shown = { ...context, hashes: this.#stream.shownHashes };
    const offered = possible.filter((mechanism) => mechanism.offered(shown));
    // What the configuration allows may be none of what all accounts have keys for.
    return offered.some(isScram) ? offered : possible;
  }

  /** The types that this stream can bind to: those announced by XEP-0440. */
  get channelBindings(): readonly ChannelBindingType[] {
    const { secure, transport } = this.#stream;
    if (!secure) return NO_BINDINGS;
    this.#bindings ??= BINDINGS.filter((type) => transport.channelBinding(type) !== undefined);
    return this.#bindings;
  }

  /** The mechanisms that take tokens here, strongest first (XEP-0484 §3.1). */
  get tokenMechanisms(): readonly string[] {
    const context = this.#context();
    return HASHED_TOKEN_MECHANISMS.filter((name) => canUseHashedTokens(name, context));
  }

  /** What a mechanism may know of the stream that it is offered on. */
  #context(): SaslContext {
    const { domain, accounts } = this.#stream.host;
    const { secure, remote, from, hashes, transport, environment } = this.#stream;
    return {
      domain,
      secure,
      remote,
      streamFrom: from,
      channelBindings: this.channelBindings,
      channelBinding: (type) => transport.channelBinding(type),
      clientCertificate: () => transport.clientCertificate(),
      accounts,
      hashes,
      random: environment.random,
    };
  }

  /** @throws SaslError when there is no such mechanism, it cannot be used here, or another exchange is under way. */
  begin(name: string, mechanism: Mechanism | undefined): void {
    if (this.#exchange) throw new SaslError("malformed-request", "an exchange is under way");
    if (!mechanism) throw new SaslError("invalid-mechanism");
    this.#name = name;
    this.#asOf = this.#stream.host.accounts.changes;
    // One that exists but is not offered here says itself why it cannot be used.
    this.#exchange = mechanism.begin({
      ...this.#context(),
      advertised: this.offered.map((offered) => offered.name),
    });
  }

  /** @throws SaslError: `aborted` when the stream ended before it was its turn. */
  respond(data: Buffer): Awaitable<SaslStep> {
    const exchange = this.#exchange;
    if (!exchange) throw new SaslError("malformed-request", "a response without an exchange");
    return after(this.#holdBack(), () => {
      if (isOver(this.#stream)) throw new SaslError("aborted");
      return exchange.respond(data);
    });
  }

  /**
   * Who failed too often waits before the work, and not for its answer alone: guesses whose answer nobody stays for would
   * else cost PBKDF2 without end, and take its queue from everybody else.
   */
  #holdBack(): Awaitable<void> {
    const { host, remote } = this.#stream;
    const due = Math.max(0, host.throttle.delay(undefined, remote) - this.#waited);
    this.#waited += due;
    return pause(this.#stream, due);
  }

  /** Does one step of an exchange, and says in the profile's words what came of it. `work` throws SaslErrors. */
  async take(profile: SaslProfile, work: () => Awaitable<SaslStep | undefined>): Promise<void> {
    try {
      const step = await work();
      if (step?.kind === "challenge") profile.challenge(this.#stream, step.data);
      else if (step) await this.#succeed(profile, step);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      await this.#fail(profile, error);
    }
  }

  async #succeed(profile: SaslProfile, success: SaslSuccess): Promise<void> {
    const stream = this.#stream;
    const { throttle } = stream.host;
    const user = success.user.toString();
    this.#exchange = undefined;
    await pause(stream, throttle.delay(user, stream.remote) - this.#waited);
    this.#waited = 0;
    if (isOver(stream)) return;
    if (this.#name !== "ANONYMOUS") throttle.succeeded(user, stream.remote);
    stream.mechanism = this.#name;
    stream.authenticatedAsOf = this.#asOf;
    stream.environment.loginTried(this.#name, "success");
    stream.log.info("authenticated", { user, mechanism: this.#name });
    await profile.success(stream, success);
  }

  async #fail(profile: SaslProfile, error: SaslError): Promise<void> {
    const stream = this.#stream;
    const { condition } = error;
    this.#exchange = undefined;
    if (condition !== "aborted") {
      stream.log.info("authentication failed", { condition, reason: error.message, remote: stream.remote });
    }
    if (condition !== "aborted" && !this.#isMisfit(error)) {
      this.#failures++;
      stream.environment.loginTried(this.#name || "unknown", "failure");
      const { throttle } = stream.host;
      // A server that is too busy to look has learnt nothing about the client.
      if (condition !== "temporary-auth-failure") throttle.failed(error.username, stream.remote);
      await pause(stream, throttle.delay(error.username, stream.remote) - this.#waited);
    }
    this.#waited = 0;
    if (isOver(stream)) return;
    profile.failure(stream, error);
    // RFC 6120 §6.4.5: a number of retries is allowed, then the stream ends.
    if (this.#failures >= stream.environment.authenticationAttempts) {
      stream.close("policy-violation", "too many failed attempts");
    }
  }

  /**
   * Whether the mechanism fails for the first time, and for its channel binding. Such a client has guessed nothing and
   * goes on to the next mechanism of its list, which is no retry (RFC 6120 §6.4.5): some know no binding of ours
   * and have to get past each SCRAM to PLAIN.
   */
  #isMisfit(error: SaslError): boolean {
    if (!(error instanceof ChannelBindingError) || this.#unbound.has(this.#name)) return false;
    this.#unbound.add(this.#name);
    return true;
  }
}

function isScram({ name }: Mechanism): boolean {
  return name.startsWith("SCRAM-");
}

/** Whether the stream has ended while something of it was under way. */
export function isOver(stream: ClientStream): boolean {
  return stream.state === "closing" || stream.state === "closed";
}

/** RFC 4648 §4 as RFC 6120 §6.4.2 asks: no line breaks, padding in place. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws SaslError */
export function decodeBase64(text: string): Buffer {
  if (!BASE64.test(text)) throw new SaslError("incorrect-encoding");
  return Buffer.from(text, "base64");
}

/** Waits in the server's own time, which tests turn by hand. */
function pause(stream: ClientStream, ms: number): Awaitable<void> {
  if (ms <= 0) return undefined;
  return new Promise<void>((resolve) => void stream.environment.clock.after(ms, resolve));
}
