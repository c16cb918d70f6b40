import {
  JOINS_BOTH_SIDES,
  JOINS_LEFT,
  JOINS_RIGHT,
  TRANSPARENT_TO_JOINING,
  VIRAMAS,
} from "./precis-tables.ts";

const HAS_CONTEXTUAL = /[\xB7\u0375\u05F3\u05F4\u30FB\u0660-\u0669\u06F0-\u06F9\u200C\u200D]/;

const VIRAMA_BEFORE = `(?<=[${VIRAMAS}])`;
const BETWEEN_JOINING =
  `(?<=[${JOINS_LEFT}${JOINS_BOTH_SIDES}][${TRANSPARENT_TO_JOINING}]*)\\u200C` +
  `(?=[${TRANSPARENT_TO_JOINING}]*[${JOINS_RIGHT}${JOINS_BOTH_SIDES}])`;

/** Each finds a contextual character where it may stand; what remains of them is misplaced. */
const WELL_PLACED: readonly RegExp[] = [
  new RegExp(`${VIRAMA_BEFORE}\\u200C|${BETWEEN_JOINING}`, "gv"), // RFC 5892 §A.1 ZERO WIDTH NON-JOINER
  new RegExp(`${VIRAMA_BEFORE}\\u200D`, "gv"), // §A.2 ZERO WIDTH JOINER
  /(?<=l)\xB7(?=l)/g, // §A.3 MIDDLE DOT
  /\u0375(?=\p{Script=Greek})/gv, // §A.4 GREEK LOWER NUMERAL SIGN
  /(?<=\p{Script=Hebrew})[\u05F3\u05F4]/gv, // §A.5, §A.6 HEBREW PUNCTUATION GERESH, GERSHAYIM
];

const MISPLACED = /[\xB7\u0375\u05F3\u05F4\u200C\u200D]/;
const KATAKANA_MIDDLE_DOT = /\u30FB/;
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/v;
const ARABIC_INDIC_DIGIT = /[\u0660-\u0669]/;
const EXTENDED_ARABIC_INDIC_DIGIT = /[\u06F0-\u06F9]/;

/** Whether every character that needs a context (RFC 5892 appendix A) stands in it. */
export function isContextAllowed(text: string): boolean {
  if (!HAS_CONTEXTUAL.test(text)) return true;
  // §A.7
  if (KATAKANA_MIDDLE_DOT.test(text) && !JAPANESE.test(text)) return false;
  // §A.8, §A.9
  if (ARABIC_INDIC_DIGIT.test(text) && EXTENDED_ARABIC_INDIC_DIGIT.test(text)) return false;
  return !MISPLACED.test(withoutWellPlaced(text));
}

/** Rules look at neighbours, so all positions are found in the whole text before anything is taken away. */
function withoutWellPlaced(text: string): string {
  const places = new Set<number>();
  for (const rule of WELL_PLACED) for (const match of text.matchAll(rule)) places.add(match.index);
  let rest = "";
  for (let index = 0; index < text.length; index++) if (!places.has(index)) rest += text[index];
  return rest;
}
