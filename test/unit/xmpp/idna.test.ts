import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prepareDomain } from "../../../src/xmpp/idna.ts";

const LABEL_63 = "a".repeat(63);
const NAME_253 = [LABEL_63, LABEL_63, LABEL_63, "a".repeat(61)].join(".");

describe("names", () => {
  test.each([
    ["example.org", "example.org"],
    ["EXAMPLE.org", "example.org"],
    ["example.org.", "example.org"], // RFC 7622 §3.2
    ["localhost", "localhost"],
    ["a-1.b--c.3d", "a-1.b--c.3d"],
    ["123.example", "123.example"],
    ["BÜCHER.example", "bücher.example"],
    ["bu\u0308cher.example", "bücher.example"],
    ["xn--bcher-kva.example", "bücher.example"], // RFC 7622 §3.2.1: A-labels become U-labels
    ["XN--BCHER-KVA.example", "bücher.example"],
    ["faß.example", "faß.example"],
    ["ｅｘａｍｐｌｅ。org", "example.org"],
    ["ΑΣ.example", "ασ.example"],
    ["شبكة.example", "شبكة.example"],
    ["col·lega.cat", "col·lega.cat"],
    ["نامه\u200Cای.example", "نامه\u200Cای.example"],
    [LABEL_63, LABEL_63],
    [NAME_253, NAME_253],
    [`${NAME_253}.`, NAME_253],
  ])("%s is %s", (given, prepared) => {
    expect(prepareDomain(given)).toBe(prepared);
  });

  test.each([
    ["nothing", ""],
    ["the root", "."],
    ["two trailing dots", "example.org.."],
    ["an empty label", "a..b"],
    ["a leading dot", ".a"],
    ["a space", "a b"],
    ["an underscore", "a_b"],
    ["a port", "a:5222"],
    ["an escape", "ex%61mple.org"],
    ["wide punctuation", "a／b"],
    ["a wide commercial at", "a＠b"],
    ["a leading hyphen", "-a.org"],
    ["a trailing hyphen", "a-.org"],
    ["hyphens in the third and fourth place", "ab--c.org"],
    ["an A-label of nothing", "xn--.org"],
    ["a broken A-label", "xn--a.org"],
    ["an A-label of ASCII", "xn--example-.org"],
    ["an A-label of a symbol", "xn--ls8h.la"],
    ["an A-label of upper case", "xn--wca"], // decodes to what no U-label contains
    ["an A-label of both directions", "xn--a-zhc.org"],
    ["a second spelling of an A-label", "xn---9qq.org"], // would stand for a U-label that has another one
    ["an A-label not in NFC", "xn--ux-uub.org"],
    ["a symbol", "☃.net"],
    ["an emoji", "😀.net"],
    ["a label over 63 octets", `${LABEL_63}a`],
    ["a label over 63 octets as A-label", "ü".repeat(60)],
    ["a name over 253 octets", `${NAME_253}a`],
    ["a long text", "ü.".repeat(1000)],
    ["a combining mark first", "\u0301a.org"],
    ["both directions", "אa.org"],
    ["a joiner without context", "a\u200Db.org"],
    ["a dot without context", "a·b.org"],
    ["a katakana dot without context", "a・b.org"],
    ["a lone surrogate", "a\uD800.org"],
  ])("%s is not allowed", (_, given) => {
    expect(prepareDomain(given)).toBeUndefined();
  });
});

describe("IP addresses", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]", "[::1]"],
    ["[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]"],
    ["[::ffff:192.0.2.1]", "[::ffff:c000:201]"],
    ["[FE80::1%25eth0]", "[fe80::1%25eth0]"], // RFC 6874
  ])("%s is %s", (given, prepared) => {
    expect(prepareDomain(given)).toBe(prepared);
    expect(prepareDomain(prepared)).toBe(prepared);
  });

  test.each([
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x7f.1",
    "a.0x1f",
    "example.1",
    "2130706433",
    "１.２.３.４",
    "１.2.3",
    "::1",
    "[::1",
    "::1]",
    "[]",
    "[::1]a",
    "[1.2.3.4]",
    "[::1%eth0]",
    "[::1%25]",
    "[::1%25a/b]",
    "[v1.x]",
  ])("%s is none", (given) => {
    expect(prepareDomain(given)).toBeUndefined();
  });
});

test("preparing twice changes nothing", () => {
  const unit = fc.oneof(
    fc.constantFrom(...Array.from("abZ1-..xn--üßאשا漢・ｅ。%[]:\u200D\u00AD\u0301")),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.string({ unit }), (given) => {
      const prepared = prepareDomain(given);
      expect(prepared === undefined ? undefined : prepareDomain(prepared)).toBe(prepared);
    }),
    { numRuns: 1000 },
  );
});
