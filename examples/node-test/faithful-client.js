import { setTimeout as sleep } from "node:timers/promises";
import { client, xml } from "@xmpp/client";

/** A client that tells of each message whether the server has it (XEP-0198). */
export class FaithfulClient {
  #client;
  #waiting = new Map();

  constructor(connectOptions) {
    this.#client = client(connectOptions);
    this.#client.on("error", () => {}); // it comes back by itself
    this.#client.reconnect.delay = 1;
    const { streamManagement } = this.#client;
    streamManagement.requestAckDebounce = 20;
    streamManagement.on("ack", ({ attrs }) => this.#waiting.get(attrs.id)?.resolve());
    streamManagement.on("fail", ({ attrs }) => this.#waiting.get(attrs.id)?.reject(new Error("it is lost")));
  }

  async start() {
    await this.#client.start();
    await this.#client.send(xml("presence"));
    while (!this.#client.streamManagement.enabled) await sleep(1);
  }

  /** Settles when the server has it. */
  async send(to, body) {
    const id = crypto.randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers();
    this.#waiting.set(id, { resolve, reject });
    const message = xml("message", { to, type: "chat", id }, xml("body", {}, body));
    this.#client.send(message).catch(() => {}); // without a connection it goes with the next one
    await promise;
  }

  stop() {
    this.#client.reconnect.stop();
    return this.#client.stop();
  }
}
