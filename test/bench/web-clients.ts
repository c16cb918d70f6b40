import { once } from "node:events";
import { Agent, request } from "node:https";
import { connect, type TLSSocket } from "node:tls";

export type WebTransport = "tls" | "websocket" | "bosh";

/** A client under TLS that knows as much of its transport as a load generator has to. */
export interface WebClient {
  /** One element, with its namespace. */
  send(xml: string): void;
  /** Settles when `part` has come; what comes before it is gone. */
  sees(part: string): Promise<void>;
  end(): void;
}

export interface WebTarget {
  readonly port: number;
  readonly user: string;
  readonly resource: string;
}

const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
const HTTP_BIND = "http://jabber.org/protocol/httpbind";

/** A client that is logged in with the password "secret". */
export async function logIn(transport: WebTransport, target: WebTarget): Promise<WebClient> {
  const client = await connectBy[transport](target.port);
  const proof = Buffer.from(`\0${target.user}\0secret`).toString("base64");
  client.open();
  await client.sees("features>");
  client.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${proof}</auth>`);
  await client.sees("<success");
  client.open();
  await client.sees("features>");
  client.send(
    `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${target.resource}</resource></bind></iq>`,
  );
  await client.sees("<jid>");
  return client;
}

interface Opening extends WebClient {
  open(): void;
}

const connectBy: Readonly<Record<WebTransport, (port: number) => Promise<Opening>>> = {
  tls: connectTls,
  websocket: connectWebSocket,
  bosh: connectBosh,
};

/** What came and was not looked at. */
class Heard {
  #text = "";
  #wanted: { readonly part: string; readonly settle: () => void } | undefined;

  add(text: string): void {
    this.#text += text;
    this.#look();
  }

  sees(part: string): Promise<void> {
    return new Promise((settle) => {
      this.#wanted = { part, settle };
      this.#look();
    });
  }

  #look(): void {
    const wanted = this.#wanted;
    const at = wanted ? this.#text.indexOf(wanted.part) : -1;
    if (!wanted || at < 0) return;
    this.#text = this.#text.slice(at + wanted.part.length);
    this.#wanted = undefined;
    wanted.settle();
  }
}

async function secure(port: number, ALPNProtocols: string[]): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    rejectUnauthorized: false,
    ALPNProtocols,
  });
  await once(socket, "secureConnect");
  socket.setNoDelay(true);
  socket.on("error", () => {});
  return socket;
}

async function connectTls(port: number): Promise<Opening> {
  const socket = await secure(port, ["xmpp-client"]);
  const heard = new Heard();
  socket.on("data", (data: Buffer) => heard.add(data.toString("latin1")));
  return {
    open: () =>
      void socket.write(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>",
      ),
    send: (xml) => void socket.write(xml),
    sees: (part) => heard.sees(part),
    end: () => void socket.destroy(),
  };
}

async function connectWebSocket(port: number): Promise<Opening> {
  const socket = await secure(port, ["http/1.1"]);
  const heard = new Heard();
  socket.on("data", (data: Buffer) => heard.add(data.toString("latin1")));
  socket.write(
    "GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
  );
  await heard.sees("\r\n\r\n");
  const send = (xml: string) => void socket.write(frame(xml));
  return {
    open: () => send(`<open xmlns="${FRAMING}" to="localhost" version="1.0"/>`),
    send,
    sees: (part) => heard.sees(part),
    end: () => void socket.destroy(),
  };
}

/** RFC 6455 §5.2, masked with a mask that changes nothing. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0])
      : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([header, payload]);
}

/** One request waits while the client is here; another one carries what it says. */
async function connectBosh(port: number): Promise<Opening> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2, rejectUnauthorized: false });
  const heard = new Heard();
  let rid = 1_000_000;
  let sid: string | undefined;
  let waiting = 0;
  let isEnded = false;
  const post = (attributes: string, payload: string) => {
    waiting++;
    const id = sid === undefined ? "" : ` sid="${sid}"`;
    const body = `<body xmlns="${HTTP_BIND}" rid="${rid++}"${id}${attributes}>${payload}</body>`;
    const headers = { "Content-Type": "text/xml; charset=utf-8", "Content-Length": Buffer.byteLength(body) };
    const sent = request(
      {
        agent,
        port,
        host: "127.0.0.1",
        servername: "localhost",
        path: "/http-bind",
        method: "POST",
        headers,
      },
      (response) => {
        let text = "";
        response.on("data", (data: Buffer) => {
          text += data.toString("latin1");
        });
        response.on("end", () => {
          waiting--;
          sid ??= / sid=['"]([^'"]+)/.exec(text)?.[1];
          heard.add(text);
          if (waiting === 0 && !isEnded && !text.includes("features>"))
            setImmediate(() => waiting === 0 && post("", ""));
        });
      },
    );
    sent.on("error", () => {});
    sent.end(body);
  };
  const xmpp = ` xmlns:xmpp="urn:xmpp:xbosh"`;
  return {
    open: () => {
      if (sid === undefined)
        post(` to="localhost" wait="60" hold="1" ver="1.6" xmpp:version="1.0"${xmpp}`, "");
      else post(` to="localhost" xmpp:restart="true"${xmpp}`, "");
    },
    send: (xml) => post("", xml),
    sees: (part) => heard.sees(part),
    end: () => {
      isEnded = true;
      agent.destroy();
    },
  };
}
