import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Jid, JidError } from "../../../src/xmpp/jid.ts";

function parts(jid: Jid): [string, string, string] {
  return [jid.local, jid.domain, jid.resource];
}

describe("RFC 7622 §3.5, table 1: addresses", () => {
  test.each<[string, [string, string, string]]>([
    ["juliet@example.com", ["juliet", "example.com", ""]],
    ["juliet@example.com/foo", ["juliet", "example.com", "foo"]],
    ["juliet@example.com/foo bar", ["juliet", "example.com", "foo bar"]],
    ["juliet@example.com/foo@bar", ["juliet", "example.com", "foo@bar"]],
    ["foo\\20bar@example.com", ["foo\\20bar", "example.com", ""]],
    ["fussball@example.com", ["fussball", "example.com", ""]],
    ["fu\u00DFball@example.com", ["fußball", "example.com", ""]],
    ["\u03C0@example.com", ["π", "example.com", ""]],
    ["\u03A3@example.com/foo", ["σ", "example.com", "foo"]],
    ["\u03C3@example.com/foo", ["σ", "example.com", "foo"]],
    ["\u03C2@example.com/foo", ["ς", "example.com", "foo"]],
    ["king@example.com/\u265A", ["king", "example.com", "♚"]],
    ["example.com", ["", "example.com", ""]],
    ["example.com/foobar", ["", "example.com", "foobar"]],
    ["a.example.com/b@example.net", ["", "a.example.com", "b@example.net"]],
    // Erratum 4560: what table 2 calls example 18 is allowed.
    ["juliet@example.com/ foo", ["juliet", "example.com", " foo"]],
  ])("%s", (text, expected) => {
    expect(parts(Jid.parse(text))).toEqual(expected);
  });
});

describe("RFC 7622 §3.5, table 2: no addresses", () => {
  test.each([
    '"juliet"@example.com',
    "foo bar@example.com",
    "@example.com/",
    "henry\u2163@example.com",
    "\u265A@example.com",
    "juliet@",
    "/foobar",
  ])("%s", (text) => {
    expect(() => Jid.parse(text)).toThrow(JidError);
  });
});

describe("splitting", () => {
  test.each([
    "",
    "@",
    "/",
    "@/",
    "@example.com",
    "juliet@example.com/",
    "example.com/",
    "juliet@/foo",
    "a@b@c",
    "a\uD800@b",
    "b/\uD800",
  ])("%j is no address", (text) => {
    expect(() => Jid.parse(text)).toThrow(JidError);
  });

  test("separators are looked for before wide ones become narrow (RFC 7622 §3.1)", () => {
    expect(parts(Jid.parse("example.com/a＠b／c"))).toEqual(["", "example.com", "a＠b／c"]);
    expect(() => Jid.parse("a＠example.com")).toThrow(JidError);
  });

  test("the resource keeps every further separator", () => {
    expect(Jid.parse("a@b/c/d@e/").resource).toBe("c/d@e/");
  });
});

describe("length (RFC 7622 §3.1)", () => {
  test("1023 octets are the most for a part", () => {
    const most = "a".repeat(1023);
    expect(Jid.parse(`${most}@b/${most}`).toString()).toBe(`${most}@b/${most}`);
    expect(() => Jid.parse(`${most}a@b`)).toThrow(JidError);
    expect(() => Jid.parse(`b/${most}a`)).toThrow(JidError);
  });

  test("octets of UTF-8 count, after preparation", () => {
    expect(Jid.parse(`a@b/${"é".repeat(511)}`).resource).toHaveLength(511);
    expect(() => Jid.parse(`a@b/${"é".repeat(512)}`)).toThrow(JidError);
    expect(Jid.parse(`${"e\u0301".repeat(511)}@b`).local).toHaveLength(511);
    expect(Jid.parse(`${"\u1100\u1161".repeat(341)}@b`).local).toBe("가".repeat(341));
  });

  test("a text that nothing can make short enough is not even looked at", () => {
    expect(() => Jid.parse(`a@b/${"c".repeat(1_000_000)}`)).toThrow("the address is too long");
  });
});

describe("equality", () => {
  test.each([
    ["Juliet@EXAMPLE.com", "juliet@example.com"],
    ["a@example.com.", "a@example.com"],
    ["a@xn--bcher-kva.example/r", "a@Bücher.example/r"],
    ["Ａ@b", "a@b"],
    ["a@b/x\u00A0y", "a@b/x y"],
  ])("%s is %s", (one, other) => {
    expect(Jid.parse(one).equals(Jid.parse(other))).toBe(true);
    expect(Jid.parse(one)).toBe(Jid.parse(other));
    expect(Jid.parse(one).toString()).toBe(Jid.parse(other).toString());
  });

  test.each([
    ["a@b/c", "a@b"],
    ["a@b/c", "a@b/C"],
    ["a@b", "b"],
    ["a/b", "a@b"],
    ["fussball@b", "fußball@b"],
  ])("%s is not %s", (one, other) => {
    expect(Jid.parse(one).equals(Jid.parse(other))).toBe(false);
  });

  test("addresses are equal although they are too long or too many to be the same object", () => {
    const long = `a@b/${"c".repeat(300)}`;
    expect(Jid.parse(long)).not.toBe(Jid.parse(long));
    expect(Jid.parse(long).equals(Jid.parse(long))).toBe(true);
    expect(Jid.of("a", "b", "c".repeat(300)).equals(Jid.parse(long))).toBe(true);

    const before = Jid.parse("early@b");
    for (let n = 0; n < 40_000; n++) Jid.parse(`u${n}@b`);
    expect(Jid.parse("early@b")).not.toBe(before);
    expect(Jid.parse("early@b").equals(before)).toBe(true);
  });
});

describe("making one from another", () => {
  test("the bare address of a bare address is itself", () => {
    const full = Jid.parse("a@b/c");
    expect(full.isBare).toBe(false);
    expect(full.bare.toString()).toBe("a@b");
    expect(full.bare.isBare).toBe(true);
    expect(full.bare.bare).toBe(full.bare);
    expect(Jid.parse("a@b")).toBe(full.bare);
    expect(Jid.parse("b/c").bare.toString()).toBe("b");
  });

  test("with another resource", () => {
    const jid = Jid.parse("a@b/c");
    expect(jid.withResource("d\u3000e").toString()).toBe("a@b/d e");
    expect(jid.bare.withResource("c")).toBe(jid);
    expect(jid.withResource("")).toBe(jid.bare);
    expect(() => jid.withResource("\u0000")).toThrow(JidError);
    expect(() => jid.withResource("c".repeat(1024))).toThrow(JidError);
  });

  test("from parts, each of them prepared", () => {
    expect(Jid.of("Juliet", "EXAMPLE.com.", "Ｒ")).toBe(Jid.parse("juliet@example.com/Ｒ"));
    expect(Jid.of("", "b")).toBe(Jid.parse("b"));
    expect(Jid.of("a", "b", "c").bare).toBe(Jid.of("a", "b"));
  });

  test.each([
    ["a@b", "c", ""],
    ["a", "b@c", ""],
    ["a", "b/c", ""],
    ["a", "", ""],
    ["a", "b", "\n"],
  ])("from the parts %j, %j and %j there is none", (local, domain, resource) => {
    expect(() => Jid.of(local, domain, resource)).toThrow(JidError);
  });
});

describe("any text", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(...Array.from("aB1@/.-äßΣאاア漢・１＠。\u0301\u200D\u00AD\uD800 :[]%")),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    ),
  });

  function parseOrUndefined(given: string): Jid | undefined {
    try {
      return Jid.parse(given);
    } catch (error) {
      if (error instanceof JidError) return undefined;
      throw error;
    }
  }

  test("is refused with JidError or has a canonical form that stands for the same", () => {
    fc.assert(
      fc.property(text, (given) => {
        const jid = parseOrUndefined(given);
        if (!jid) return;
        const again = Jid.parse(jid.toString());
        expect(parts(again)).toEqual(parts(jid));
        expect(again.equals(jid)).toBe(true);
        expect(Jid.of(jid.local, jid.domain, jid.resource).equals(jid)).toBe(true);
        expect(Jid.parse(given)).toBe(jid);
      }),
      { numRuns: 5000 },
    );
  });

  test("gives parts that never run into one another", () => {
    const good = ["juliet", "Ä", "漢字", "a.b", "x-1"];
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.constantFrom("b.c", "bücher.de"),
        text,
        (local, domain, resource) => {
          const jid = parseOrUndefined(`${local}@${domain}/${resource}`);
          if (!jid) return;
          expect(jid.local).toBe(local.toLowerCase());
          expect(jid.domain).toBe(domain);
          expect(jid.bare.toString()).toBe(`${local.toLowerCase()}@${domain}`);
        },
      ),
    );
  });
});
