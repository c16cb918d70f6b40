/**
 * The Bidi Rule (RFC 5893 §2) for strings of the PRECIS IdentifierClass, which RFC 8264 §5.2.5 asks for where a
 * right-to-left character occurs. ECMAScript does not know Bidi_Class; for letters, digits and marks it follows from
 * the blocks that Unicode reserves for right-to-left scripts.
 */
const ARABIC_NUMBER = "\\u0660-\\u0669\\u{10D30}-\\u{10D39}";
const EUROPEAN_NUMBER = "0-9\\u06F0-\\u06F9";
const RTL_BLOCKS = "\\u0590-\\u08FF\\uFB1D-\\uFDFF\\uFE70-\\uFEFF\\u{10800}-\\u{10FFF}\\u{1E800}-\\u{1EFFF}";
/** R and AL. */
const RTL = `[[[${RTL_BLOCKS}]&&[\\p{L}\\p{Nd}\\u05F3\\u05F4\\u06FD\\u06FE]]--[${ARABIC_NUMBER}${EUROPEAN_NUMBER}]]`;
/** Letters of class ON. */
const NEUTRAL_LETTERS = "\\u02B9-\\u02BA\\u02C6-\\u02CF\\u02EC\\u0374\\u2E2F\\uA67F\\uA717-\\uA71F\\uA788";
const LTR = `[[\\p{L}\\p{Nd}\\p{Mc}]--[${RTL}${ARABIC_NUMBER}${EUROPEAN_NUMBER}${NEUTRAL_LETTERS}]]`;

const HAS_RTL = new RegExp(`[${RTL}${ARABIC_NUMBER}]`, "v");
const STARTS_RTL = new RegExp(`^${RTL}`, "v");
const ENDS_RTL = new RegExp(`[${RTL}${ARABIC_NUMBER}${EUROPEAN_NUMBER}][\\p{Mn}\\p{Me}]*$`, "v");
const HAS_LTR = new RegExp(LTR, "v");
const HAS_ARABIC_NUMBER = new RegExp(`[${ARABIC_NUMBER}]`, "v");
const HAS_EUROPEAN_NUMBER = new RegExp(`[${EUROPEAN_NUMBER}]`, "v");

/** Whether `text`, of the IdentifierClass, has no right-to-left character or obeys the rule for such text. */
export function isDirectionAllowed(text: string): boolean {
  if (!HAS_RTL.test(text)) return true;
  // RFC 5893 §2 rules 1 and 5: a left-to-right start admits no right-to-left character.
  if (!STARTS_RTL.test(text)) return false;
  // Rules 2, 3 and 4.
  if (HAS_LTR.test(text) || !ENDS_RTL.test(text)) return false;
  return !(HAS_ARABIC_NUMBER.test(text) && HAS_EUROPEAN_NUMBER.test(text));
}
