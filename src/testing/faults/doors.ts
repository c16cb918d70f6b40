import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { Doorkeeper } from "../../listeners.ts";
import type { Lines } from "./lines.ts";
import type { Seam } from "./seams.ts";

/** The ports of a server, where networks and certificates go wrong. */
export class Doors implements Doorkeeper {
  readonly #lines: Lines;
  readonly #certificates: Seam<() => SecureContext | undefined>;
  /** What was decided of a connection: a handshake asks more than once. */
  readonly #decided = new WeakMap<Socket, SecureContext | "right">();

  constructor(lines: Lines, certificates: Seam<() => SecureContext | undefined>) {
    this.#lines = lines;
    this.#certificates = certificates;
  }

  admit(socket: Socket): Socket {
    return this.#lines.link(socket, "server").asSocket();
  }

  certificate(socket: Socket): SecureContext | undefined {
    const decided = this.#decided.get(socket) ?? this.#decide();
    this.#decided.set(socket, decided);
    return decided === "right" ? undefined : decided;
  }

  #decide(): SecureContext | "right" {
    for (const wrong of this.#certificates.all) {
      const context = wrong();
      if (context) return context;
    }
    return "right";
  }
}
