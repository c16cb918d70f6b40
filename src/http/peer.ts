import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/** Who asks. */
export interface HttpPeer {
  /**
   * The client's address without its port, also behind proxies; `unknown` where a proxy does not say whose request it is: all those are
   * one client to whoever counts. Empty when there is none.
   */
  readonly remote: string;
  /** Whether nobody on the way can read along: TLS, here or at a trusted proxy. */
  readonly secure: boolean;
}

/** RFC 7239 §6.2 */
const UNKNOWN = "unknown";

/** One proxy's word: whom it had the request from, and how. */
interface Hop {
  readonly from: string | undefined;
  readonly proto: string | undefined;
}

/** A `Forwarded` that is none, or that says another thing than `X-Forwarded-For`: nobody knows who asks. */
export class ForwardedError extends Error {
  override readonly name = "ForwardedError";
}

/**
 * The client behind trusted proxies: the nearest address that is not one of theirs (RFC 7239 §7.4). Without
 * `Forwarded` what stands in `X-Forwarded-For` and `X-Forwarded-Proto` counts. Most proxies write one of the two and let
 * pass what the client sent of the other: where both are there they have to agree.
 * @param connected who opened the connection. @throws ForwardedError
 */
export function peerOf(
  connected: HttpPeer,
  headers: IncomingHttpHeaders,
  isTrusted: (address: string) => boolean,
): HttpPeer {
  if (!isTrusted(connected.remote)) return connected;
  const legacy = follow(connected, legacyHops(headers), isTrusted);
  if (headers.forwarded === undefined) return legacy;
  const peer = follow(connected, forwardedHops(headers.forwarded), isTrusted);
  if (headers["x-forwarded-for"] !== undefined && legacy.remote !== peer.remote) {
    throw new ForwardedError("Forwarded and X-Forwarded-For name two clients");
  }
  return peer;
}

function follow(
  connected: HttpPeer,
  hops: readonly Hop[],
  isTrusted: (address: string) => boolean,
): HttpPeer {
  let peer = connected;
  for (const { from, proto } of hops.toReversed()) {
    if (!isTrusted(peer.remote)) break;
    // The proxy's own way to us is the inner network's; whether the client's words were safe, it says.
    peer = { remote: from ?? UNKNOWN, secure: proto === undefined ? peer.secure : proto === "https" };
    if (from === undefined) break;
  }
  return peer;
}

/** RFC 7239 §4, with the characters of addresses that proxies do not quote. A quotation that has no end would swallow what they append. */
const PAIR = /^[^\s"=]+=("(\\.|[^"\\])*"|[^\s"]*)$/s;

/** RFC 7239 §4: elements in the order of the way; quoted strings may contain commas and semicolons. @throws ForwardedError */
function forwardedHops(header: string): Hop[] {
  return splitOutsideQuotes(header, ",").map((element) => {
    const pairs = new Map<string, string>();
    for (const text of splitOutsideQuotes(element, ";")) {
      const pair = text.trim();
      if (pair === "") continue;
      if (!PAIR.test(pair)) throw new ForwardedError("Forwarded is malformed");
      const [name = "", ...value] = pair.split("=");
      pairs.set(name.toLowerCase(), unquote(value.join("=")));
    }
    return { from: readAddress(pairs.get("for")), proto: pairs.get("proto")?.toLowerCase() };
  });
}

/** The last `X-Forwarded-Proto` is that of the nearest proxy, as most write one only. */
function legacyHops(headers: IncomingHttpHeaders): Hop[] {
  const list = (value: string | string[] | undefined) =>
    value === undefined
      ? []
      : String(value)
          .split(",")
          .map((part) => part.trim());
  const addresses = list(headers["x-forwarded-for"]);
  const protos = list(headers["x-forwarded-proto"]).map((proto) => proto.toLowerCase());
  return addresses.map((address, index) => ({
    from: readAddress(address),
    proto: protos[protos.length - (addresses.length - index)] ?? protos[0],
  }));
}

/** Without port and brackets; undefined for what is no address: `unknown`, `_hidden` (RFC 7239 §6). */
function readAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : bare.replace(/^::ffff:(?=\d+\.)/i, "");
}

function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts = [""];
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (char === '"') isQuoted = !isQuoted;
    if (char === separator && !isQuoted) {
      parts.push("");
      continue;
    }
    parts[parts.length - 1] += char;
    if (isQuoted && char === "\\") parts[parts.length - 1] += text[++index] ?? "";
  }
  return parts;
}

function unquote(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : text;
}
