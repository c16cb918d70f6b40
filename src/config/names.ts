import { domainToASCII, domainToUnicode } from "node:url";
import { isNetwork } from "../util/ip-network.ts";
import { type Schema, t } from "../util/schema.ts";

/** The domain in lower case and U-labels without trailing dot; undefined when it cannot be one. */
export function parseDomainName(text: string): string | undefined {
  const name = text.replace(/\.$/, "");
  if (!/^(\[[0-9a-f:.]+\]|[^\s/\\@:[\]?#.]+(\.[^\s/\\@:[\]?#.]+)*)$/i.test(name)) return undefined;
  const ascii = domainToASCII(name);
  return ascii === "" || ascii.length > 253 ? undefined : domainToUnicode(ascii);
}

export function domainName(): Schema<string> {
  return t.custom('a domain name like "example.org"', { type: "string" }, (value) =>
    typeof value === "string" ? parseDomainName(value) : undefined,
  );
}

/** An object with a domain for each key. */
export function byDomain<T>(values: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return t.record(values, "domain names", parseDomainName);
}

/** `user@domain`. The server prepares it (RFC 7622); here only the outline is looked at. */
export function bareAddress(): Schema<string> {
  return t.custom('an address like "user@example.org"', { type: "string" }, (value) =>
    typeof value === "string" && /^[^\s@/]+@[^\s@/]+$/.test(value) ? value : undefined,
  );
}

/**
 * Names of address spaces that a module has below the domains: `conference` for one below each of them, or the whole
 * name of a single one.
 */
export function serviceNames(fallback: readonly string[]): Schema<readonly string[]> {
  const name = t.custom(
    'a name like "chat" or "chat.example.org"',
    { type: "string" },
    (value): string | undefined => (typeof value === "string" ? parseDomainName(value) : undefined),
  );
  return t.list(name, fallback);
}

/** An IP address or a network of them. */
export function network(): Schema<string> {
  return t.custom('an IP address or a network like "10.0.0.0/8"', { type: "string" }, (value) =>
    typeof value === "string" && isNetwork(value) ? value : undefined,
  );
}

/** `https://example.org:5443`, without a path; printed without a slash at its end. */
export function webOrigin(): Schema<string> {
  return t.custom('an address like "https://chat.example.org"', { type: "string" }, readOrigin);
}

/** An origin of web pages (RFC 6454), or "*". */
export function webOriginOrAny(): Schema<string> {
  return t.custom('an address like "https://chat.example.org", or "*"', { type: "string" }, (value) =>
    value === "*" ? value : readOrigin(value),
  );
}

function readOrigin(value: unknown): string | undefined {
  if (typeof value !== "string" || !URL.canParse(value)) return undefined;
  const { protocol, origin, pathname, search, hash, username } = new URL(value);
  const isPlain = pathname === "/" && search === "" && hash === "" && username === "";
  return isPlain && (protocol === "https:" || protocol === "http:") ? origin : undefined;
}
