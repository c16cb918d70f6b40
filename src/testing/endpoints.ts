import type { Socket } from "node:net";
import { ConnectionCounter, type Listener, listen } from "../net/listener.ts";
import { type SecureContextOptions, secureContexts } from "../net/secure-contexts.ts";
import type { KeyPair } from "../net/self-signed.ts";
import type { TlsSettings } from "../net/tls-socket.ts";
import type { Transport } from "../net/transport.ts";
import type { Turn } from "../net/turn.ts";
import type { Logger } from "../util/logger.ts";
import type { Doors } from "./faults/doors.ts";
import { FaultyTransport } from "./faults/faulty-transport.ts";
import type { Seam, TransportFault } from "./faults/seams.ts";

interface EndpointsParts {
  readonly turn: () => Turn;
  readonly log: () => Logger;
  readonly doors: Doors;
  readonly transportFaults: Seam<TransportFault>;
  accept(transport: Transport): void;
  /** Settles when there is a server to accept; undefined while there is. */
  ready(): Promise<void> | undefined;
}

/** The ports for clients on TCP, which stay while the server behind them is replaced. */
export class Endpoints {
  readonly #parts: EndpointsParts;
  #plain: Listener | undefined;
  #direct: Listener | undefined;

  constructor(parts: EndpointsParts) {
    this.#parts = parts;
  }

  /** 0: none. */
  get port(): number {
    return this.#plain?.port ?? 0;
  }

  /** TLS from the first byte; 0: none. */
  get tlsPort(): number {
    return this.#direct?.port ?? 0;
  }

  /** With a certificate for STARTTLS on `port` and TLS on a port of its own; without one in clear. @throws ListenError */
  async open(port: number, domains: readonly string[], pair: KeyPair | undefined, tls: SecureContextOptions) {
    if (!pair) {
      this.#plain = await this.#listen(port, undefined, false);
      return;
    }
    const right = await secureContexts(new Map(domains.map((domain) => [domain, pair])), tls);
    const contextFor = (name: string | undefined, socket: Socket) =>
      this.#parts.doors.certificate(socket) ?? right(name);
    const settings = { contextFor, requestClientCertificate: false };
    this.#plain = await this.#listen(port, settings, false);
    this.#direct = await this.#listen(0, settings, true);
  }

  /** Takes no more connections; settles when the last of those that were taken is gone. */
  async close(): Promise<void> {
    await this.#plain?.close();
    await this.#direct?.close();
  }

  #listen(port: number, tls: TlsSettings | undefined, isDirect: boolean): Promise<Listener> {
    const { log, doors, ready } = this.#parts;
    return listen({
      host: "127.0.0.1",
      port,
      connections: new ConnectionCounter(Number.POSITIVE_INFINITY),
      log: log(),
      accept: (socket, remote) => {
        const take = () => this.#accept(doors.admit(socket), remote, tls, isDirect);
        const wait = ready();
        if (!wait) return take();
        const gone = () => {};
        socket.once("error", gone);
        void wait.then(() => {
          socket.off("error", gone);
          if (!socket.destroyed) take();
        });
      },
    });
  }

  #accept(socket: Socket, remote: string, tls: TlsSettings | undefined, isDirect: boolean): void {
    const { turn, accept, transportFaults } = this.#parts;
    const transport = new FaultyTransport(socket, remote, turn(), tls, transportFaults);
    if (isDirect) transport.startTls("");
    accept(transport);
  }
}
