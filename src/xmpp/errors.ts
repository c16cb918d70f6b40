import type { Element } from "../xml/element.ts";

/** RFC 6120 §8.3.2: what the sender may do about an error. */
export const ERROR_TYPES = ["auth", "cancel", "continue", "modify", "wait"] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/** RFC 6120 §8.3.3: the defined conditions, each with the type that the RFC associates with it. */
export const STANZA_CONDITIONS = {
  "bad-request": "modify",
  conflict: "cancel",
  "feature-not-implemented": "cancel",
  forbidden: "auth",
  gone: "cancel",
  "internal-server-error": "cancel",
  "item-not-found": "cancel",
  "jid-malformed": "modify",
  "not-acceptable": "modify",
  "not-allowed": "cancel",
  "not-authorized": "auth",
  "policy-violation": "modify",
  "recipient-unavailable": "wait",
  redirect: "modify",
  "registration-required": "auth",
  "remote-server-not-found": "cancel",
  "remote-server-timeout": "wait",
  "resource-constraint": "wait",
  "service-unavailable": "cancel",
  "subscription-required": "auth",
  "undefined-condition": "modify",
  "unexpected-request": "wait",
} as const satisfies Record<string, ErrorType>;

export type StanzaCondition = keyof typeof STANZA_CONDITIONS;

interface StanzaErrorOptions {
  /** Default: the type that the RFC associates with the condition. */
  readonly type?: ErrorType;
  /** Whether the answer repeats the payload; `false` where it may hold a secret. Default: true. */
  readonly echo?: boolean;
  /** RFC 6120 §8.3.4: an application-specific condition, in a namespace of its own. */
  readonly detail?: ErrorDetail | undefined;
  /** RFC 6120 §8.3.1: who returns the error, where that is not the one who was addressed. */
  readonly by?: string;
}

export interface ErrorDetail {
  readonly name: string;
  readonly ns: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Child elements with nothing but a text, by their names. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** RFC 6120 §8.3: thrown by handlers, answered by the router with an error stanza. `message` is shown to the peer. */
export class StanzaError extends Error {
  override readonly name = "StanzaError";
  readonly condition: StanzaCondition;
  readonly type: ErrorType;
  readonly echo: boolean;
  readonly detail: ErrorDetail | undefined;
  readonly by: string | undefined;

  constructor(condition: StanzaCondition, text = "", options: StanzaErrorOptions = {}) {
    // An answer and no fault: the stack, which nobody reads, would cost more than all the rest of the answer.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(text);
    Error.stackTraceLimit = stackTraceLimit;
    this.condition = condition;
    this.type = options.type ?? STANZA_CONDITIONS[condition];
    this.echo = options.echo ?? true;
    this.detail = options.detail;
    this.by = options.by;
  }
}

/** RFC 6120 §4.9.3. */
export const STREAM_CONDITIONS = [
  "bad-format",
  "bad-namespace-prefix",
  "conflict",
  "connection-timeout",
  "host-gone",
  "host-unknown",
  "improper-addressing",
  "internal-server-error",
  "invalid-from",
  "invalid-namespace",
  "invalid-xml",
  "not-authorized",
  "not-well-formed",
  "policy-violation",
  "remote-connection-failed",
  "reset",
  "resource-constraint",
  "restricted-xml",
  "see-other-host",
  "system-shutdown",
  "undefined-condition",
  "unsupported-encoding",
  "unsupported-feature",
  "unsupported-stanza-type",
  "unsupported-version",
] as const;

export type StreamCondition = (typeof STREAM_CONDITIONS)[number];

/** RFC 6120 §4.9: ends the stream. `message` is shown to the peer. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly condition: StreamCondition;
  /** RFC 6120 §4.9.4: an application-specific condition. */
  readonly detail: Element | undefined;

  constructor(condition: StreamCondition, text = "", detail?: Element) {
    super(text);
    this.condition = condition;
    this.detail = detail;
  }
}
