import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Clock } from "../../util/clock.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { Toxic } from "./seams.ts";

const LOOPBACK = "127.0.0.1";

/** Puts the toxic between a client's socket and the one that is returned, which is the server's end. */
export async function throughToxic(
  client: Socket,
  toxic: Toxic,
  clock: Clock,
  random: SeededRandom,
): Promise<Socket> {
  // It may go before anybody else listens.
  client.on("error", () => client.destroy());
  const [near, far] = await socketPair();
  const hears = (way: "in" | "out") => toxic.direction === "both" || toxic.direction === way;
  new Way(client, near, hears("in") ? toxic : undefined, clock, random).open();
  new Way(near, client, hears("out") ? toxic : undefined, clock, random).open();
  return far;
}

/** Two ends of one connection. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, LOOPBACK);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const near = connect(port, LOOPBACK);
  const [far] = (await once(server, "connection")) as [Socket];
  server.close();
  return [near, far];
}

/** One direction. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #toxic: Toxic | undefined;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  /** Settles when all that came so far has gone on. */
  #tail: Promise<void> = Promise.resolve();

  constructor(from: Socket, to: Socket, toxic: Toxic | undefined, clock: Clock, random: SeededRandom) {
    this.#from = from;
    this.#to = to;
    this.#toxic = toxic;
    this.#clock = clock;
    this.#random = random;
  }

  open(): void {
    const from = this.#from;
    const to = this.#to;
    from.setNoDelay(true);
    from.on("data", (chunk: Buffer) => {
      if (this.#toxic?.stall) return;
      const arrived = this.#late();
      this.#tail = this.#tail.then(() => arrived).then(() => this.#forward(chunk));
    });
    from.on("end", () => {
      this.#tail = this.#tail.then(() => void to.end());
    });
    from.on("error", () => to.destroy());
    // Without an end of its own it was cut.
    from.on("close", () => {
      if (!from.readableEnded) to.destroy();
    });
  }

  #late(): Promise<void> | undefined {
    if (!this.#toxic) return undefined;
    const { latency, jitter } = this.#toxic;
    return this.#wait(latency + Math.round(jitter * this.#random.fraction()));
  }

  async #forward(chunk: Buffer): Promise<void> {
    const { slice = Number.POSITIVE_INFINITY, bandwidth = Number.POSITIVE_INFINITY } = this.#toxic ?? {};
    for (let start = 0; start < chunk.length; start += slice) {
      const piece = chunk.subarray(start, start + slice);
      await this.#wait((piece.length * 1000) / bandwidth);
      if (this.#to.destroyed) return;
      this.#to.write(piece);
      // So that the other end reads it before the next one comes.
      if (slice < chunk.length) await new Promise((resolve) => void setImmediate(resolve));
    }
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => void this.#clock.after(ms, resolve));
  }
}
