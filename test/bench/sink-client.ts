import type { Server, Transport, TransportEvents } from "../../src/index.ts";

/** How long an answer may take before the benchmark gives up. */
const PATIENCE_MS = 10_000;

/** A logged-in client on a transport that counts what it is sent and keeps nothing of it. */
export class SinkClient implements Transport {
  readonly secure = true;
  readonly remote = "";
  readonly unsent = 0;
  readonly canStartTls = false;
  /** Characters received. */
  received = 0;
  #events: TransportEvents | undefined;
  #last = "";

  static async logIn(
    server: Server,
    user: string,
    password: string,
    resource = "bench",
  ): Promise<SinkClient> {
    const client = new SinkClient();
    server.accept(client);
    const header =
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
      "to='localhost' version='1.0'>";
    const proof = Buffer.from(`\0${user}\0${password}`).toString("base64");
    client.send(`${header}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${proof}</auth>`);
    await client.sees("<success");
    client.send(
      `${header}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>` +
        `<resource>${resource}</resource></bind></iq>`,
    );
    await client.sees("<jid>");
    return client;
  }

  send(xml: string): void {
    this.#events?.data(Buffer.from(xml));
  }

  open(events: TransportEvents): void {
    this.#events = events;
  }
  write(text: string): void {
    this.received += text.length;
    this.#last = text;
  }
  flushed(): Promise<boolean> {
    return Promise.resolve(true);
  }
  end(): void {
    this.#events?.closed(undefined);
  }
  destroy(): void {
    this.#events?.closed(undefined);
  }
  startTls(): void {}
  channelBinding(): undefined {}
  clientCertificate(): undefined {}
  pause(): void {}
  resume(): void {}

  /** Goes without a word; settles when the server has seen it. */
  async disconnect(): Promise<void> {
    this.destroy();
    await new Promise(setImmediate);
  }

  /** Waits until the last thing that was written has `part` in it. @throws Error when it does not come. */
  async sees(part: string): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (!this.#last.includes(part)) {
      if (Date.now() > until) throw new Error(`no ${part}, but ${this.#last}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** CPU time of one unit in µs: the best of `rounds`, each of which does `units`. */
export async function bestCpu(rounds: number, units: number, work: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / units);
  }
  return Number(best.toFixed(3));
}
