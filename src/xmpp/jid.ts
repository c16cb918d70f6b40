import { Lru } from "../util/lru.ts";
import { prepareDomain } from "./idna.ts";
import { MAX_PART_LENGTH, prepareLocal, prepareResource } from "./precis.ts";

/** RFC 7622: text that is not an XMPP address. Answer it with `jid-malformed` (RFC 6120 §8.3.3.8). */
export class JidError extends Error {
  override readonly name = "JidError";
}

/** RFC 7622 §3.1: each part has 1 to 1023 octets of UTF-8 after preparation. */
const MAX_PART_BYTES = 1023;

/** In UTF-16 units before preparation. */
const MAX_TEXT_LENGTH = 3 * MAX_PART_LENGTH + 2;

/** Spellings kept prepared; those longer than `MAX_CACHED_LENGTH` are prepared each time, which bounds the memory. */
const CACHED_ADDRESSES = 32_768;
const MAX_CACHED_LENGTH = 256;

/** By spelling, the canonical one included: preparation runs once per address, not once per stanza. */
const cache = new Lru<string, Jid>(CACHED_ADDRESSES);

/**
 * An XMPP address (RFC 7622), prepared and immutable. Equal addresses are usually, but not always, the same object:
 * compare with `equals`, and use `toString()` as a key.
 */
export class Jid {
  /** "" when the address has none; likewise `resource`. */
  readonly local: string;
  /** Lower case, in U-labels, without trailing dot; an IPv6 address in brackets. */
  readonly domain: string;
  readonly resource: string;
  /** The address without resource: itself when it has none. */
  readonly bare: Jid;
  readonly #text: string;

  /** Takes prepared parts. */
  private constructor(local: string, domain: string, resource: string, text: string, bare: Jid | undefined) {
    this.local = local;
    this.domain = domain;
    this.resource = resource;
    this.#text = text;
    this.bare = bare ?? this;
  }

  /** Splits and prepares `text`. Throws JidError. */
  static parse(text: string): Jid {
    return cache.get(text) ?? Jid.#parse(text);
  }

  /** Prepares each part; "" stands for an absent local or resource. Throws JidError. */
  static of(local: string, domain: string, resource = ""): Jid {
    return Jid.#intern(
      local === "" ? "" : checked(prepareLocal(local), "local part"),
      checked(prepareDomain(domain), "domain"),
      resource === "" ? "" : checked(prepareResource(resource), "resource"),
    );
  }

  /** For text that is not in the cache. */
  static #parse(text: string): Jid {
    if (text.length > MAX_TEXT_LENGTH) throw new JidError("the address is too long");
    // RFC 7622 §3.2: the resource is cut at the first "/", then the local part at the first "@" before it.
    const slash = text.indexOf("/");
    const bareEnd = slash === -1 ? text.length : slash;
    const at = text.indexOf("@");
    const hasLocal = at !== -1 && at < bareEnd;
    // RFC 7622 §3.3, §3.4: a separator without its part is an error.
    if (hasLocal && at === 0) throw new JidError("empty local part");
    if (slash !== -1 && slash === text.length - 1) throw new JidError("empty resource");
    const own = detached(text);
    if (own !== text) throw new JidError("a lone surrogate");
    const local = hasLocal ? own.slice(0, at) : "";
    const domain = own.slice(hasLocal ? at + 1 : 0, bareEnd);
    const resource = slash === -1 ? "" : own.slice(slash + 1);
    const jid = Jid.#ofCanonical(own, bareEnd, local, domain, resource) ?? Jid.of(local, domain, resource);
    if (own.length <= MAX_CACHED_LENGTH) cache.set(own, jid);
    return jid;
  }

  /** The address of the parts of `text` if they are prepared already, as most are: spares joining and looking up. */
  static #ofCanonical(
    text: string,
    bareEnd: number,
    local: string,
    domain: string,
    resource: string,
  ): Jid | undefined {
    if (local !== "" && checked(prepareLocal(local), "local part") !== local) return undefined;
    if (checked(prepareDomain(domain), "domain") !== domain) return undefined;
    if (resource === "") return new Jid(local, domain, "", text, undefined);
    if (checked(prepareResource(resource), "resource") !== resource) return undefined;
    const bareText = text.slice(0, bareEnd);
    const bare = cache.get(bareText) ?? Jid.#remember(new Jid(local, domain, "", bareText, undefined));
    return new Jid(bare.local, bare.domain, resource, text, bare);
  }

  /** The address of these prepared parts. */
  static #intern(local: string, domain: string, resource: string): Jid {
    const bareText = local === "" ? domain : `${local}@${domain}`;
    const text = resource === "" ? bareText : `${bareText}/${resource}`;
    const known = cache.get(text);
    if (known) return known;
    const bare = resource === "" ? undefined : Jid.#intern(local, domain, "");
    return Jid.#remember(
      new Jid(detached(local), detached(domain), detached(resource), detached(text), bare),
    );
  }

  static #remember(jid: Jid): Jid {
    if (jid.#text.length <= MAX_CACHED_LENGTH) cache.set(jid.#text, jid);
    return jid;
  }

  get isBare(): boolean {
    return this.resource === "";
  }

  /** The same account or service with another resource, prepared here; "" gives `bare`. Throws JidError. */
  withResource(resource: string): Jid {
    if (resource === this.resource) return this;
    if (resource === "") return this.bare;
    return Jid.#intern(this.local, this.domain, checked(prepareResource(resource), "resource"));
  }

  equals(other: Jid): boolean {
    return this === other || this.#text === other.#text;
  }

  toString(): string {
    return this.#text;
  }
}

function checked(prepared: string | undefined, part: string): string {
  if (prepared === undefined) throw new JidError(`invalid ${part}`);
  if (prepared.length * 3 > MAX_PART_BYTES && Buffer.byteLength(prepared) > MAX_PART_BYTES) {
    throw new JidError(`the ${part} is longer than ${MAX_PART_BYTES} bytes`);
  }
  return prepared;
}

const scratch = Buffer.allocUnsafe(3 * MAX_TEXT_LENGTH);

/** A copy that shares no memory with the text it was cut from, which may be a whole buffer of network input. */
function detached(text: string): string {
  return scratch.toString("utf8", 0, scratch.write(text));
}
