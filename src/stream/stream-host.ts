import type { Accounts } from "../auth/accounts.ts";
import type { Mechanism } from "../auth/mechanism.ts";
import type { Throttle } from "../auth/throttle.ts";
import type { Transport } from "../net/transport.ts";
import type { Session } from "../session/session.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Random } from "../util/random.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { StreamFeature } from "./stream-feature.ts";
import type { Tap } from "./tap.ts";

/** A domain as a stream sees it: what it offers and who takes the session. */
export interface StreamHost {
  readonly domain: string;
  readonly accounts: Accounts;
  readonly mechanisms: readonly Mechanism[];
  readonly throttle: Throttle;
  /** In the order of negotiation (RFC 6120 §4.3). */
  readonly features: readonly StreamFeature[];
  /**
   * Makes the session of a bound resource (RFC 6120 §7).
   * @param resource what the client asked for; undefined: the server makes one up.
   * @throws StanzaError when the resource is refused.
   */
  bind(stream: SessionStream, user: Jid, resource: string | undefined): Awaitable<Session>;
}

/** What a session needs of the connection it is attached to. */
export interface SessionStream {
  readonly id: string;
  readonly remote: string;
  readonly secure: boolean;
  readonly transport: Pick<Transport, "kind" | "accepted" | "unsent" | "encryption" | "destroy">;
  /** The SASL mechanism that the client authenticated with. */
  readonly mechanism: string | undefined;
  /** What `Accounts.changes` was when the client began to prove who it is. */
  readonly authenticatedAsOf: number;
  /** `xml:lang` of the client's stream header. */
  readonly lang: string | undefined;
  /** When the peer last sent anything; milliseconds since the epoch. */
  readonly lastReceived: number;
  /** Whether what the client sends is read now: not while it takes too little of what it is sent, nor sends too fast. */
  readonly isReading: boolean;
  write(text: string): void;
  /** Settles when all that was written so far has left the process: true, or false when the connection went first. */
  flushed(): Promise<boolean>;
  close(condition?: StreamCondition, text?: string): void;
}

/** Every limit of a stream that is not one of XML; sizes in bytes, times in milliseconds, Infinity for none. */
export interface StreamLimits {
  readonly stanzaBytes: number;
  readonly stanzaBytesUnauthenticated: number;
  readonly depth: number;
  readonly attributes: number;
  readonly attributeBytes: number;
  readonly namespaces: number;
  readonly authenticationTime: number;
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  readonly unsentSoft: number;
  readonly unsentHard: number;
  readonly stanzasPerTurn: number;
}

/** What the streams of one kind of peer share. */
export interface XmlStreamEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: StreamLimits;
  /** Set while somebody listens to what streams carry. */
  readonly tap: Tap | undefined;
  /** A stream ended with that error. */
  streamError(condition: StreamCondition): void;
  /** A peer sends too fast (`rate`), does not read fast enough (`output`), or not at all and was dropped (`unread`). */
  limited(limit: "rate" | "output" | "unread"): void;
}

/** What all client streams of a server share. */
export interface ClientEnvironment extends XmlStreamEnvironment {
  /** TLS before anything else (RFC 7590 §3.1). */
  readonly tlsRequired: boolean;
  /** Whether SCRAM mechanisms are offered that some accounts have no keys for. */
  readonly offersAll: boolean;
  /** SASL attempts that may fail on one stream (RFC 6120 §6.4.5). */
  readonly authenticationAttempts: number;
  /** A client authenticated, or tried to. */
  loginTried(mechanism: string, outcome: "success" | "failure"): void;
  /** The host for the stream's `to`; undefined when this server does not serve it. */
  hostFor(domain: string): StreamHost | undefined;
  /** The host whose name stands in answers to streams that name none. */
  readonly defaultDomain: string;
}
