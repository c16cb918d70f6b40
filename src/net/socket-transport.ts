import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import {
  channelBindingOf,
  clientCertificateOf,
  encryptionOf,
  secureSocket,
  type TlsSettings,
} from "./tls-socket.ts";
import type { ChannelBindingType, Encryption, Transport, TransportEvents } from "./transport.ts";
import type { Outbox, Turn } from "./turn.ts";

/** XEP-0368 §2: the protocol that direct TLS connections of clients name. */
const ALPN_CLIENT = "xmpp-client";

/** A TCP connection, in clear or under TLS. */
export class SocketTransport implements Transport, Outbox {
  readonly kind: "tcp" | "tls";
  readonly remote: string;
  accepted = 0;
  readonly #turn: Turn;
  readonly #tls: TlsSettings | undefined;
  #socket: Socket;
  #events: TransportEvents | undefined;
  #queued = "";
  #waiters: ((flushed: boolean) => void)[] = [];
  #ending = false;
  #closed = false;
  /** How much was unsent when the connection went. */
  #lost = 0;
  /** How much the socket held when something was last given to it, or came through. */
  #backlog = 0;

  /** @param tls for `startTls`; absent where that is not possible. */
  constructor(socket: Socket, remote: string, turn: Turn, tls: TlsSettings | undefined) {
    this.#socket = socket;
    this.kind = socket instanceof TLSSocket ? "tls" : "tcp";
    this.#turn = turn;
    this.#tls = tls;
    this.remote = remote;
    socket.setNoDelay(true);
    // Who owns the transport ends it: what is under way still gets its answer.
    socket.allowHalfOpen = true;
    // Until an owner opens the transport, a failing connection must not bring the process down.
    socket.on("error", ignore);
  }

  get connection(): Socket {
    return this.#socket;
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  get canStartTls(): boolean {
    return this.#tls !== undefined && !this.secure;
  }

  get unsent(): number {
    return this.#closed ? this.#lost : this.#queued.length + this.#socket.writableLength;
  }

  open(events: TransportEvents): void {
    this.#events = events;
    this.#listen();
  }

  write(text: string): void {
    if (this.#closed || this.#ending) return;
    if (this.#queued === "") this.#turn.add(this);
    this.#queued += text;
    this.accepted += text.length;
  }

  flush(): void {
    if (this.#closed) return;
    if (this.#queued !== "") {
      const text = this.#queued;
      const waiters = this.#waiters;
      this.#queued = "";
      this.#waiters = [];
      const settle = (error?: Error | null) => waiters.forEach((waiter) => waiter(!error));
      const isTaken = this.#socket.write(text, waiters.length > 0 ? settle : undefined);
      this.#backlog = this.#socket.writableLength;
      // A socket that takes all at once will not say "drain".
      if (isTaken) this.#events?.drained();
    }
    if (this.#ending) this.#socket.end();
  }

  abandon(reason: Error): void {
    if (this.#closed) return;
    this.#socket.destroy();
    // Nothing is owed that is undone.
    this.#close(reason, 0);
  }

  flushed(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => {
      if (this.#queued !== "") this.#waiters.push(resolve);
      else this.#socket.write("", (error) => resolve(!error));
    });
  }

  startTls(domain: string): void {
    if (!this.#tls) throw new Error("no TLS settings on this listener");
    this.flush();
    const plain = this.#socket;
    // Others that listen, such as who counts connections, go on doing so.
    for (const event of ["data", "drain", "error"]) plain.removeAllListeners(event);
    plain.off("close", this.#onClose);
    plain.on("error", ignore);
    plain.removeAllListeners("end");
    this.#socket = secureSocket(plain, domain, this.#tls, [ALPN_CLIENT], (error) => this.destroy(error));
    if (this.#events) this.#listen();
  }

  channelBinding(type: ChannelBindingType): Buffer | undefined {
    return channelBindingOf(this.#socket, type);
  }

  encryption(): Encryption | undefined {
    return encryptionOf(this.#socket);
  }

  clientCertificate(): Buffer | undefined {
    return clientCertificateOf(this.#socket);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    if (this.#queued === "") this.#turn.add(this);
    this.#ending = true;
  }

  destroy(reason?: Error): void {
    if (this.#closed) return;
    const { unsent } = this;
    this.#socket.destroy();
    this.#close(reason, unsent);
  }

  #listen(): void {
    const socket = this.#socket;
    const events = this.#events as TransportEvents;
    socket.on("data", (chunk: Buffer) => events.data(chunk));
    socket.on("drain", () => {
      this.#backlog = 0;
      events.drained();
    });
    socket.on("end", () => events.ended());
    // A socket that failed has forgotten what it held.
    socket.on("error", (error) => this.#close(error, this.#queued.length + this.#backlog));
    socket.on("close", this.#onClose);
  }

  readonly #onClose = (): void => this.#close(undefined, this.unsent);

  #close(reason: Error | undefined, lost: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lost = lost;
    this.#queued = "";
    for (const settle of this.#waiters) settle(false);
    this.#waiters = [];
    this.#events?.closed(reason);
  }
}

function ignore(): void {}
