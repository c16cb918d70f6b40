import { ConnectionCounter, type Listener, listen } from "../net/listener.ts";
import { type SecureContextOptions, secureContexts } from "../net/secure-contexts.ts";
import type { KeyPair } from "../net/self-signed.ts";
import { SocketTransport } from "../net/socket-transport.ts";
import type { TlsSettings } from "../net/tls-socket.ts";
import type { Transport } from "../net/transport.ts";
import type { Turn } from "../net/turn.ts";
import type { Logger } from "../util/logger.ts";
import { TestAuthority } from "./test-authority.ts";

interface EndpointsParts {
  readonly turn: () => Turn;
  readonly log: () => Logger;
  accept(transport: Transport): void;
}

/** One authority for the process: those who trust it once trust every test server. */
let authority: TestAuthority | undefined;

export function processAuthority(): TestAuthority {
  authority ??= new TestAuthority();
  return authority;
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
    const contextFor = await secureContexts(new Map(domains.map((domain) => [domain, pair])), tls);
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
    const { turn, log, accept } = this.#parts;
    return listen({
      host: "127.0.0.1",
      port,
      connections: new ConnectionCounter(Number.POSITIVE_INFINITY),
      log: log(),
      accept: (socket, remote) => {
        const transport = new SocketTransport(socket, remote, turn(), tls);
        if (isDirect) transport.startTls("");
        accept(transport);
      },
    });
  }
}
