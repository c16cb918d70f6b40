/**
 * Sets of code points that RFC 5892 and RFC 8264 name, as the inside of a character class of a `v` regular expression.
 * What ECMAScript knows is written with `\\p{…}` and follows the Unicode version of the engine; Joining_Type and the
 * combining class, which it does not know, are listed here as of Unicode 14.
 */

/** "41 61-7A" to the inside of a character class. */
function codePoints(hex: string): string {
  return hex
    .trim()
    .split(/\s+/)
    .map((range) =>
      range
        .split("-")
        .map((point) => `\\u{${point}}`)
        .join("-"),
    )
    .join("");
}

/** RFC 5892 §2.1, RFC 8264 §9.1. */
export const LETTER_DIGITS = "\\p{Ll}\\p{Lu}\\p{Lo}\\p{Nd}\\p{Lm}\\p{Mn}\\p{Mc}";

/** RFC 5892 §2.6: allowed although their properties would forbid them. */
export const EXCEPTIONALLY_VALID = codePoints("DF 3C2 6FD 6FE F0B 3007");

/** RFC 5892 §2.6: forbidden although their properties would allow them. */
export const EXCEPTIONALLY_DISALLOWED = codePoints("640 7FA 302E 302F 3031-3035 303B");

/** RFC 5892 §2.6 CONTEXTO and §2.8 CONTEXTJ: allowed where their rule of appendix A holds. */
export const CONTEXTUAL = codePoints("B7 375 5F3 5F4 30FB 660-669 6F0-6F9 200C 200D");

/** RFC 5892 §2.9: conjoining jamo, Hangul_Syllable_Type L, V and T. */
export const OLD_HANGUL_JAMO = codePoints("1100-11FF A960-A97C D7B0-D7C6 D7CB-D7FB");

/** Joining_Type D. */
export const JOINS_BOTH_SIDES = codePoints(`
  620 626 628 62A-62E 633-63F 641-647 649-64A 66E-66F 678-687 69A-6BF 6C1-6C2 6CC 6CE 6D0-6D1
  6FA-6FC 6FF 712-714 71A-71D 71F-727 729 72B 72D-72E 74E-758 75C-76A 76D-770 772 775-777 77A-77F
  7CA-7EA 841-845 848 84A-853 855 860 862-865 868 886 889-88D 8A0-8A9 8AF-8B0 8B3-8B8 8BA-8C8 1807
  1820-1878 1887-18A8 18AA A840-A871 10AC0-10AC4 10AD3-10AD6 10AD8-10ADC 10ADE-10AE0 10AEB-10AEE
  10B80 10B82 10B86-10B88 10B8A-10B8B 10B8D 10B90 10BAD-10BAE 10D01-10D21 10D23 10F30-10F32
  10F34-10F44 10F51-10F53 10F70-10F73 10F76-10F81 10FB0 10FB2-10FB3 10FB8 10FBB-10FBC 10FBE-10FBF
  10FC1 10FC4 10FCA 1E900-1E943
`);

/** Joining_Type L. */
export const JOINS_LEFT = codePoints(`
  A872 10ACD 10AD7 10D00 10FCB
`);

/** Joining_Type R. */
export const JOINS_RIGHT = codePoints(`
  622-625 627 629 62F-632 648 671-673 675-677 688-699 6C0 6C3-6CB 6CD 6CF 6D2-6D3 6D5 6EE-6EF 710
  715-719 71E 728 72A 72C 72F 74D 759-75B 76B-76C 771 773-774 778-779 840 846-847 849 854 856-858
  867 869-86A 870-882 88E 8AA-8AC 8AE 8B1-8B2 8B9 10AC5 10AC7 10AC9-10ACA 10ACE-10AD2 10ADD 10AE1
  10AE4 10AEF 10B81 10B83-10B85 10B89 10B8C 10B8E-10B8F 10B91 10BA9-10BAC 10D22 10F33 10F54
  10F74-10F75 10FB4-10FB6 10FB9-10FBA 10FBD 10FC2-10FC3 10FC9
`);

/** Joining_Type T. */
export const TRANSPARENT_TO_JOINING = "\\p{Mn}\\p{Me}\\u{1E94B}";

/** Canonical_Combining_Class 9. */
export const VIRAMAS = codePoints(`
  94D 9CD A4D ACD B4D BCD C4D CCD D3B-D3C D4D DCA E3A EBA F84 1039-103A 1714-1715 1734 17D2 1A60
  1B44 1BAA-1BAB 1BF2-1BF3 2D7F A806 A82C A8C4 A953 A9C0 AAF6 ABED 10A3F 11046 11070 1107F 110B9
  11133-11134 111C0 11235 112EA 1134D 11442 114C2 115BF 1163F 116B6 1172B 11839 1193D-1193E 119E0
  11A34 11A47 11A99 11C3F 11D44-11D45 11D97
`);
