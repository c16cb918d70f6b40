import type { Rig } from "../../src/testing/create-rig.ts";
import { readXml } from "../../src/testing/read-xml.ts";

export const HTTP_BIND = "http://jabber.org/protocol/httpbind";
const XBOSH = "urn:xmpp:xbosh";

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** The wrapper of an answer. */
export interface Answer {
  readonly text: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly status: number;
  readonly headers: Headers;
}

/** A request that is not answered perhaps. */
export interface Pending {
  readonly answer: Promise<Answer>;
  /** Whether it is answered by now. */
  isAnswered(): Promise<boolean>;
  /** The connection is gone. */
  abort(): void;
}

/** A client of BOSH that a test scripts, without ports. */
export class BoshClient {
  readonly #rig: Rig;
  readonly #peer: { readonly remote?: string; readonly secure?: boolean };
  rid = 1_573_741_820;
  sid: string | undefined;

  constructor(rig: Rig, peer: { remote?: string; secure?: boolean } = {}) {
    this.#rig = rig;
    this.#peer = peer;
  }

  /** The next request, as it is. */
  post(attributes: Attributes = {}, payload = ""): Pending {
    return this.raw(this.body(attributes, payload));
  }

  body(attributes: Attributes = {}, payload = ""): string {
    const all: Attributes = { rid: this.rid++, sid: this.sid, ...attributes };
    const written = Object.entries(all).map(([name, value]) =>
      value === undefined ? "" : ` ${name}="${value}"`,
    );
    return `<body xmlns="${HTTP_BIND}" xmlns:xmpp="${XBOSH}"${written.join("")}>${payload}</body>`;
  }

  raw(body: string | Buffer, init: RequestInit = {}): Pending {
    const controller = new AbortController();
    let isAnswered = false;
    const request = { method: "POST", body, signal: controller.signal, ...init } as RequestInit;
    const answer = this.#rig.request("/http-bind", request, this.#peer).then(async (response) => {
      isAnswered = true;
      const text = await response.text();
      const attributes = text.startsWith("<body") ? (readXml(text).attrs as Record<string, string>) : {};
      return { text, attributes, status: response.status, headers: response.headers };
    });
    return {
      answer,
      isAnswered: async () => {
        await this.#rig.settle();
        return isAnswered;
      },
      abort: () => controller.abort(),
    };
  }

  /** Begins a session. */
  async creates(attributes: Attributes = {}): Promise<Answer> {
    const standard = {
      to: "localhost",
      wait: 60,
      hold: 1,
      ver: "1.6",
      "xmpp:version": "1.0",
      "xml:lang": "en",
    };
    const answer = await this.post({ ...standard, ...attributes }).answer;
    this.sid = answer.attributes["sid"];
    return answer;
  }

  /** Logs alice in and binds. */
  async logsIn(resource = "bosh"): Promise<void> {
    const message = Buffer.from("\0alice\0secret of alice").toString("base64");
    await this.post({}, `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`)
      .answer;
    await this.post({ "xmpp:restart": "true", to: "localhost" }).answer;
    const bind = `<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${resource}</resource></bind>`;
    await this.post({}, `<iq xmlns="jabber:client" type="set" id="bind">${bind}</iq>`).answer;
  }
}
