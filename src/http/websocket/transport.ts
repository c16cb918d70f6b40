import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import { clientCertificateOf, encryptionOf } from "../../net/tls-socket.ts";
import type { Encryption, Transport, TransportEvents } from "../../net/transport.ts";
import type { Outbox, Turn } from "../../net/turn.ts";
import type { HttpPeer } from "../peer.ts";
import { standalone } from "../standalone.ts";
import { webSocketFraming } from "./framing.ts";
import { textFrames } from "./text-frames.ts";

/** RFC 6455 §7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

export interface WebSocketParts {
  readonly socket: WebSocket;
  /** What it stands on. */
  readonly connection: Socket;
  readonly peer: HttpPeer;
  /** Whether the connection is the client's own, with no proxy in between. */
  readonly isDirect: boolean;
  readonly turn: Turn;
}

/** RFC 7395: a stream on a WebSocket, an element a message. */
export class WebSocketTransport implements Transport, Outbox {
  readonly kind = "websocket";
  readonly framing = webSocketFraming;
  readonly canStartTls = false;
  readonly remote: string;
  readonly secure: boolean;
  /** Whether the peer gave a sign of life since `isAlive` was last set to false. */
  isAlive = true;
  readonly #socket: WebSocket;
  readonly connection: Socket;
  readonly #isDirect: boolean;
  readonly #turn: Turn;
  #events: TransportEvents | undefined;
  #messages: string[] = [];
  #queued = 0;
  accepted = 0;
  /** How much was unsent when the connection went. */
  #lost = 0;
  #waiters: ((flushed: boolean) => void)[] = [];
  #ending = false;
  #closed = false;

  constructor({ socket, connection, peer, isDirect, turn }: WebSocketParts) {
    this.#socket = socket;
    this.connection = connection;
    this.#isDirect = isDirect;
    this.#turn = turn;
    this.remote = peer.remote;
    this.secure = peer.secure;
    // What is wrong is told again with "close".
    socket.on("error", () => {});
  }

  get unsent(): number {
    return this.#closed ? this.#lost : this.#queued + this.#socket.bufferedAmount;
  }

  open(events: TransportEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.on("message", (data: RawData, isBinary: boolean) => {
      this.isAlive = true;
      // RFC 7395 §3.2
      if (isBinary) return socket.close(UNSUPPORTED_DATA, "text only");
      return events.data(data as Buffer);
    });
    socket.on("pong", () => {
      this.isAlive = true;
    });
    socket.on("close", () => this.#close(undefined, this.unsent));
    this.connection.on("drain", () => events.drained());
  }

  write(text: string): void {
    if (this.#closed || this.#ending) return;
    if (this.#messages.length === 0) this.#turn.add(this);
    this.#messages.push(text);
    this.#queued += text.length;
    this.accepted += text.length;
  }

  flush(): void {
    if (this.#closed) return;
    const messages = this.#messages;
    if (messages.length > 0) {
      const waiters = this.#waiters;
      this.#messages = [];
      this.#waiters = [];
      this.#queued = 0;
      const settle = (error?: Error | null) => waiters.forEach((waiter) => waiter(!error));
      // Behind a close frame nothing is said any more (RFC 6455 §5.5.1).
      if (this.#socket.readyState !== this.#socket.OPEN) return settle(new Error("the WebSocket closes"));
      const frames = textFrames(messages.map(standalone));
      const isTaken = this.connection.write(frames, waiters.length > 0 ? settle : undefined);
      // A socket that takes all at once will not say "drain".
      if (isTaken) this.#events?.drained();
    }
    if (this.#ending) this.#socket.close(NORMAL_CLOSURE);
  }

  abandon(reason: Error): void {
    if (this.#closed) return;
    this.#socket.terminate();
    // Nothing is owed that is undone.
    this.#close(reason, 0);
  }

  flushed(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      if (this.#messages.length > 0) this.#waiters.push(resolve);
      else this.connection.write("", (error) => resolve(!error));
    });
  }

  /** RFC 6455 §5.5.2: asks for a sign of life, which also keeps the connection open at those in between. */
  ping(): void {
    this.isAlive = false;
    if (!this.#closed) this.#socket.ping();
  }

  startTls(): void {
    throw new Error("TLS is below the WebSocket (RFC 7395 §3.9)");
  }

  /**
   * None: no script in a browser knows the channel below.
   * COMPAT(stanza, 2026): takes the strongest mechanism that is offered, and fails with those that bind to it.
   */
  channelBinding(): undefined {}

  encryption(): Encryption | undefined {
    return this.#isDirect ? encryptionOf(this.connection) : undefined;
  }

  clientCertificate(): Buffer | undefined {
    return this.#isDirect ? clientCertificateOf(this.connection) : undefined;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    if (this.#messages.length === 0) this.#turn.add(this);
    this.#ending = true;
  }

  destroy(reason?: Error): void {
    if (this.#closed) return;
    const { unsent } = this;
    this.#socket.terminate();
    this.#close(reason, unsent);
  }

  #close(reason: Error | undefined, lost: number): void {
    if (this.#closed) return;
    this.#lost = lost;
    this.#closed = true;
    this.#messages = [];
    this.#queued = 0;
    for (const settle of this.#waiters) settle(false);
    this.#waiters = [];
    this.#events?.closed(reason);
  }
}
