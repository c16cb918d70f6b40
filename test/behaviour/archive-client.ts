import type { Client } from "../../src/testing/client.ts";
import { type Element, escapeAttribute, escapeText } from "../../src/xml/element.ts";

const MAM = "urn:xmpp:mam:2";
const RSM = "http://jabber.org/protocol/rsm";

export interface Result {
  readonly id: string;
  readonly queryId: string | undefined;
  readonly stamp: string;
  /** The forwarded message. */
  readonly message: Element;
  readonly body: string | null;
}

export interface Answer {
  readonly results: readonly Result[];
  readonly bodies: readonly (string | null)[];
  readonly ids: readonly string[];
  /** The condition and type of an error, "item-not-found cancel". */
  readonly error: string | undefined;
  readonly isComplete: boolean;
  readonly first: string | null;
  readonly last: string | null;
  readonly count: string | null;
  readonly index: string | undefined;
}

export interface Question {
  /** Fields of the form by name. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** What is in the `<set/>`; without it there is none. */
  readonly rsm?: string;
  /** What else is in the `<query/>`. */
  readonly more?: string;
  readonly queryId?: string;
  readonly node?: string;
  /** The type of the form. Default: "submit". */
  readonly form?: string;
  /** Attributes of the IQ. */
  readonly iq?: string;
}

/** A query with the form as clients send it. */
function queryXml({ fields, rsm, more = "", queryId, node, form, iq = "" }: Question): string {
  const all = Object.entries({ FORM_TYPE: MAM, ...fields }).map(([name, values]) => {
    const list = [values].flat().map((value) => `<value>${escapeText(value)}</value>`);
    const type = name === "FORM_TYPE" ? ` type="hidden"` : "";
    return `<field var="${escapeAttribute(name)}"${type}>${list.join("")}</field>`;
  });
  const x = fields || form ? `<x xmlns="jabber:x:data" type="${form ?? "submit"}">${all.join("")}</x>` : "";
  const set = rsm === undefined ? "" : `<set xmlns="${RSM}">${rsm}</set>`;
  const id = `${queryId === undefined ? "" : ` queryid="${queryId}"`}${node === undefined ? "" : ` node="${node}"`}`;
  return `<iq type="set" id="query" ${iq}><query xmlns="${MAM}"${id}>${x}${set}${more}</query></iq>`;
}

/** Asks, and takes everything up to the answer: results have to come before it. */
export async function queryArchive(client: Client, question: Question = {}): Promise<Answer> {
  await client.sends(queryXml(question));
  const results: Result[] = [];
  for (;;) {
    const element = await client.receivesAny();
    if (element.getName() === "message") results.push(readResult(element));
    else return readAnswer(element, results);
  }
}

function readResult(outer: Element): Result {
  const result = outer.getChild("result", MAM);
  const forwarded = result?.getChild("forwarded", "urn:xmpp:forward:0");
  const message = forwarded?.getChild("message", "jabber:client");
  if (!result || !message) throw new Error(`not a result: ${String(outer)}`);
  return {
    id: String(result.attrs["id"]),
    queryId: result.attrs["queryid"] as string | undefined,
    stamp: String(forwarded?.getChild("delay", "urn:xmpp:delay")?.attrs["stamp"]),
    message,
    body: message.getChildText("body"),
  };
}

function readAnswer(iq: Element, results: readonly Result[]): Answer {
  const error = iq.getChild("error");
  const fin = iq.getChild("fin", MAM);
  const set = fin?.getChild("set", RSM);
  const condition = error?.getChildElements()[0]?.getName();
  return {
    results,
    bodies: results.map(({ body }) => body),
    ids: results.map(({ id }) => id),
    error: error && `${condition} ${String(error.attrs["type"])}`,
    isComplete: fin?.attrs["complete"] === "true",
    first: set?.getChildText("first") ?? null,
    last: set?.getChildText("last") ?? null,
    count: set?.getChildText("count") ?? null,
    index: set?.getChild("first")?.attrs["index"] as string | undefined,
  };
}

/** Sends messages with these bodies, one a second, and lets `to` take them when it is there. */
export async function converse(
  from: Client,
  to: string,
  bodies: readonly string[],
  clock: { advance(ms: number): Promise<void> },
): Promise<void> {
  for (const body of bodies) {
    await from.sends(`<message to="${to}" type="chat" id="id-${body}"><body>${body}</body></message>`);
    await clock.advance(1000);
  }
}
