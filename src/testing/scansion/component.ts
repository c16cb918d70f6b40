import type { LocalComponent } from "../../components/local-component.ts";
import type { XmppServer } from "../../server.ts";
import { type Element, serialize } from "../../xml/element.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import { readXml } from "../read-xml.ts";
import type { Actor } from "./run.ts";

/** A component of a script: a program that speaks for a domain (XEP-0114), played in the server's own process. */
export class ScriptedComponent implements Actor {
  readonly jid: string;
  gone = false;
  readonly #component: LocalComponent;
  readonly #settle: () => Promise<void>;
  readonly #inbox: Element[] = [];

  /** @throws Error when the domain is taken. */
  constructor(domain: string, server: XmppServer, settle: () => Promise<void>) {
    this.jid = domain;
    this.#settle = settle;
    this.#component = server.component(domain, (stanza) => {
      this.#inbox.push(stanza.toTree());
      return "answered";
    });
  }

  async sendsRaw(xml: string): Promise<void> {
    await this.#component.send(Stanza.fromTree(readXml(xml)));
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

  async disconnects(): Promise<void> {
    if (!this.gone) this.#component.close();
    this.gone = true;
  }
}
