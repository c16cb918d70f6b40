import type { Room } from "../../modules/muc/room.ts";
import type { RoomsService } from "../../modules/muc/rooms-service.ts";
import type { ClientStream } from "../../stream/client-stream.ts";
import { isPromise } from "../../util/awaitable.ts";
import { childElements, Element, el } from "../../xml/element.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { readXml, writeXml } from "../read-xml.ts";
import type { Quirk } from "./quirk.ts";

/** How another server shows itself; each part says where that is known from. */
export interface Likeness {
  /** Name and version. */
  readonly of: string;
  /** Where everything but the quirks is known from. */
  readonly source: string;
  /** `name namespace` of stream features, in their order. Those that are not there are not shown. */
  readonly features: readonly string[];
  /** In their order; others are not offered. */
  readonly mechanisms: readonly string[];
  /** Identities of the domain (XEP-0030). */
  readonly identities: readonly Readonly<Record<string, string>>[];
  /** Features of the domain, in their order: of the server's own those that the other has as well are shown. */
  readonly discovered: readonly string[];
  /** The name of the group chat service. Default: the server's own. */
  readonly rooms?: string;
  /** XEP-0092, in the order of its elements. */
  readonly version: readonly (readonly [string, string])[];
  /** How long a session can be resumed (XEP-0198 §3). */
  readonly resumeTime: string;
  /** Whether errors have in them what was asked (RFC 6120 §8.3.1: MAY). */
  readonly errorsRepeat: boolean;
  /** For people, in errors of requests that nobody handles. */
  readonly unhandledText?: string;
  /** What a room is until its owner changes it: `defaults` of the module muc. */
  readonly roomDefaults: Readonly<Record<string, unknown>>;
  /** What rooms say in another way; one after the other. */
  readonly quirks: readonly Quirk[];
  /** Namespaces of requests to rooms that are answered when everybody has heard of what they did. */
  readonly answeredLast: readonly string[];
}

/** What is said in place of something else. */
export interface Said {
  readonly text: string;
  /** Whether it goes behind everything else that comes of the same request. */
  readonly isLate: boolean;
}

/** Shows a server as another one: what it says is written anew where the other says it in another way. */
export class Mimicry {
  readonly #likeness: Likeness;
  readonly #rooms: () => readonly RoomsService[];
  /** What clients ask and have no answer to, by its id; of those who ask a room in vain some may stay. */
  readonly #asked = new WeakMap<ClientStream, Map<string, Element>>();

  /** `rooms`: those of all domains. */
  constructor(likeness: Likeness, rooms: () => readonly RoomsService[]) {
    this.#likeness = likeness;
    this.#rooms = rooms;
  }

  /** A client asks. */
  hears(stream: ClientStream, element: Element): void {
    const { id, type } = element.attrs as Record<string, string | undefined>;
    if (!element.is("iq") || id === undefined) return;
    if (type !== "get" && type !== "set") return;
    const asked = this.#asked.get(stream) ?? new Map<string, Element>();
    asked.set(id, element);
    this.#asked.set(stream, asked);
  }

  /** What it says in place of `text`. */
  says(stream: ClientStream, text: string): Said {
    if (!/^<(stream:features|iq|message|presence)/.test(text)) return { text, isLate: false };
    const element = readXml(text);
    if (element.is("features", ns.STREAMS)) return { text: this.#offer(element), isLate: false };
    const room = Jid.parse(String(element.attrs["from"] ?? stream.host.domain)).bare;
    const asked = this.#takeAsked(stream, element);
    if (this.#roomsOf(room)) return this.#saysRoom(stream, element, room, asked);
    else if (!element.is("iq")) return { text, isLate: false };
    else if (element.attrs["type"] === "result") this.#answer(stream, element);
    else if (element.attrs["type"] === "error") this.#refuse(element, asked);
    else return { text, isLate: false };
    return { text: writeXml(element), isLate: false };
  }

  #saysRoom(stream: ClientStream, element: Element, address: Jid, asked: Element | undefined): Said {
    const { quirks, answeredLast } = this.#likeness;
    if (element.attrs["type"] === "result") this.#answer(stream, element);
    const roomAt = (jid: string) => this.#findRoom(Jid.parse(jid));
    const client = stream.session?.jid.toString() ?? "";
    const context = { client, room: this.#findRoom(address), roomAt };
    for (const { change } of quirks) change(element, context);
    const payload = asked && childElements(asked)[0];
    return { text: writeXml(element), isLate: answeredLast.includes(payload?.getNS() ?? "") };
  }

  #roomsOf({ domain }: Jid): RoomsService | undefined {
    return this.#rooms().find(({ domains }) => domains.includes(domain));
  }

  /** The store is in memory: nothing is promised. */
  #findRoom(jid: Jid): Room | undefined {
    const room = this.#roomsOf(jid)?.find(jid);
    return isPromise(room) ? undefined : room;
  }

  #takeAsked(stream: ClientStream, answer: Element): Element | undefined {
    if (!answer.is("iq") || !["result", "error"].includes(String(answer.attrs["type"]))) return undefined;
    const id = String(answer.attrs["id"]);
    const asked = this.#asked.get(stream)?.get(id);
    this.#asked.get(stream)?.delete(id);
    return asked;
  }

  #offer(features: Element): string {
    const { features: wanted, mechanisms } = this.#likeness;
    features.children = inOrder(childElements(features), wanted, nameOf);
    const list = features.getChild("mechanisms", ns.SASL);
    if (list) list.children = inOrder(childElements(list), mechanisms, (one) => one.getText());
    // With the prefix of the stream, as everybody writes it.
    return `<stream:features>${childElements(features).map(writeXml).join("")}</stream:features>`;
  }

  #answer(stream: ClientStream, answer: Element): void {
    const { identities, discovered, rooms, version } = this.#likeness;
    const about = answer.getChild("query", ns.DISCO_INFO);
    const isHost = answer.attrs["from"] === stream.host.domain;
    if (about && about.attrs["node"] === undefined && isHost) {
      const shown = inOrder(about.getChildren("feature"), discovered, (one) => String(one.attrs["var"]));
      about.children = [...identities.map((identity) => el("identity", identity)), ...shown];
    }
    const service = about?.getChildren("identity").find(({ attrs }) => attrs["category"] === "conference");
    if (service && rooms !== undefined && !String(answer.attrs["from"]).includes("@"))
      service.attrs["name"] = rooms;
    const told = answer.getChild("query", ns.VERSION);
    if (told && !String(answer.attrs["from"]).includes("@")) {
      told.children = version.map(([name, value]) => el(name, {}, value));
    }
  }

  #refuse(refusal: Element, asked: Element | undefined): void {
    const { errorsRepeat, unhandledText } = this.#likeness;
    const error = refusal.getChild("error");
    if (!error) return;
    refusal.children = [...(errorsRepeat && asked ? childElements(asked) : []), error];
    if (unhandledText === undefined || !error.getChild("service-unavailable", ns.STANZA_ERRORS)) return;
    error.remove("text", ns.STANZA_ERRORS);
    error.cnode(el("text", { xmlns: ns.STANZA_ERRORS, "xml:lang": "en" }, unhandledText));
  }
}

function nameOf(element: Element): string {
  return `${element.getName()} ${element.getNS() ?? ""}`;
}

/** Those of `all` that are wanted, in the order in which they are. */
function inOrder(
  all: readonly Element[],
  wanted: readonly string[],
  keyOf: (one: Element) => string,
): Element[] {
  const known = new Map(all.map((one) => [keyOf(one), one]));
  return wanted.map((key) => known.get(key)).filter((one) => one instanceof Element);
}
