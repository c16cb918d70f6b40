import { type Element, el } from "../../xml/element.ts";
import { parseDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { form, readBoolean, readForm } from "../../xmpp/forms.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { type RsmRequest, readRsm } from "../../xmpp/rsm.ts";

/** XEP-0313 §4.1: what the results have in common; everything that is given has to hold. */
export interface Filter {
  readonly with: Jid | undefined;
  /** Milliseconds since the epoch, both inclusive. */
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly beforeId: string | undefined;
  readonly afterId: string | undefined;
  readonly ids: readonly string[] | undefined;
  /** XEP-0431. */
  readonly text: string | undefined;
}

export interface Query {
  readonly queryId: string | undefined;
  readonly filter: Filter;
  readonly rsm: RsmRequest;
  /** §4.3.4: the page is sent with its last message first. */
  readonly isFlipped: boolean;
}

const FULLTEXT_FIELD = `{${ns.FULLTEXT}}fulltext`;
/** It is repeated with each result. */
const MAX_QUERY_ID_LENGTH = 256;
const MAX_IDS = 500;
const MAX_TEXT_LENGTH = 1024;

/** §4.1.5: the fields that a query may have. */
export function queryForm(): Element {
  const x = form({
    type: "form",
    formType: ns.MAM,
    fields: [
      { name: "with", type: "jid-single" },
      { name: "start", type: "text-single" },
      { name: "end", type: "text-single" },
      { name: "before-id", type: "text-single" },
      { name: "after-id", type: "text-single" },
      { name: "ids", type: "list-multi" },
      { name: "include-groupchat", type: "boolean" },
      { name: FULLTEXT_FIELD, type: "text-single" },
    ],
  });
  const validation = el("validate", { xmlns: ns.FORM_VALIDATION, datatype: "xs:string" }, el("open"));
  x.getChildByAttr("var", "ids")?.cnode(validation);
  return el("query", { xmlns: ns.MAM }, x);
}

/** @throws StanzaError for a query that cannot be answered, whatever the archive has. */
export function readQuery(query: Element): Query {
  const { queryid, node } = query.attrs as Readonly<Record<string, string | undefined>>;
  // §6.1.3: the attribute belongs to archives of nodes.
  if (node !== undefined) throw new StanzaError("feature-not-implemented", "this archive has no nodes");
  if (queryid !== undefined && queryid.length > MAX_QUERY_ID_LENGTH) {
    throw new StanzaError("policy-violation", "the queryid is too long");
  }
  const rsm = readPaging(query);
  return {
    queryId: queryid,
    filter: readFilter(query.getChild("x", ns.DATA_FORMS)),
    rsm,
    isFlipped: query.getChild("flip-page", ns.MAM) !== undefined,
  };
}

/** Profanity leaves the `<set/>` away when it asks for what comes after a page; it got the same page again. */
function readPaging(query: Element): RsmRequest {
  const rsm = readRsm(query);
  const stray = query.getChildText("after", ns.MAM);
  return stray && !query.getChild("set", ns.RSM) ? { after: stray } : rsm;
}

function readFilter(x: Element | undefined): Filter {
  const values = x ? readValues(x) : new Map<string, string[]>();
  const single = (name: string) => readSingle(values, name);
  const [peer, start, end] = [single("with"), single("start"), single("end")];
  const groupchat = single("include-groupchat");
  // There are no such messages here to be left out.
  if (groupchat !== undefined) readBoolean(groupchat);
  const ids = values.get("ids");
  if (ids && ids.length > MAX_IDS) throw new StanzaError("policy-violation", `more than ${MAX_IDS} ids`);
  return {
    with: peer === undefined ? undefined : readJid(peer),
    start: start === undefined ? undefined : readStart(start),
    end: end === undefined ? undefined : readTime(end),
    beforeId: single("before-id"),
    afterId: single("after-id"),
    ids: ids && ids.length > 0 ? ids : undefined,
    text: readText(single(FULLTEXT_FIELD)),
  };
}

const FIELDS: ReadonlySet<string> = new Set([
  "with",
  "start",
  "end",
  "before-id",
  "after-id",
  "ids",
  "include-groupchat",
  FULLTEXT_FIELD,
]);

function readValues(x: Element): Map<string, string[]> {
  const { type, formType, values } = readForm(x);
  if (type !== "submit") throw new StanzaError("bad-request", "the form is not submitted");
  // §4.1
  if (formType !== ns.MAM) throw new StanzaError("bad-request", `the FORM_TYPE is not ${ns.MAM}`);
  for (const name of values.keys()) {
    // §4.1.5
    if (!FIELDS.has(name)) throw new StanzaError("feature-not-implemented", `unknown field "${name}"`);
  }
  return values;
}

/** The value of a field for one; a field that was left empty says nothing. */
function readSingle(values: ReadonlyMap<string, readonly string[]>, name: string): string | undefined {
  const [value, ...more] = values.get(name) ?? [];
  if (more.length > 0) throw new StanzaError("bad-request", `the field "${name}" has more than one value`);
  return value;
}

function readJid(text: string): Jid {
  try {
    return Jid.parse(text);
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed", error.message);
    throw error;
  }
}

/** A time that is finer than those of messages is later than the one that it is cut off to. */
function readStart(text: string): number {
  return /\.\d{3}0*[1-9]/.test(text) ? readTime(text) + 1 : readTime(text);
}

function readTime(text: string): number {
  const time = parseDateTime(text);
  if (time === undefined) throw new StanzaError("bad-request", `"${text}" is not a time`);
  return time;
}

/** XEP-0431 §2.2: what is empty searches for nothing. */
function readText(text: string | undefined): string | undefined {
  if (text !== undefined && text.length > MAX_TEXT_LENGTH) {
    throw new StanzaError("policy-violation", "the text to search for is too long");
  }
  return text?.trim() === "" ? undefined : text;
}
