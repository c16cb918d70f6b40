import type { Host } from "../../core/host.ts";
import { type Element, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import { readXml } from "../read-xml.ts";
import type { Actor } from "./run.ts";

/** A component of a script: a program that speaks for a domain (XEP-0114), played in the server's own process. */
export class ScriptedComponent implements Actor {
  readonly jid: string;
  /** Connected again with `connects`. */
  gone = false;
  readonly #host: Host;
  readonly #settle: () => Promise<void>;
  readonly #inbox: Element[] = [];

  /** @throws Error when the domain is taken. */
  constructor(domain: string, host: Host, settle: () => Promise<void>) {
    this.jid = domain;
    this.#host = host;
    this.#settle = settle;
    const take = (stanza: Stanza) => this.#take(stanza);
    const disco = { identities: [{ category: "component", type: "generic" }], features: [] };
    host.service(domain, { disco, message: take, presence: take, iq: take });
  }

  async sendsRaw(xml: string): Promise<void> {
    const stanza = Stanza.fromTree(readXml(xml));
    // XEP-0114 §3: it says from whom, and speaks for nobody else.
    if (stanza.from?.domain !== this.jid) throw new Error(`the stanza has to be from ${this.jid}`);
    await this.#host.route(stanza);
    await this.#settle();
  }

  async receivesAny(): Promise<Element> {
    await this.#settle();
    const stanza = this.#inbox.shift();
    if (!stanza) throw new Error("got nothing");
    return stanza;
  }

  async receivesNothing(): Promise<void> {
    await this.#settle();
    const [stanza] = this.#inbox;
    if (stanza) throw new Error(`expected nothing, got ${serialize(stanza)}`);
  }

  async connects(): Promise<void> {
    this.gone = false;
  }

  async disconnects(): Promise<void> {
    this.gone = true;
    this.#inbox.length = 0;
  }

  #take(stanza: Stanza): void {
    if (!this.gone) this.#inbox.push(stanza.toTree());
    else if (stanza.kind !== "presence") throw new StanzaError("service-unavailable");
  }
}
