/**
 * SASL as the stream sees it (RFC 4422, RFC 6120 §6): a mechanism makes an exchange, an exchange
 * answers responses with challenges until it succeeds or throws.
 */
import type { ChannelBindingType } from "../net/transport.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Random } from "../util/random.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Accounts } from "./accounts.ts";
import type { ScramHash } from "./scram-keys.ts";

/** RFC 6120 §6.5. */
export const SASL_CONDITIONS = [
  "aborted",
  "account-disabled",
  "credentials-expired",
  "encryption-required",
  "incorrect-encoding",
  "invalid-authzid",
  "invalid-mechanism",
  "malformed-request",
  "mechanism-too-weak",
  "not-authorized",
  "temporary-auth-failure",
] as const;

export type SaslCondition = (typeof SASL_CONDITIONS)[number];

/** Ends an exchange with `<failure/>` (RFC 6120 §6.5). The message is for the log; only the condition is sent. */
export class SaslError extends Error {
  override readonly name = "SaslError";
  readonly condition: SaslCondition;
  /** The bare JID the peer tried to be, once known: for the failure counters, never sent. */
  readonly username: string | undefined;

  constructor(condition: SaslCondition, reason = "", username?: string) {
    super(reason || condition);
    this.condition = condition;
    this.username = username;
  }
}

/** The client wants a channel binding that cannot be: found before any proof of a password is looked at. */
export class ChannelBindingError extends SaslError {
  constructor(reason: string) {
    super("not-authorized", reason);
  }
}

export type { ChannelBindingType } from "../net/transport.ts";

/** What mechanisms ask of the accounts. */
export type Authority = Pick<
  Accounts,
  "hashes" | "credentials" | "changes" | "verifyPassword" | "exists" | "status"
>;

/** What a mechanism may know about the stream it runs on. */
export interface SaslContext {
  /** The domain the stream is addressed to: the realm of every user name. */
  readonly domain: string;
  /** Whether the stream is encrypted. */
  readonly secure: boolean;
  /** The peer's address. */
  readonly remote: string;
  /** The peer's claimed address in the stream header's `from`, unverified. */
  readonly streamFrom?: Jid | undefined;
  /** The types for which `channelBinding` gives data on this stream: those announced by XEP-0440. */
  readonly channelBindings: readonly ChannelBindingType[];
  channelBinding(type: ChannelBindingType): Buffer | undefined;
  /** The client's certificate in DER, only when TLS verified its chain; otherwise `undefined`. */
  readonly clientCertificate?: (() => Buffer | undefined) | undefined;
  readonly accounts: Authority;
  /** The hashes that the claimed account has SCRAM keys for; undefined where none is claimed. */
  readonly hashes?: readonly ScramHash[] | undefined;
  /** Names of the mechanisms that the stream was offered, in any order; undefined before an exchange begins. */
  readonly advertised?: readonly string[] | undefined;
  readonly random: Random;
}

/** `data` is additional data with success (RFC 6120 §6.3.10); `user` is a bare JID. */
export interface SaslSuccess {
  readonly kind: "success";
  readonly data?: Buffer;
  readonly user: Jid;
}

export type SaslStep = { readonly kind: "challenge"; readonly data: Buffer } | SaslSuccess;

/** One attempt. It takes one response at a time and is of no use after success or an error. */
export interface SaslExchange {
  /**
   * The initial response, or the answer to the last challenge. Every mechanism here is client-first, so a
   * stream that got no initial response sends an empty challenge and passes the answer on (RFC 4422 §3).
   * An empty initial response (`=`) is an empty buffer.
   * @throws {SaslError}
   */
  respond(data: Buffer): Awaitable<SaslStep>;
}

export interface Mechanism {
  /** As registered with IANA, RFC 4422 §3.1. */
  readonly name: string;
  /** Whether this stream is shown the mechanism, and may use it. */
  offered(context: SaslContext): boolean;
  /** @throws {SaslError} `invalid-mechanism` or `encryption-required` where it is not offered. */
  begin(context: SaslContext): SaslExchange;
}
