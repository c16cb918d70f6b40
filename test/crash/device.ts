import type { Element } from "../../src/xml/element.ts";
import type { XmlElement } from "../../src/xml/parser.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { RawClient } from "./raw-client.ts";

/** A message as a device got it. */
export interface Sighting {
  readonly text: string;
  /** Read in the archive, which one may read as often as one likes. */
  readonly isArchived: boolean;
  /** Which of the device's sessions, however often that was resumed. */
  readonly session: number;
  /** The server has dealt with the device's acknowledgement of it. */
  isConfirmed: boolean;
}

/** The text of a message that came back. */
export const AN_ERROR = "an error";

/** What a device wrote, and whether the server has acknowledged it. */
export interface Writing {
  readonly to: string;
  readonly text: string;
  readonly xml: string;
  isAcknowledged: boolean;
}

/** Both sides of stream management (XEP-0198) in one session. */
class Session {
  readonly number: number;
  id = "";
  /** Stanzas that came, and those that the server says it handled. */
  received = 0;
  handled = 0;
  /** In the order of their sending; undefined: a request. */
  unhandled: (Writing | undefined)[] = [];

  constructor(number: number) {
    this.number = number;
  }

  acknowledged(count: number): Writing[] {
    const done = this.unhandled.splice(0, Math.max(count - this.handled, 0));
    this.handled = Math.max(this.handled, count);
    const writings = done.filter((each) => each !== undefined);
    for (const writing of writings) writing.isAcknowledged = true;
    return writings;
  }
}

/** A client with stream management that resumes, has copies of what goes elsewhere, and reads what it missed in the archive. */
export class Device {
  readonly user: string;
  readonly sightings: Sighting[] = [];
  readonly writings: Writing[] = [];
  readonly #resource: string;
  #client: RawClient | undefined;
  #session = new Session(0);
  /** Elements of this connection that were looked at; stanzas count from `#countsFrom` on. */
  #looked = 0;
  #isCounting = false;
  /** The archive's id of the last message that came in its turn. */
  #last = "";

  constructor(user: string, resource: string) {
    this.user = user;
    this.#resource = resource;
  }

  get name(): string {
    return `${this.user}/${this.#resource}`;
  }

  get isThere(): boolean {
    return this.#client?.isGone === false;
  }

  has(text: string): boolean {
    return this.sightings.some((sighting) => sighting.text === text);
  }

  /** Comes back: resumes where that is possible and wanted. @throws GoneError */
  async connect(port: number, resumes = true): Promise<void> {
    const client = await RawClient.connect(port);
    await client.authenticate(this.user, "secret");
    this.#client = client;
    this.#looked = client.elements.length;
    this.#isCounting = false;
    const { id, received } = this.#session;
    const answer =
      id !== "" && resumes
        ? await client.exchange(
            `<resume xmlns="${ns.STREAM_MANAGEMENT}" previd="${id}" h="${received}"/>`,
            ({ name }) => name === "resumed" || name === "failed",
          )
        : undefined;
    if (answer?.name === "resumed") this.#goOn(Number(answer.attributes["h"]));
    else await this.#begin(client, answer?.attributes["h"]);
  }

  cut(isReset: boolean): void {
    this.#read();
    if (isReset) this.#client?.socket.resetAndDestroy();
    else this.#client?.socket.destroy();
  }

  write(to: string): void {
    const text = `${this.name} ${this.writings.length}`;
    const xml = `<message type="chat" to="${to}"><body>${text}</body></message>`;
    const writing = { to: to.split("@")[0] as string, text, xml, isAcknowledged: false };
    this.writings.push(writing);
    this.#session.unhandled.push(writing);
    this.#client?.send(xml);
  }

  /** Acknowledges what came and learns what arrived; settles when the server has answered. @throws GoneError */
  async settle(): Promise<void> {
    this.#read();
    const seen = this.sightings.filter(({ session }) => session === this.#session.number);
    this.#send(`<a xmlns="${ns.STREAM_MANAGEMENT}" h="${this.#session.received}"/>`);
    this.#send(`<r xmlns="${ns.STREAM_MANAGEMENT}"/>`);
    await this.#ask("get", `<ping xmlns="${ns.PING}"/>`);
    for (const sighting of seen) sighting.isConfirmed = true;
    this.#read();
  }

  /** Reads what came by a connection that is gone. */
  async leave(): Promise<void> {
    await this.#client?.ended;
    this.#read();
  }

  /** §5: what the device has and what the server has are known to both. */
  #goOn(handled: number): void {
    const session = this.#session;
    for (const sighting of this.sightings)
      if (sighting.session === session.number) sighting.isConfirmed = true;
    session.acknowledged(handled);
    this.#isCounting = true;
    // Requests of the connection before are nobody's any more, but count.
    for (const writing of session.unhandled) this.#send(writing?.xml ?? "<presence/>");
  }

  async #begin(client: RawClient, handled: string | undefined): Promise<void> {
    const before = this.#session;
    // Unless the server says how far it came, nobody knows what became of the rest.
    const unhandled = handled === undefined ? [] : before.unhandled;
    if (handled !== undefined) before.acknowledged(Number(handled));
    const session = new Session(before.number + 1);
    this.#session = session;
    await client.bind(this.#resource);
    this.#looked = client.elements.length;
    this.#isCounting = true;
    const enabled = await client.exchange(
      `<enable xmlns="${ns.STREAM_MANAGEMENT}" resume="true"/>`,
      ({ name }) => name === "enabled",
    );
    session.id = String(enabled.attributes["id"]);
    await this.#ask("set", `<enable xmlns="${ns.CARBONS}"/>`);
    await this.#catchUp();
    session.unhandled.push(undefined);
    this.#send("<presence/>");
    for (const writing of unhandled) {
      if (!writing) continue;
      session.unhandled.push(writing);
      this.#send(writing.xml);
    }
  }

  async #catchUp(): Promise<void> {
    for (let isComplete = false; !isComplete; ) {
      const after = this.#last === "" ? "" : `<after>${this.#last}</after>`;
      const set = `<set xmlns="${ns.RSM}"><max>20</max>${after}</set>`;
      const answer = await this.#ask("set", `<query xmlns="${ns.MAM}">${set}</query>`);
      this.#read();
      isComplete = answer.children[0]?.attrs["complete"] === "true";
    }
  }

  #send(xml: string): void {
    this.#client?.send(xml);
  }

  #ask(type: "get" | "set", payload: string): Promise<XmlElement> {
    const answer = (this.#client as RawClient).ask(type, payload);
    this.#session.unhandled.push(undefined);
    return answer;
  }

  /** Looks at what came since the last time. */
  #read(): void {
    const elements = this.#client?.elements ?? [];
    for (const element of elements.slice(this.#looked)) this.#hear(element);
    this.#looked = elements.length;
  }

  #hear(element: XmlElement): void {
    if (element.name === "a") this.#session.acknowledged(Number(element.attributes["h"]));
    if (!this.#isCounting || !["message", "presence", "iq"].includes(element.name)) return;
    this.#session.received++;
    if (element.name === "message") this.#see(element);
  }

  #see({ children, attributes }: XmlElement): void {
    if (attributes["type"] === "error") return this.#note(AN_ERROR, false);
    const result = children.find((child) => child.is("result", ns.MAM));
    const copy = children.find((child) => child.getNS() === ns.CARBONS);
    const inner = (result ?? copy)?.getChild("forwarded", ns.FORWARD)?.getChild("message");
    const content = inner ? inner.getChildElements() : children;
    const named = (name: string) => content.filter((child) => child.getName() === name);
    const own = (mark: Element) => mark.attrs["by"] === `${this.user}@localhost`;
    const id = result?.attrs["id"] ?? named("stanza-id").find(own)?.attrs["id"];
    // What comes late is not the last.
    if (id !== undefined && named("delay").length === 0) this.#last = String(id);
    return this.#note(String(named("body")[0]?.getText()), result !== undefined);
  }

  #note(text: string, isArchived: boolean): void {
    this.sightings.push({ text, isArchived, session: this.#session.number, isConfirmed: false });
  }
}
