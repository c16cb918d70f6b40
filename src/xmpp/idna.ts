/** The domain of an address (RFC 7622 §3.2): IDNA2008 (RFC 5890 to 5893) with the mapping of UTS #46, or an IP address. */
import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { isContextAllowed } from "./precis-context.ts";
import {
  CONTEXTUAL,
  EXCEPTIONALLY_DISALLOWED,
  EXCEPTIONALLY_VALID,
  LETTER_DIGITS,
  OLD_HANGUL_JAMO,
} from "./precis-tables.ts";

/** RFC 1034 §3.1: 255 octets on the wire are 253 characters in text; a label has at most 63 octets. */
const MAX_DOMAIN_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
/** In UTF-16 units: nothing valid is longer before it is mapped, be it written in decomposed characters. */
const MAX_TEXT_LENGTH = 4 * MAX_DOMAIN_LENGTH;

/** RFC 5892 §3: what a U-label may be made of. */
const UNSTABLE = "\\p{Changes_When_NFKC_Casefolded}";
const IGNORABLE_BLOCKS = "\\u20D0-\\u20FF\\u{1D100}-\\u{1D24F}";
const NEVER = `${EXCEPTIONALLY_DISALLOWED}${OLD_HANGUL_JAMO}${UNSTABLE}${IGNORABLE_BLOCKS}\\p{Default_Ignorable_Code_Point}`;
const U_LABEL = new RegExp(
  `^[[[${LETTER_DIGITS}]--[${NEVER}]]a-z0-9\\-${EXCEPTIONALLY_VALID}${CONTEXTUAL}]+$`,
  "v",
);

/** A last label like these makes a resolver think of an IPv4 address. */
const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
/** RFC 6874 §2: the zone of a link-local address. */
const ZONE = /^(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+$/;

const HYPHEN = 0x2d;
const DOT = 0x2e;

/**
 * The canonical form: lower case, A-labels as U-labels, no trailing dot, IPv6 in the shape of RFC 5952. Undefined when
 * the text is no domain. Preparing twice changes nothing.
 */
export function prepareDomain(text: string): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  // RFC 7622 §3.2: the trailing dot goes before anything else is done.
  const name = text.charCodeAt(text.length - 1) === DOT ? text.slice(0, -1) : text;
  switch (classify(name)) {
    case "plain":
      return name;
    case "ascii":
      return asciiName(name.toLowerCase());
    case "international":
      return internationalName(name);
    default:
      return name.startsWith("[") ? ipLiteral(name) : undefined;
  }
}

type Spelling = "plain" | "ascii" | "international" | "other";

/** "plain" needs no work: lower-case LDH labels without any of the shapes that need a closer look. */
function classify(name: string): Spelling {
  let spelling: Spelling = "plain";
  let labelStart = 0;
  const length = name.length;
  for (let index = 0; index < length; index++) {
    const code = name.charCodeAt(index);
    if (code >= 0x61 && code <= 0x7a) continue;
    if (code > 0x7f) spelling = "international";
    else if (code === DOT) {
      if (index === labelStart || index - labelStart > MAX_LABEL_LENGTH) spelling = closerLook(spelling);
      labelStart = index + 1;
    } else if (code === HYPHEN || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a)) {
      spelling = closerLook(spelling);
    } else return "other";
  }
  if (labelStart === length || length - labelStart > MAX_LABEL_LENGTH || length > MAX_DOMAIN_LENGTH) {
    return closerLook(spelling);
  }
  return spelling;
}

function closerLook(spelling: Spelling): Spelling {
  return spelling === "plain" ? "ascii" : spelling;
}

/** Lower case, of letters, digits, hyphens and dots. */
function asciiName(name: string): string | undefined {
  if (NUMERIC_END.test(name)) return isIPv4(name) ? name : undefined;
  if (name.startsWith("xn--") || name.includes(".xn--")) return internationalName(name);
  return areLabelsValid(name, name) ? name : undefined;
}

function internationalName(name: string): string | undefined {
  const ascii = domainToASCII(name);
  if (ascii === "" || isIPv4(ascii)) return undefined;
  const unicode = domainToUnicode(ascii);
  // RFC 5891 §5.4: an A-label stands for the U-label that gives it back. Checks bidi and joiners on the way.
  if (domainToASCII(unicode) !== ascii) return undefined;
  return areLabelsValid(unicode, ascii) ? unicode : undefined;
}

function areLabelsValid(unicode: string, ascii: string): boolean {
  if (ascii.length > MAX_DOMAIN_LENGTH) return false;
  if (ascii.split(".").some((label) => label.length > MAX_LABEL_LENGTH)) return false;
  return unicode.split(".").every(isLabelValid);
}

function isLabelValid(label: string): boolean {
  // RFC 5891 §4.2.3.1: no hyphen at either end, nor two in the third and fourth place (which an "xn--" that stands
  // for nothing has as well).
  if (label.startsWith("-") || label.endsWith("-") || label.startsWith("--", 2)) return false;
  return U_LABEL.test(label) && isContextAllowed(label);
}

/** RFC 6874 §2: an IPv6 address in brackets, perhaps with a zone after "%25". */
function ipLiteral(text: string): string | undefined {
  if (!text.endsWith("]")) return undefined;
  const inside = text.slice(1, -1);
  const zoneAt = inside.indexOf("%25");
  const address = zoneAt === -1 ? inside : inside.slice(0, zoneAt);
  if (!isIPv6(address) || address.includes("%")) return undefined;
  const canonical = domainToASCII(`[${address}]`);
  if (zoneAt === -1) return canonical;
  const zone = inside.slice(zoneAt + 3);
  return ZONE.test(zone) ? `${canonical.slice(0, -1)}%25${zone}]` : undefined;
}
