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
import { secureSocket, type TlsSettings } from "./net/tls-socket.ts";
import type { Transport } from "./net/transport.ts";
import type { Turn } from "./net/turn.ts";
import type { Logger } from "./util/logger.ts";

/** The keys of `listen` in the configuration. */
export type ListenerName = "c2s" | "c2sTls" | "https" | "http";

/** The ports in use, 0 for none; the first of several. */
export type Ports = Readonly<Record<ListenerName, number>>;

export interface ListenersParts {
  readonly turn: Turn;
  readonly connections: ConnectionCounter;
  readonly log: Logger;
  readonly http: HttpServer;
  /** In place of files: one certificate for all domains. */
  readonly certificate: KeyPair | undefined;
  now(): number;
  accept(transport: Transport): void;
}

/** Where the web is when the configuration does not say, and nobody else is there. */
const DEFAULT_HTTPS: readonly Address[] = [{ port: 5443 }];

/** ALPN (RFC 7301) of HTTP. */
const ALPN_HTTP = "http/1.1";

/** The ports of a server: what is spoken on each, and who takes the connections. */
export class Listeners {
  readonly #parts: ListenersParts;
  readonly #listeners: Listener[] = [];
  readonly #ports: Record<ListenerName, number> = { c2s: 0, c2sTls: 0, https: 0, http: 0 };
  #contextFor: ((serverName: string | undefined) => SecureContext) | undefined;
  #requestsClientCertificates = false;
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
    this.#requestsClientCertificates = config.tls.clientCertificates.ca !== undefined;
    if (c2s.length + c2sTls.length + https.length > 0) await this.#loadCertificates(config);
    await this.#listen("c2s", c2s, (socket, remote) => this.#parts.accept(this.#transport(socket, remote)));
    await this.#listen("c2sTls", c2sTls, (socket, remote) => {
      const transport = this.#transport(socket, remote);
      transport.startTls("");
      this.#parts.accept(transport);
    });
    await this.#listen("http", http, (socket, remote) => this.#parts.http.accept(socket, remote));
    try {
      await this.#listen("https", https, (socket, remote) =>
        this.#parts.http.accept(this.#secure(socket, [ALPN_HTTP]), remote),
      );
    } catch (error) {
      if (!(error instanceof ListenError) || config.listen.https) throw error;
      this.#parts.log.warn("no web, for want of a port; listen.https chooses one", { reason: error.message });
    }
  }

  /** Reads the certificates again, if they are in use. @throws CertificateError */
  async reload(config: Config): Promise<void> {
    if (this.#contextFor) await this.#loadCertificates(config);
  }

  /** Takes no more connections; settles when the last of those that were taken is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  async #listen(
    name: ListenerName,
    addresses: readonly Address[],
    accept: (socket: Socket, remote: string) => void,
  ): Promise<void> {
    const { connections, log } = this.#parts;
    for (const { host, port } of addresses) {
      const listener = await listen({ host, port, connections, log, accept });
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

  #secure(socket: Socket, protocols: readonly string[]): TLSSocket {
    const secured = secureSocket(socket, "", this.#tlsSettings(), protocols, (error) =>
      secured.destroy(error),
    );
    secured.on("error", () => {});
    return secured;
  }

  async #loadCertificates(config: Config): Promise<void> {
    const { certificate, log, now } = this.#parts;
    const certificates = certificate
      ? new Map(config.domains.map(({ name }) => [name, certificate]))
      : await loadCertificates(config.domains, config.tls.directory, { logger: log, now: now() });
    this.#contextFor = await secureContexts(certificates, {
      ...config.tls,
      ca: config.tls.clientCertificates.ca,
    });
  }

  #tlsSettings(): TlsSettings {
    return {
      contextFor: (serverName) =>
        (this.#contextFor as (name: string | undefined) => SecureContext)(serverName),
      requestClientCertificate: this.#requestsClientCertificates,
    };
  }
}
