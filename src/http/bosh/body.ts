import { escapeAttribute } from "../../xml/element.ts";
import { XmlError, type XmlLimits } from "../../xml/parser.ts";
import { createXmlParser } from "../../xml/stream-parser.ts";
import { ns } from "../../xmpp/ns.ts";

/** XEP-0124 "Terminal Binding Conditions", those of this server. */
export type BoshCondition =
  | "bad-request"
  | "host-unknown"
  | "item-not-found"
  | "policy-violation"
  | "remote-connection-failed"
  | "remote-stream-error";

/** A request that ends its session, or gets none. */
export class BoshError extends Error {
  override readonly name = "BoshError";
  readonly condition: BoshCondition;

  constructor(condition: BoshCondition, message: string) {
    super(message);
    this.condition = condition;
  }
}

type Attributes = Readonly<Record<string, string>>;

/** The wrapper of a request, read; what is in it is still text. */
export interface BoshRequest {
  readonly rid: number;
  readonly sid: string | undefined;
  /** By their names as written. */
  readonly attributes: Attributes;
  readonly isEmpty: boolean;
  readonly terminates: boolean;
  /** XEP-0206: a new stream begins in this session. */
  readonly restarts: boolean;
  /** Seconds. */
  readonly pause: number | undefined;
  /** The whole body, its children in `jabber:client` where they name no namespace. */
  readonly bytes: Buffer;
}

/** XEP-0206: such implementations as "do not specify the namespace" of stanzas mean `jabber:client`. */
const DEFAULT_NAMESPACE =
  /(\sxmlns\s*=\s*)(?:"http:\/\/jabber\.org\/protocol\/httpbind"|'http:\/\/jabber\.org\/protocol\/httpbind')/;

const LESS_THAN = 0x3c;
const SLASH = 0x2f;
const END = /^<\/[^<>]*>\s*$/;
const SPACES = new Set([0x09, 0x0a, 0x0d, 0x20]);

/** @throws BoshError `bad-request` */
export function readBody(bytes: Buffer, limits: XmlLimits): BoshRequest {
  const { attributes, length } = readTag(bytes, limits);
  const rid = readInteger(attributes, "rid");
  if (rid === undefined || rid === 0) throw new BoshError("bad-request", "no request id");
  return {
    rid,
    sid: attributes["sid"],
    attributes,
    isEmpty: isEmptyFrom(bytes, length),
    terminates: attributes["type"] === "terminate",
    restarts: asksForRestart(attributes),
    pause: readInteger(attributes, "pause"),
    bytes: Buffer.concat([
      Buffer.from(bytes.toString("utf8", 0, length).replace(DEFAULT_NAMESPACE, `$1"${ns.CLIENT}"`)),
      bytes.subarray(length),
    ]),
  };
}

/** Whether there is white space at most before the end tag. */
function isEmptyFrom(bytes: Buffer, start: number): boolean {
  let at = start;
  while (SPACES.has(bytes[at] as number)) at++;
  if (at === bytes.length) return true;
  return bytes[at] === LESS_THAN && bytes[at + 1] === SLASH && END.test(bytes.toString("latin1", at));
}

/** An attribute of `urn:xmpp:xbosh`, whatever its prefix. */
export function extension(attributes: Attributes, name: string): string | undefined {
  const key = Object.keys(attributes).find((candidate) => candidate.endsWith(`:${name}`));
  return key === undefined ? undefined : attributes[key];
}

/** A number of XML's `unsignedInt` and larger, exact up to 2^53 − 1. @throws BoshError for anything else. */
export function readInteger(attributes: Attributes, name: string): number | undefined {
  const text = attributes[name];
  if (text === undefined) return undefined;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new BoshError("bad-request", `${name} is no number`);
  return number;
}

function readTag(bytes: Buffer, limits: XmlLimits): { attributes: Attributes; length: number } {
  const parser = createXmlParser(limits);
  parser.write(bytes);
  try {
    const event = parser.next();
    const isBody = event?.kind === "open" && event.tag.name === "body" && event.tag.ns === ns.HTTP_BIND;
    if (!isBody) throw new BoshError("bad-request", "no body of BOSH");
    return { attributes: event.tag.attributes, length: bytes.length - parser.pending };
  } catch (error) {
    if (error instanceof XmlError) throw new BoshError("bad-request", error.message);
    throw error;
  }
}

/** XEP-0206 "Authentication and Resource Binding". */
export function asksForRestart(attributes: Attributes): boolean {
  const restart = extension(attributes, "restart");
  // XML Schema Part 2, §3.2.2.1.
  return restart === "true" || restart === "1";
}

/** The wrapper of an answer; attributes that are undefined are left out. */
export function writeBody(
  attributes: Readonly<Record<string, string | number | undefined>>,
  payload = "",
): string {
  let tag = `<body xmlns="${ns.HTTP_BIND}"`;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) tag += ` ${name}="${escapeAttribute(String(value))}"`;
  }
  // XEP-0206: "MUST include the namespace" with features and errors.
  if (payload.includes("<stream:")) tag += ` xmlns:stream="${ns.STREAMS}"`;
  return payload === "" ? `${tag}/>` : `${tag}>${payload}</body>`;
}

/** The end of a session, or of what never became one. */
export function terminate(condition?: BoshCondition, payload = ""): string {
  return writeBody({ type: "terminate", condition }, payload);
}
