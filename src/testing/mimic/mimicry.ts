import type { Stream } from "../../stream/stream.ts";
import { childElements, Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { readXml, writeXml } from "../read-xml.ts";

/** How another server shows itself; each part says where that is known from. */
export interface Likeness {
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
}

/** Shows a server as another one: what it says is written anew where the other says it in another way. */
export class Mimicry {
  readonly #likeness: Likeness;
  /** What clients ask and have no answer to, by its id. */
  readonly #asked = new WeakMap<Stream, Map<string, Element>>();

  constructor(likeness: Likeness) {
    this.#likeness = likeness;
  }

  /** A client asks. */
  hears(stream: Stream, element: Element): void {
    const { id, type } = element.attrs as Record<string, string | undefined>;
    if (!this.#likeness.errorsRepeat || !element.is("iq") || id === undefined) return;
    if (type !== "get" && type !== "set") return;
    const asked = this.#asked.get(stream) ?? new Map<string, Element>();
    asked.set(id, element);
    this.#asked.set(stream, asked);
  }

  /** What it says in place of `text`. */
  says(stream: Stream, text: string): string {
    if (!text.startsWith("<stream:features") && !text.startsWith("<iq")) return text;
    const element = readXml(text);
    if (element.is("features", ns.STREAMS)) this.#offer(element);
    else if (element.attrs["type"] === "result") this.#answer(stream, element);
    else if (element.attrs["type"] === "error") this.#refuse(stream, element);
    else return text;
    return writeXml(element);
  }

  #offer(features: Element): void {
    const { features: wanted, mechanisms } = this.#likeness;
    features.children = inOrder(childElements(features), wanted, nameOf);
    const list = features.getChild("mechanisms", ns.SASL);
    if (list) list.children = inOrder(childElements(list), mechanisms, (one) => one.getText());
  }

  #answer(stream: Stream, answer: Element): void {
    this.#asked.get(stream)?.delete(String(answer.attrs["id"]));
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

  #refuse(stream: Stream, refusal: Element): void {
    const { errorsRepeat, unhandledText } = this.#likeness;
    const id = String(refusal.attrs["id"]);
    const asked = this.#asked.get(stream)?.get(id);
    this.#asked.get(stream)?.delete(id);
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
