import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Where bytes get lost: on their way to the client, or both ways. */
export type Loss = "down" | "both";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A network between clients and a port that can fail: TCP through a port of its own. */
export class SeverableLink implements AsyncDisposable {
  readonly #target: number;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  /** Undefined: nothing is lost. */
  #loss: { readonly what: Loss; readonly pairs: ReadonlySet<Pair> } | undefined;

  private constructor(target: number, listener: Server) {
    this.#target = target;
    this.#listener = listener;
    listener.on("connection", (client) => this.#forward(client));
  }

  static async open(target: number): Promise<SeverableLink> {
    const listener = createServer();
    const link = new SeverableLink(target, listener);
    await once(listener.listen(0, "127.0.0.1"), "listening");
    return link;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** From now on what goes over the connections that there are is lost, and nobody is told. */
  loses(what: Loss): void {
    this.#loss = { what, pairs: new Set(this.#pairs) };
  }

  /** Clients see their connections break; the server as well, unless it `stillBelieves` in them. New ones work again. */
  breaks({ stillBelieves }: { readonly stillBelieves: boolean }): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      if (!stillBelieves) server.resetAndDestroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #forward(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    const pair: Pair = { client, server };
    this.#pairs.add(pair);
    client.on("data", (data) => {
      if (!this.#isLost(pair, "both")) server.write(data);
    });
    server.on("data", (data) => {
      if (!this.#isLost(pair, "down") && !client.destroyed) client.write(data);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => {});
      one.on("end", () => other.end());
    }
    server.on("close", () => {
      client.destroy();
      this.#pairs.delete(pair);
    });
  }

  #isLost(pair: Pair, needed: Loss): boolean {
    const loss = this.#loss;
    return loss !== undefined && loss.pairs.has(pair) && (needed === "down" || loss.what === "both");
  }
}
