/**
 * Preparation of names and secrets (PRECIS: RFC 8264, profiles of RFC 8265), as RFC 7622 asks for the parts of an
 * address. All functions give the prepared text, or undefined when the text is not allowed; preparing twice changes
 * nothing. The empty text is not allowed, nor is what is longer than `MAX_PART_LENGTH`.
 */
import { isDirectionAllowed } from "./precis-bidi.ts";
import { isContextAllowed } from "./precis-context.ts";
import {
  CONTEXTUAL,
  EXCEPTIONALLY_DISALLOWED,
  EXCEPTIONALLY_VALID,
  LETTER_DIGITS,
  OLD_HANGUL_JAMO,
} from "./precis-tables.ts";

/**
 * In UTF-16 units. No spelling of the 1023 octets that RFC 7622 §3.1 allows a part is longer: normalising saves at
 * most three units for two octets. It takes time that grows with the square of the marks on one letter, 5 s for 100,000.
 */
export const MAX_PART_LENGTH = 1536;

/** RFC 8264 §8: what no class allows although it is a letter, digit, symbol or the like. */
const NEVER = `${EXCEPTIONALLY_DISALLOWED}${OLD_HANGUL_JAMO}\\p{Default_Ignorable_Code_Point}`;
/** RFC 8264 §4.2, but for characters with a compatibility equivalent (§9.17), which NFKC finds. */
const IDENTIFIER_CLASS = new RegExp(
  `^[[[${LETTER_DIGITS}]--[${NEVER}]]\\x21-\\x7E${EXCEPTIONALLY_VALID}${CONTEXTUAL}]+$`,
  "v",
);
/** RFC 8264 §4.3. */
const FREEFORM_CLASS = new RegExp(
  `^[[[\\p{L}\\p{N}\\p{M}\\p{Zs}\\p{S}\\p{P}]--[${NEVER}]]${CONTEXTUAL}]+$`,
  "v",
);

/** Characters with a <wide> or <narrow> decomposition, less the jamo, which no class allows. */
const WIDE_OR_NARROW = /[\u3000\uFF01-\uFF9F\uFFE0-\uFFE6\uFFE8-\uFFEE]/g;
const SPACE_SEPARATOR = /\p{Zs}/gv;

/** RFC 7622 §3.3.1. */
const EXCLUDED_FROM_LOCAL = /["&'/:<>@]/;

/** By ASCII code: what a name or free text may be made of without more work. */
const LOWER = 1;
const UPPER = 2;
const EXCLUDED = 4;
const SPACE = 8;
const ASCII_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code < 0x20 || code === 0x7f) return 0;
  if (code === 0x20) return SPACE;
  if (code >= 0x41 && code <= 0x5a) return UPPER;
  return EXCLUDED_FROM_LOCAL.test(String.fromCharCode(code)) ? EXCLUDED : LOWER;
});

/** RFC 7622 §3.3: the local part of an address. */
export function prepareLocal(text: string): string | undefined {
  const kinds = asciiKinds(text);
  if (kinds === LOWER) return text;
  if (kinds === UPPER || kinds === (LOWER | UPPER)) return text.toLowerCase();
  if (kinds !== undefined) return undefined;
  const prepared = usernameCaseMapped(text);
  return prepared === undefined || EXCLUDED_FROM_LOCAL.test(prepared) ? undefined : prepared;
}

/** RFC 8265 §3.3: a user name of the profile UsernameCaseMapped. */
export function prepareUsername(text: string): string | undefined {
  const kinds = asciiKinds(text);
  if (kinds === undefined) return usernameCaseMapped(text);
  return kinds === 0 || (kinds & SPACE) !== 0 ? undefined : text.toLowerCase();
}

/** RFC 7622 §3.4: the resource of an address. */
export function prepareResource(text: string): string | undefined {
  return opaqueString(text);
}

/**
 * RFC 8265 §4.2: a password of the profile OpaqueString. SASLprep (RFC 4013), which older clients apply before
 * SCRAM, gives the same for ASCII and for letters in NFC, and it too makes every space U+0020; it differs for
 * characters with a compatibility equivalent ("ﬁ", "①"), which it replaces (NFKC) and this keeps (NFC). What it
 * drops (soft hyphen, joiners) is refused here but for joiners in their place, so no two texts mean one password.
 */
export function preparePassword(text: string): string | undefined {
  return opaqueString(text);
}

/** The kinds that occur, 0 for nothing allowed (no text, or too much), undefined when the text is not ASCII. */
function asciiKinds(text: string): number | undefined {
  if (text.length > MAX_PART_LENGTH) return 0;
  let kinds = 0;
  let allowed = true;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return undefined;
    const kind = ASCII_KINDS[code] as number;
    if (kind === 0) allowed = false;
    kinds |= kind;
  }
  return allowed ? kinds : 0;
}

/** RFC 8264 §7 gives the order: width, case, normalisation, directionality, class. */
function usernameCaseMapped(text: string): string | undefined {
  const narrow = text.replace(WIDE_OR_NARROW, (character) => character.normalize("NFKC"));
  const prepared = lowerCase(narrow).normalize("NFC");
  if (prepared.length > MAX_PART_LENGTH || !IDENTIFIER_CLASS.test(prepared)) return undefined;
  if (prepared.normalize("NFKC") !== prepared) return undefined; // §9.17 HasCompat
  return isDirectionAllowed(prepared) && isContextAllowed(prepared) ? prepared : undefined;
}

/** Each character by itself: RFC 7622 §3.5 wants no special treatment of a sigma at the end of a word. */
function lowerCase(text: string): string {
  return text.includes("Σ") ? text.replaceAll("Σ", "σ").toLowerCase() : text.toLowerCase();
}

function opaqueString(text: string): string | undefined {
  const kinds = asciiKinds(text);
  if (kinds !== undefined) return kinds === 0 ? undefined : text;
  const prepared = text.replace(SPACE_SEPARATOR, " ").normalize("NFC");
  if (prepared.length > MAX_PART_LENGTH || !FREEFORM_CLASS.test(prepared)) return undefined;
  return isContextAllowed(prepared) ? prepared : undefined;
}
