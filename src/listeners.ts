import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import type { Address } from "./config/address.ts";
import type { Config } from "./config/config.ts";
import type { HttpServer } from "./http/http-server.ts";
import { loadCertificates } from "./net/certificates.ts";
import { type ConnectionCounter, ListenError, type Listener, listen } from "./net/listener.ts";
import { secureContexts } from "./net/secure-contexts.ts";
import type { KeyPair } from "./net/self-signed.ts";
import { SocketTransport } from "./net/socket-transport.ts";
import { ALPN, tellSpoken, tellTls } from "./net/spoken.ts";
import { secureSocket, type TlsSettings } from "./net/tls-socket.ts";
import type { Transport } from "./net/transport.ts";
import type { Turn } from "./net/turn.ts";
import type { Clock } from "./util/clock.ts";
import type { Logger } from "./util/logger.ts";

/** The keys of `listen` in the configuration. */
export type ListenerName = "c2s" | "c2sTls" | "https" | "http" | "component";

/** The ports in use, 0 for none; the first of several. */
export type Ports = Readonly<Record<ListenerName, number>>;

/** Who stands at the ports, to break on purpose what goes through: of use to rigs for tests. */
export interface Doorkeeper {
  /** What the server gets in place of a connection that nothing was read from yet. */
  admit(socket: Socket): Socket;
  /** In place of the right certificate for a handshake on that connection. */
  certificate(socket: Socket): SecureContext | undefined;
}

export interface ListenersParts {
  readonly turn: Turn;
  readonly connections: ConnectionCounter;
  readonly log: Logger;
  readonly http: HttpServer;
  /** In place of files: one certificate for all domains. */
  readonly certificate: KeyPair | undefined;
  readonly clock: Clock;
  /** Addresses of reverse proxies. */
  isTrusted(address: string): boolean;
  accept(transport: Transport): void;
  acceptComponent(transport: Transport): void;
}

/** Where the web is when the configuration does not say, and nobody else is there. */
const DEFAULT_HTTPS: readonly Address[] = [{ port: 5443 }];

/** The ports of a server: what is spoken on each, and who takes the connections. */
export class Listeners {
  readonly #parts: ListenersParts;
  readonly #listeners: Listener[] = [];
  /** On the shared port: those that have not shown yet what they speak. */
  readonly #undecided = new Set<Socket>();
  readonly #ports: Record<ListenerName, number> = { c2s: 0, c2sTls: 0, https: 0, http: 0, component: 0 };
  #contextFor: ((serverName: string | undefined) => SecureContext) | undefined;
  #requestsClientCertificates = false;
  /** How long a client of the shared port may take to show what it speaks; milliseconds. */
  #timeToSpeak = 0;
  /** Listeners where proxies begin with the true client's address. */
  #proxied: readonly ListenerName[] = [];
  /** Default: nobody. */
  doorkeeper: Doorkeeper | undefined;
  #closed = false;

  constructor(parts: ListenersParts) {
    this.#parts = parts;
  }

  get ports(): Ports {
    return this.#ports;
  }

  /** @throws ListenError, CertificateError */
  async open(config: Config): Promise<void> {
    const { c2s, c2sTls, http, https = DEFAULT_HTTPS } = config.listen;
    this.#timeToSpeak = config.http.headerTime;
    this.#proxied = config.proxies.protocol;
    this.#requestsClientCertificates = config.tls.clientCertificates.ca !== undefined;
    if (c2s.length + c2sTls.length + https.length > 0) await this.#loadCertificates(config);
    await this.#listen("c2s", c2s, (socket, remote) => this.#parts.accept(this.#transport(socket, remote)));
    await this.#listen("c2sTls", c2sTls, (socket, remote) =>
      this.#parts.accept(this.#secureTransport(this.#secure(socket, [ALPN.xmpp]), remote)),
    );
    await this.#openComponents(config);
    await this.#listen("http", http, (socket, remote) => this.#parts.http.accept(socket, remote));
    try {
      await this.#listen("https", https, (socket, remote) => this.#share(socket, remote));
    } catch (error) {
      if (!(error instanceof ListenError) || config.listen.https) throw error;
      this.#parts.log.warn("no web, for want of a port; listen.https chooses one", { reason: error.message });
    }
  }

  /**
   * Reads the certificates again, if they are in use, and opens the port for components once there are some.
   * @throws CertificateError, ListenError
   */
  async reload(config: Config): Promise<void> {
    if (this.#contextFor) await this.#loadCertificates(config);
    await this.#openComponents(config);
  }

  async #openComponents({ components, listen }: Config): Promise<void> {
    if (Object.keys(components).length === 0 || this.#ports.component > 0) return;
    await this.#listen("component", listen.component, (socket, remote) =>
      this.#acceptComponent(socket, remote),
    );
  }

  /** In the clear, as is usual on one machine, or under TLS for those that begin so. */
  #acceptComponent(plain: Socket, remote: string): void {
    const { clock, acceptComponent } = this.#parts;
    const fail = () => plain.destroy();
    this.#undecided.add(plain);
    plain.once("close", () => this.#undecided.delete(plain));
    plain.on("error", fail);
    tellTls(plain, clock, this.#timeToSpeak, (isTls) => {
      this.#undecided.delete(plain);
      if (isTls && !this.#contextFor) return fail();
      const socket = isTls ? this.#secure(plain, []) : plain;
      acceptComponent(new SocketTransport(socket, remote, this.#parts.turn, undefined));
    });
  }

  /** Takes no more connections; settles when the last of those that were taken is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const socket of this.#undecided) socket.destroy();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  async #listen(
    name: ListenerName,
    addresses: readonly Address[],
    accept: (socket: Socket, remote: string) => void,
  ): Promise<void> {
    const { connections, log, clock, isTrusted } = this.#parts;
    const proxies = this.#proxied.includes(name) ? { clock, includes: isTrusted } : undefined;
    for (const { host, port } of addresses) {
      const admit = (socket: Socket, remote: string) =>
        accept(this.doorkeeper?.admit(socket) ?? socket, remote);
      const listener = await listen({ host, port, connections, log, proxies, accept: admit });
      if (this.#closed) {
        await listener.close();
        throw new Error("the server is closed");
      }
      this.#listeners.push(listener);
      this.#ports[name] ||= listener.port;
    }
  }

  #transport(socket: Socket, remote: string): SocketTransport {
    return new SocketTransport(socket, remote, this.#parts.turn, this.#tlsSettings());
  }

  #secureTransport(socket: TLSSocket, remote: string): SocketTransport {
    return new SocketTransport(socket, remote, this.#parts.turn, undefined);
  }

  /** TLS from the first byte. */
  #secure(plain: Socket, protocols: readonly string[]): TLSSocket {
    const fail = () => socket.destroy();
    const socket = secureSocket(plain, "", this.#tlsSettings(), protocols, fail);
    socket.on("error", fail);
    return socket;
  }

  /** One port for the web and for clients of XMPP, who say which they are (XEP-0368 §2), or show it by what they send first. */
  #share(plain: Socket, remote: string): void {
    const { http, clock, accept } = this.#parts;
    const socket = this.#secure(plain, Object.values(ALPN));
    this.#undecided.add(socket);
    socket.once("close", () => this.#undecided.delete(socket));
    tellSpoken(socket, clock, this.#timeToSpeak, (spoken) => {
      this.#undecided.delete(socket);
      if (spoken === "http") http.accept(socket, remote);
      else accept(this.#secureTransport(socket, remote));
    });
  }

  async #loadCertificates(config: Config): Promise<void> {
    const { certificate, log, clock } = this.#parts;
    const certificates = certificate
      ? new Map(config.domains.map(({ name }) => [name, certificate]))
      : await loadCertificates(config.domains, config.tls.directory, { logger: log, now: clock.now() });
    this.#contextFor = await secureContexts(certificates, {
      ...config.tls,
      ca: config.tls.clientCertificates.ca,
    });
  }

  #tlsSettings(): TlsSettings {
    return {
      contextFor: (serverName, connection) =>
        this.doorkeeper?.certificate(connection) ??
        (this.#contextFor as (name: string | undefined) => SecureContext)(serverName),
      requestClientCertificate: this.#requestsClientCertificates,
    };
  }
}
