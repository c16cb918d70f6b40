import { connect, type Socket } from "node:net";
import { NO_LIMITS } from "../../src/testing/read-xml.ts";
import type { XmlElement } from "../../src/xml/parser.ts";
import { createXmlParser } from "../../src/xml/stream-parser.ts";
import { ns } from "../../src/xmpp/ns.ts";

const HEADER = `<stream:stream to="localhost" version="1.0" xmlns="${ns.CLIENT}" xmlns:stream="${ns.STREAMS}">`;

/** The connection went before what was waited for came. */
export class GoneError extends Error {
  override readonly name = "GoneError";
}

interface Waiter {
  readonly accepts: (element: XmlElement) => boolean;
  readonly resolve: (element: XmlElement) => void;
  readonly reject: (error: Error) => void;
}

/** A client that says what it is told and remembers what came: nothing between the test and the wire. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that came, in order. */
  readonly elements: XmlElement[] = [];
  /** Pieces of input so far. What the server wrote in one turn comes in one piece, or in one with other turns. */
  pieces = 0;
  /** Settles when the connection is gone and all that came by it was read. */
  readonly ended: Promise<void>;
  isGone = false;
  /** Whether the server ended the stream in good order. */
  heardEnd = false;
  readonly #parser = createXmlParser(NO_LIMITS);
  readonly #waiters = new Set<Waiter>();
  #asked = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#hear(chunk));
    socket.on("error", () => {});
    this.ended = new Promise((resolve) => {
      socket.on("close", () => {
        this.isGone = true;
        for (const { reject } of this.#waiters) reject(new GoneError("the connection is gone"));
        resolve();
      });
    });
  }

  static async connect(port: number): Promise<RawClient> {
    return RawClient.open(new RawClient(connect({ port, host: "127.0.0.1", noDelay: true })));
  }

  /** Opens the stream on a connection; settles with the features. */
  static async open(client: RawClient): Promise<RawClient> {
    await client.exchange(HEADER, isFeatures);
    return client;
  }

  /** A client with a bound resource, that has not sent presence. @throws Error when the server refuses the password. */
  static async logIn(port: number, user: string, password: string, resource = "r"): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.authenticate(user, password);
    await client.bind(resource);
    return client;
  }

  async authenticate(user: string, password: string): Promise<void> {
    const message = Buffer.from(`\0${user}\0${password}`).toString("base64");
    const auth = `<auth xmlns="${ns.SASL}" mechanism="PLAIN">${message}</auth>`;
    const answer = await this.exchange(auth, (element) => element.ns === ns.SASL);
    if (answer.name !== "success") {
      this.socket.destroy();
      throw new RefusedError(`${user} is refused: ${answer.heads[0]?.name}`);
    }
    await this.exchange(HEADER, isFeatures);
  }

  async bind(resource: string): Promise<void> {
    await this.ask("set", `<bind xmlns="${ns.BIND}"><resource>${resource}</resource></bind>`);
  }

  send(xml: string): void {
    this.socket.write(xml);
  }

  /** Sends, and settles with the first element thereafter that is wanted. @throws GoneError */
  exchange(xml: string, accepts: (element: XmlElement) => boolean): Promise<XmlElement> {
    const answer = this.next(accepts);
    this.send(xml);
    return answer;
  }

  /** The first element from now on that is wanted. @throws GoneError */
  next(accepts: (element: XmlElement) => boolean): Promise<XmlElement> {
    if (this.isGone) return Promise.reject(new GoneError("the connection is gone"));
    return new Promise((resolve, reject) => this.#waiters.add({ accepts, resolve, reject }));
  }

  /** The answer to a request to the own account: a result, or an error. @throws GoneError */
  ask(type: "get" | "set", payload: string): Promise<XmlElement> {
    const id = `q${++this.#asked}`;
    return this.exchange(
      `<iq type="${type}" id="${id}">${payload}</iq>`,
      ({ name, attributes }) => name === "iq" && attributes["id"] === id,
    );
  }

  /** Settles when all that was sent before is dealt with (RFC 6120 §10.1). @throws GoneError */
  ping(): Promise<XmlElement> {
    return this.ask("get", `<ping xmlns="${ns.PING}"/>`);
  }

  /** Ends the stream in good order. */
  async close(): Promise<void> {
    this.socket.end("</stream:stream>");
    await this.ended;
  }

  #hear(chunk: Buffer): void {
    this.pieces++;
    this.#parser.write(chunk);
    for (let event = this.#parser.next(); event; event = this.#parser.next()) {
      if (event.kind === "close") this.heardEnd = true;
      if (event.kind !== "element") continue;
      const { element } = event;
      if (element.ns === ns.SASL && element.name === "success") this.#parser.restart();
      this.elements.push(element);
      for (const waiter of this.#waiters) {
        if (!waiter.accepts(element)) continue;
        this.#waiters.delete(waiter);
        waiter.resolve(element);
      }
    }
  }
}

/** The server does not let the user in. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

function isFeatures({ ns: namespace, name }: XmlElement): boolean {
  return namespace === ns.STREAMS && name === "features";
}
