import type { Socket } from "node:net";
import type { Framing } from "./framing.ts";

export type ChannelBindingType = "tls-exporter" | "tls-unique" | "tls-server-end-point";

/** What a transport tells its owner. */
export interface TransportEvents {
  /** Bytes from the peer. */
  data(chunk: Buffer): void;
  /** The peer sends no more, though it may still read: a half-closed connection. Not every transport has this. */
  ended(): void;
  /** Called once, when nothing more can be read or written. */
  closed(reason: Error | undefined): void;
  /** The peer reads again after `unsent` had grown. */
  drained(): void;
}

/** How a connection is encrypted, in the words of OpenSSL: `TLSv1.3`, `TLS_AES_256_GCM_SHA384`. */
export interface Encryption {
  readonly protocol: string;
  readonly cipher: string;
}

/** What TCP, TLS, WebSocket, BOSH and the in-memory pipe have in common: bytes in, strings out. It knows nothing of stanzas. */
export interface Transport {
  /** What carries it, for those who look: `tcp`, `tls` (from the first byte), `pipe` … */
  readonly kind?: string;
  /** What it stands on, where that is one connection for all its life. */
  readonly connection?: Socket;
  /** How a stream is put on it. Default: as on TCP (RFC 6120 §4.2). */
  readonly framing?: Framing;
  /** Encrypted, or not in need of it. */
  readonly secure: boolean;
  /** The peer's address without its port; empty when there is none. */
  readonly remote: string;
  /** How much `write` has accepted in all, in UTF-16 units. Without it nothing is known of what was lost with the connection. */
  readonly accepted?: number;
  /** How much of that the operating system has not taken yet, or has not taken when the connection went. */
  readonly unsent: number;
  /** Whether `startTls` is possible. */
  readonly canStartTls: boolean;
  /** Takes the owner's callbacks; data flows from then on. */
  open(events: TransportEvents): void;
  /** Queues a header, an element or an end tag; it leaves with everything else of this turn of the event loop in one piece. */
  write(text: string): void;
  /** Settles when all that was written so far is with the operating system: true, or false when the connection went first. */
  flushed(): Promise<boolean>;
  /** Flushes what is queued, then speaks TLS as `domain`; what the peer sent before is not part of it. */
  startTls(domain: string): void;
  /** RFC 5929, RFC 9266; undefined where the transport has none. */
  channelBinding(type: ChannelBindingType): Buffer | undefined;
  /** undefined where there is no TLS, or somebody in front of the server does it. */
  encryption?(): Encryption | undefined;
  /** DER of the client's certificate if its chain was verified. */
  clientCertificate(): Buffer | undefined;
  pause(): void;
  resume(): void;
  /** Flushes at the end of the turn, then closes for writing. */
  end(): void;
  /** Closes at once; what was queued is lost. */
  destroy(reason?: Error): void;
}
