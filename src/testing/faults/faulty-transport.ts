import type { Socket } from "node:net";
import { SocketTransport } from "../../net/socket-transport.ts";
import type { TlsSettings } from "../../net/tls-socket.ts";
import type { Turn } from "../../net/turn.ts";
import type { Seam, TransportFault } from "./seams.ts";

/** What is said in place of a handshake: no record of TLS begins so. */
const NO_HANDSHAKE = "no TLS here\r\n";

/** TCP where STARTTLS can go wrong. */
export class FaultyTransport extends SocketTransport {
  readonly #plain: Socket;
  readonly #faults: Seam<TransportFault>;

  constructor(
    socket: Socket,
    remote: string,
    turn: Turn,
    tls: TlsSettings | undefined,
    faults: Seam<TransportFault>,
  ) {
    super(socket, remote, turn, tls);
    this.#plain = socket;
    this.#faults = faults;
  }

  override startTls(domain: string): void {
    if (this.#faults.all.some((fault) => fault.breaksHandshake())) {
      this.flush();
      this.#plain.removeAllListeners("data");
      // Not before the client begins: what comes along with <proceed/> is lost.
      this.#plain.once("data", () => this.#plain.end(NO_HANDSHAKE));
    } else {
      super.startTls(domain);
    }
  }
}
