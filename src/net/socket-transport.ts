import { createHash, X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import type { ChannelBindingType, Encryption, Transport, TransportEvents } from "./transport.ts";
import type { Outbox, Turn } from "./turn.ts";

/** How TLS is spoken on a listener; read anew for each handshake so that certificates can be replaced. */
export interface TlsSettings {
  /** The certificate for a server name; the default one when the name is unknown or absent. */
  contextFor(serverName: string | undefined): SecureContext;
  readonly requestClientCertificate: boolean;
}

/** XEP-0368 §2: the protocol that direct TLS connections of clients name. */
const ALPN_CLIENT = ["xmpp-client"];

/** RFC 9266 §2. */
const EXPORTER_LABEL = "EXPORTER-Channel-Binding";
const EXPORTER_LENGTH = 32;

/** A TCP connection, in clear or under TLS. */
export class SocketTransport implements Transport, Outbox {
  readonly kind: "tcp" | "tls";
  readonly remote: string;
  readonly #turn: Turn;
  readonly #tls: TlsSettings | undefined;
  #socket: Socket;
  #events: TransportEvents | undefined;
  #queued = "";
  #waiters: ((flushed: boolean) => void)[] = [];
  #ending = false;
  #closed = false;

  constructor(socket: Socket, turn: Turn, tls: TlsSettings | undefined) {
    this.#socket = socket;
    this.kind = socket instanceof TLSSocket ? "tls" : "tcp";
    this.#turn = turn;
    this.#tls = tls;
    this.remote = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
    socket.setNoDelay(true);
    // Until an owner opens the transport, a failing connection must not bring the process down.
    socket.on("error", ignore);
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  get canStartTls(): boolean {
    return this.#tls !== undefined && !this.secure;
  }

  get unsent(): number {
    return this.#queued.length + this.#socket.writableLength;
  }

  open(events: TransportEvents): void {
    this.#events = events;
    this.#listen();
  }

  write(text: string): void {
    if (this.#closed || this.#ending) return;
    if (this.#queued === "") this.#turn.add(this);
    this.#queued += text;
  }

  flush(): void {
    if (this.#closed) return;
    if (this.#queued !== "") {
      const text = this.#queued;
      const waiters = this.#waiters;
      this.#queued = "";
      this.#waiters = [];
      const settle = (error?: Error | null) => waiters.forEach((waiter) => waiter(!error));
      // A socket that takes all at once will not say "drain".
      if (this.#socket.write(text, waiters.length > 0 ? settle : undefined)) this.#events?.drained();
    }
    if (this.#ending) this.#socket.end();
  }

  abandon(reason: Error): void {
    this.destroy(reason);
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
    const { contextFor, requestClientCertificate } = this.#tls;
    this.#socket = new TLSSocket(plain, {
      isServer: true,
      secureContext: contextFor(domain),
      SNICallback: (name, done) => done(null, contextFor(name)),
      ALPNProtocols: ALPN_CLIENT,
      requestCert: requestClientCertificate,
      rejectUnauthorized: false,
    });
    const secured = this.#socket;
    // Errors of the handshake are only told this way on a server's own TLSSocket.
    secured.on("_tlsError", (error: Error) => this.destroy(error));
    // What was written before the handshake waits for it, and would do so for ever.
    const abort = () => this.destroy(new Error("the peer left during the TLS handshake"));
    secured.on("end", abort);
    secured.once("secure", () => secured.off("end", abort));
    if (this.#events) this.#listen();
  }

  channelBinding(type: ChannelBindingType): Buffer | undefined {
    const socket = this.#socket;
    if (!(socket instanceof TLSSocket)) return undefined;
    if (type === "tls-server-end-point") return endPointBinding(socket);
    // RFC 9266 §4.2: before TLS 1.3 the exporter is unique only with an extended master secret, which Node does not tell of.
    const isModern = socket.getProtocol() === "TLSv1.3";
    if (type === "tls-unique") return isModern ? undefined : uniqueBinding(socket);
    if (!isModern) return undefined;
    return socket.exportKeyingMaterial(EXPORTER_LENGTH, EXPORTER_LABEL, Buffer.alloc(0));
  }

  encryption(): Encryption | undefined {
    const socket = this.#socket;
    if (!(socket instanceof TLSSocket) || socket.destroyed) return undefined;
    return { protocol: socket.getProtocol() ?? "", cipher: socket.getCipher().standardName };
  }

  clientCertificate(): Buffer | undefined {
    const socket = this.#socket;
    if (!(socket instanceof TLSSocket)) return undefined;
    const certificate = socket.getPeerX509Certificate();
    return certificate && chainIsVerified(socket) ? certificate.raw : undefined;
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
    this.#socket.destroy();
    this.#close(reason);
  }

  #listen(): void {
    const socket = this.#socket;
    const events = this.#events as TransportEvents;
    socket.on("data", (chunk: Buffer) => events.data(chunk));
    socket.on("drain", () => events.drained());
    socket.on("error", (error) => this.#close(error));
    socket.on("close", this.#onClose);
  }

  readonly #onClose = (): void => this.#close(undefined);

  #close(reason: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queued = "";
    for (const settle of this.#waiters) settle(false);
    this.#waiters = [];
    this.#events?.closed(reason);
  }
}

function ignore(): void {}

/**
 * RFC 5929 §3.1: the first Finished message, which in a full handshake is the client's. For a resumed session there is
 * none: without an extended master secret it can be made the same on two connections (RFC 7627 §1).
 */
function uniqueBinding(socket: TLSSocket): Buffer | undefined {
  return socket.isSessionReused() ? undefined : socket.getPeerFinished();
}

/** RFC 5929 §4.1: the certificate's hash, by its own signature's algorithm unless that is MD5 or SHA-1. */
function endPointBinding(socket: TLSSocket): Buffer | undefined {
  const der = socket.getX509Certificate()?.raw;
  if (!der) return undefined;
  return createHash(hashOfSignature(new X509Certificate(der)))
    .update(der)
    .digest();
}

function hashOfSignature(certificate: X509Certificate): string {
  const algorithm = (certificate as { signatureAlgorithm?: string }).signatureAlgorithm ?? "";
  const bits = /sha-?(384|512)/i.exec(algorithm)?.[1];
  return bits ? `sha${bits}` : "sha256";
}

/** Node sets `authorized` only on sockets that a tls.Server made; the handle underneath knows for all. Fails closed. */
function chainIsVerified(socket: TLSSocket): boolean {
  const { ssl } = socket as { ssl?: { verifyError?: () => Error | null | undefined } };
  return ssl?.verifyError !== undefined && !ssl.verifyError();
}
