import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prepareLocal, preparePassword, prepareResource, prepareUsername } from "../../../src/xmpp/precis.ts";

const PROFILES = [prepareLocal, prepareUsername, prepareResource, preparePassword];

/** Text with a fair share of what the rules are about. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ...Array.from(
        "aZ1 @/.-_lאבمـا٣۳क\u094D\u200C\u200D·・ア漢͵α׳Σςſⅳ①ﬁ！Ａ\u3000\u0301\u00AD\u1100\u1161Ω\uD800\u0007",
      ),
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
});

describe("user names (RFC 8265 §3.3)", () => {
  test.each([
    ["Juliet", "juliet"],
    ["JULIET@example.com", "juliet@example.com"],
    ["fußball", "fußball"],
    ["Σ", "σ"],
    ["ΑΣ", "ασ"], // no final sigma: it must equal what stands in the middle of a word
    ["ς", "ς"],
    ["Å", "å"],
    ["A\u030A", "å"], // NFC
    ["Ａｌｉｃｅ", "alice"], // width mapping
    ["ｶﾞ", "ガ"],
    ["漢字", "漢字"],
    ["한글", "한글"],
    ["\u1112\u1161\u11AB", "한"],
    ["İ", "i\u0307"],
  ])("%s becomes %s", (name, prepared) => {
    expect(prepareUsername(name)).toBe(prepared);
  });

  test.each([
    ["nothing", ""],
    ["a space", "foo bar"],
    ["an ideographic space", "foo\u3000bar"],
    ["a control character", "foo\u0007"],
    ["DEL", "foo\u007F"],
    ["a C1 control", "foo\u0085"],
    ["a symbol", "♚"],
    ["an emoji", "😀"],
    ["a compatibility equivalent", "henry\u2163"],
    ["a ligature", "ﬁ"],
    ["a long s", "ſ"],
    ["a soft hyphen", "al\u00ADice"],
    ["a byte order mark", "\uFEFFalice"],
    ["a variation selector", "a\uFE0F"],
    ["an unassigned code point", "a\u0378"],
    ["a non-character", "a\uFFFE"],
    ["a private use character", "a\uE000"],
    ["a lone surrogate", "a\uD800"],
    ["an old Hangul jamo", "\u1100"],
    ["tatweel", "محم\u0640د"],
    ["an interlinear annotation", "a\uFFF9"],
    ["a fraction", "a\u00BD"],
  ])("%s is not allowed", (_, name) => {
    expect(prepareUsername(name)).toBeUndefined();
  });

  test("Kelvin and Ångström signs are the letters they are drawn as", () => {
    expect(prepareUsername("\u212A")).toBe("k");
    expect(prepareUsername("\u212B")).toBe("å");
  });
});

describe("local parts (RFC 7622 §3.3.1)", () => {
  test.each(Array.from(`"&'/:<>@`))("%s is excluded, however wide", (character) => {
    const wide = String.fromCodePoint((character.codePointAt(0) as number) + 0xfee0);
    expect(prepareLocal(`a${character}b`)).toBeUndefined();
    expect(prepareLocal(`a${wide}b`)).toBeUndefined();
    expect(prepareUsername(`a${character}b`)).toBe(`a${character}b`);
  });

  test("every other visible ASCII character is allowed", () => {
    const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
    const allowed = visible.filter((character) => !`"&'/:<>@`.includes(character)).join("");
    expect(prepareLocal(allowed)).toBe(allowed.toLowerCase());
  });
});

describe("direction (RFC 5893 §2)", () => {
  test.each(["שלום", "سلام", "سلام1", "سلام٣", "א1ב", "א-ב", "שָׁלוֹם", "ߊ߁", "x1", "1x"])(
    "%s is allowed",
    (name) => {
      expect(prepareUsername(name)).toBe(name);
    },
  );

  test.each([
    ["letters of both directions", "אa"],
    ["a right-to-left letter after another", "aא"],
    ["a digit first", "1א"],
    ["an Arabic digit alone", "٣"],
    ["a hyphen first", "-א"],
    ["a hyphen last", "א-"],
    ["European and Arabic digits", "א1٣"],
    ["a digit of the other kind of Arabic", "א۳٣"],
  ])("%s is not", (_, name) => {
    expect(prepareUsername(name)).toBeUndefined();
  });

  test("it does not matter in resources", () => {
    expect(prepareResource("אa-")).toBe("אa-");
  });
});

describe("context (RFC 5892 appendix A)", () => {
  test.each([
    ["a non-joiner that breaks Persian letters", "می\u200Cخواهم"],
    ["a non-joiner behind a mark", "بِ\u200Cب"],
    ["a non-joiner after virama", "क\u094D\u200Cष"],
    ["a joiner after virama", "क\u094D\u200Dष"],
    ["the dot of l·l", "col·lega"],
    ["a chain of such dots", "l·l·l"],
    ["keraia before Greek", "͵α"],
    ["geresh", "ג׳"],
    ["gershayim", "צה״ל"],
    ["a katakana dot between katakana", "ア・ア"],
    ["a katakana dot next to Han", "・漢"],
    ["Arabic-Indic digits", "ا٠٩"],
    ["extended ones", "ا۰۹"],
  ])("%s", (_, name) => {
    expect(prepareUsername(name)).toBe(name);
    expect(prepareResource(name)).toBe(name);
  });

  test.each([
    ["a non-joiner in Latin", "a\u200Cb"],
    ["a non-joiner after a letter that does not join", "ا\u200Cب"],
    ["a non-joiner at the end", "ب\u200C"],
    ["a joiner without virama", "क\u200Dष"],
    ["a joiner between emoji", "👩\u200D👧"],
    ["a dot between others", "a·b"],
    ["a dot at the end", "l·"],
    ["one good dot, one bad", "l·l·"],
    ["keraia before Latin", "͵a"],
    ["geresh behind Latin", "a׳"],
    ["geresh first", "׳"],
    ["a katakana dot alone", "a・b"],
    ["both kinds of Arabic digits", "ا٠۹"],
  ])("not %s", (_, name) => {
    expect(prepareUsername(name)).toBeUndefined();
    expect(prepareResource(name)).toBeUndefined();
  });
});

describe("opaque strings (RFC 8265 §4.2)", () => {
  test.each([
    ["Foo Bar", "Foo Bar"],
    [" leading", " leading"],
    ["a\u3000b\u00A0c\u2003d", "a b c d"], // non-ASCII spaces
    ["♚", "♚"],
    ["Ａ①ﬁ", "Ａ①ﬁ"], // neither width nor compatibility mapping
    ["A\u030A", "Å"],
    ["πß😀", "πß😀"],
  ])("%j becomes %j", (given, prepared) => {
    expect(prepareResource(given)).toBe(prepared);
    expect(preparePassword(given)).toBe(prepared);
  });

  test.each([
    "",
    "a\u0000",
    "a\tb",
    "\u007F",
    "é\n",
    "\u200B",
    "é\uD800",
    "\uE000",
    "\u0378",
    "\u2028",
    "\u202E",
  ])("%j is not allowed", (given) => {
    expect(prepareResource(given)).toBeUndefined();
    expect(preparePassword(given)).toBeUndefined();
  });
});

describe("length", () => {
  test("1536 UTF-16 units are read, more are not: normalising takes time that grows with the square", () => {
    for (const prepare of PROFILES) {
      expect(prepare("a".repeat(1536))).toBe("a".repeat(1536));
      expect(prepare("a".repeat(1537))).toBeUndefined();
      expect(prepare("ü".repeat(1537))).toBeUndefined();
    }
    expect(prepareUsername("İ".repeat(1536))).toBeUndefined(); // of two units each when prepared
    expect(preparePassword("क़".normalize("NFC").repeat(769))).toBeUndefined();
  });

  test("that is enough for every spelling of 1023 octets", () => {
    expect(prepareLocal("U\u0308\u0304".repeat(511))).toBe("ǖ".repeat(511));
    expect(prepareResource("α\u0313\u0300\u0345".repeat(341))).toBe("ᾂ".repeat(341));
  });
});

test("preparing twice changes nothing", () => {
  for (const prepare of PROFILES) {
    fc.assert(
      fc.property(text, (given) => {
        const prepared = prepare(given);
        expect(prepared === undefined ? undefined : prepare(prepared)).toBe(prepared);
      }),
      { numRuns: 2000 },
    );
  }
});

test("canonically equivalent texts are prepared alike", () => {
  for (const prepare of PROFILES) {
    fc.assert(
      fc.property(text, (given) => {
        expect(prepare(given.normalize("NFD"))).toBe(prepare(given.normalize("NFC")));
      }),
      { numRuns: 2000 },
    );
  }
});
