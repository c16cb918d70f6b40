import { connect, type TLSSocket } from "node:tls";
import { type Agent, JXT, type Transport, type TransportConfig } from "stanza";

const OPEN =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en'";

/**
 * Direct TLS for stanza, which brings WebSocket and BOSH only. All that is said and understood is stanza's own; this
 * adds the stream's header and its end, and a socket. `url` of the configuration is `xmpps://host:port`.
 */
export class StanzaTlsTransport implements Transport {
  hasStream = false;
  stream?: NonNullable<Transport["stream"]>;
  authenticated = false;
  readonly #client: Agent;
  readonly #stanzas: JXT.Registry;
  #config: TransportConfig | undefined;
  #socket: TLSSocket | undefined;
  #parser: JXT.StreamParser | undefined;

  constructor(client: Agent, _management: unknown, stanzas: JXT.Registry) {
    this.#client = client;
    this.#stanzas = stanzas;
  }

  connect(config: TransportConfig): void {
    this.#config = config;
    const { hostname, port } = new URL(config.url ?? "");
    const socket = connect({ host: hostname, port: Number(port), servername: config.server });
    this.#socket = socket;
    socket.on("secureConnect", () => {
      this.#client.emit("connected");
      this.restart();
    });
    socket.on("data", (data: Buffer) => this.#parser?.write(data));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.hasStream = false;
      if (this.#client.transport === this) this.#client.emit("--transport-disconnected");
    });
  }

  restart(): void {
    this.hasStream = false;
    this.#parser = this.#newParser();
    this.#socket?.write(`<?xml version='1.0'?>${OPEN} to='${this.#config?.server}'>`);
  }

  disconnect(cleanly = true): void {
    if (cleanly && this.hasStream) this.#socket?.end("</stream:stream>");
    else this.#socket?.destroy();
  }

  async send(name: string, data?: JXT.JSONData): Promise<void> {
    const text = data && this.#stanzas.export(name, data)?.toString();
    if (text !== undefined) this.#socket?.write(text);
  }

  #newParser(): JXT.StreamParser {
    const parser = new JXT.StreamParser({
      acceptLanguages: ["en"],
      allowComments: false,
      registry: this.#stanzas,
      wrappedStream: true,
      rootKey: "stream",
    });
    parser.on("error", (error: Error) => {
      if (parser === this.#parser) this.#socket?.destroy(error);
    });
    parser.on("data", ({ event, kind, stanza }: JXT.ParsedData) => {
      if (event === "stream-start") {
        this.hasStream = true;
        this.stream = stanza as NonNullable<Transport["stream"]>;
        this.#client.emit("stream:start", this.stream);
      } else if (event === "stream-end") {
        this.#client.emit("stream:end");
        this.disconnect();
      } else {
        this.#client.emit("stream:data", stanza, kind);
      }
    });
    return parser;
  }
}
