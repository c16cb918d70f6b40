/** XEP-0124 BOSH 1.11.2 and XEP-0206 XMPP Over BOSH 1.4: requests find their session. */
import type { ConnectionCounter } from "../../net/listener.ts";
import type { Transport } from "../../net/transport.ts";
import type { Turn } from "../../net/turn.ts";
import type { Clock } from "../../util/clock.ts";
import type { Random } from "../../util/random.ts";
import type { XmlLimits } from "../../xml/parser.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { HttpPeer } from "../peer.ts";
import { BoshError, type BoshRequest, extension, readBody, readInteger, terminate } from "./body.ts";
import type { Call } from "./call.ts";
import { BoshSession, type BoshTerms } from "./session.ts";

/** Times in milliseconds. */
export interface BoshSettings {
  readonly wait: number;
  readonly hold: number;
  readonly inactivity: number;
  readonly pause: number;
  readonly polling: number;
}

export interface BoshEndpointParts {
  readonly settings: BoshSettings;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly random: Random;
  readonly connections: ConnectionCounter;
  /** What a wrapper may be. */
  readonly limits: XmlLimits;
  readonly bodyBytes: number;
  serves(domain: string): boolean;
  /** For `Access-Control-Allow-Origin`; undefined when pages of that origin may not connect. */
  allowedOrigin(origin: string): string | undefined;
  accept(transport: Transport): void;
}

/** The version of BOSH that is spoken here. */
const VERSION = { major: 1, minor: 11 };

/** XEP-0124 "Session Creation Request". */
const DEFAULT_CONTENT_TYPE = "text/xml; charset=utf-8";
const CONTENT_TYPE = /^[\w.+-]{1,40}\/[\w.+-]{1,40}(?:\s*;\s*charset="?utf-8"?)?$/i;

const ALLOWED = "POST, OPTIONS";
const TEXT = { "Content-Type": "text/plain; charset=utf-8" };
const FOR_ALL = {
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Cache-Control": "no-store",
};
const PREFLIGHT = {
  "Access-Control-Allow-Methods": ALLOWED,
  "Access-Control-Allow-Headers": "Content-Type",
  "Access-Control-Max-Age": "7200",
};

interface Entry {
  readonly session: BoshSession;
  readonly contentType: string;
}

/** The sessions of a server, by their ids. */
export class BoshEndpoint {
  readonly #parts: BoshEndpointParts;
  readonly #sessions = new Map<string, Entry>();
  #isClosing = false;
  /** The largest body of a request, which may be several stanzas; bytes. */
  bodyBytes: number;

  constructor(parts: BoshEndpointParts) {
    this.#parts = parts;
    this.bodyBytes = parts.bodyBytes;
  }

  close(): void {
    this.#isClosing = true;
  }

  async handle(call: Call): Promise<void> {
    const { method, origin } = call;
    const allowed = origin === undefined ? "*" : this.#parts.allowedOrigin(origin);
    if (allowed === undefined) return call.answer(403, TEXT, "This origin may not connect.\n");
    const headers =
      allowed === "*" ? FOR_ALL : { ...FOR_ALL, "Access-Control-Allow-Origin": allowed, Vary: "Origin" };
    if (method === "OPTIONS") return call.answer(204, { ...headers, ...PREFLIGHT }, "");
    if (method !== "POST") {
      return call.answer(
        405,
        { ...headers, ...TEXT, Allow: ALLOWED },
        "Clients of XMPP connect here by BOSH.\n",
      );
    }
    const bytes = await call.read(this.bodyBytes);
    const answer = (body: string, contentType = DEFAULT_CONTENT_TYPE) =>
      call.answer(200, { ...headers, "Content-Type": contentType }, body);
    try {
      if (!bytes) throw new BoshError("policy-violation", "too large");
      const request = readBody(bytes, this.#parts.limits);
      const { session, contentType } = this.#find(request, call.peer);
      session.receive(request, { call, answer: (body) => answer(body, contentType) });
    } catch (error) {
      if (!(error instanceof BoshError)) throw error;
      answer(terminate(error.condition));
    }
  }

  /** @throws BoshError */
  #find(request: BoshRequest, peer: HttpPeer): Entry {
    if (request.sid === undefined) return this.#create(request, peer);
    const entry = this.#sessions.get(request.sid);
    // "Connection Between Client and BOSH Service": what began under TLS goes on so; the session does not suffer from those who try.
    if (!entry || (entry.session.secure && !peer.secure))
      throw new BoshError("item-not-found", "no such session");
    return entry;
  }

  /** "Session Creation Response". @throws BoshError */
  #create(request: BoshRequest, peer: HttpPeer): Entry {
    const { turn, clock, random, connections, accept, serves } = this.#parts;
    const { attributes } = request;
    const { to, content: contentType = DEFAULT_CONTENT_TYPE } = attributes;
    if (!CONTENT_TYPE.test(contentType)) throw new BoshError("bad-request", "not a type of content");
    if (to !== undefined && !serves(domainOf(to)))
      throw new BoshError("host-unknown", "not a domain of this server");
    const terms = this.#agree(request, random.id());
    const leave = connections.enter(peer.remote);
    if (typeof leave !== "function") throw new BoshError("policy-violation", "too many connections");
    const ended = () => {
      this.#sessions.delete(terms.sid);
      leave();
    };
    const isClosing = () => this.#isClosing;
    const session = new BoshSession(request, { terms, peer, turn, clock, isClosing, ended });
    const entry = { session, contentType };
    this.#sessions.set(terms.sid, entry);
    accept(session);
    return entry;
  }

  #agree({ rid, attributes }: BoshRequest, sid: string): BoshTerms {
    const { settings } = this.#parts;
    const wait = Math.min((readInteger(attributes, "wait") ?? settings.wait / 1000) * 1000, settings.wait);
    const hold = Math.min(readInteger(attributes, "hold") ?? 1, settings.hold);
    const isPolling = wait === 0 || hold === 0;
    // "SHOULD specify a higher than normal value … The increase SHOULD be greater than … the 'polling' attribute."
    const inactivity = settings.inactivity + (isPolling ? 2 * settings.polling : 0);
    const usesAcks = attributes["ack"] !== undefined;
    return {
      sid,
      wait,
      hold,
      inactivity,
      maxPause: settings.pause,
      polling: settings.polling,
      usesAcks,
      creation: {
        sid,
        wait: wait / 1000,
        requests: hold + 1,
        hold,
        inactivity: inactivity / 1000,
        // Only those who poll are held to it.
        polling: isPolling ? settings.polling / 1000 : undefined,
        maxpause: settings.pause > 0 ? settings.pause / 1000 : undefined,
        ver: lowerVersion(attributes["ver"]),
        from: attributes["to"],
        ack: usesAcks ? rid : undefined,
        "xmlns:xmpp": ns.XBOSH,
        "xmpp:restartlogic": "true",
        "xmpp:version": extension(attributes, "version") === undefined ? undefined : "1.0",
      },
    };
  }
}

/** @throws BoshError */
function domainOf(to: string): string {
  try {
    return Jid.parse(to).toString();
  } catch (error) {
    if (error instanceof JidError) throw new BoshError("host-unknown", "no domain");
    throw error;
  }
}

/** The client's version, or our own where that is lower. */
function lowerVersion(text: string | undefined): string {
  const { major, minor } = VERSION;
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(text ?? "");
  const [theirMajor, theirMinor] = [Number(match?.[1] ?? major), Number(match?.[2] ?? minor)];
  const isLower = theirMajor < major || (theirMajor === major && theirMinor < minor);
  return isLower ? `${theirMajor}.${theirMinor}` : `${major}.${minor}`;
}
