import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDisposition, encodeSegment, safeFileName } from "../../../../src/modules/upload/file-name.ts";

describe("a file's name", () => {
  test.for([
    ["très cool.jpg", "très cool.jpg"],
    ["tre\u0300s.jpg", "très.jpg"],
    ["../../etc/passwd", "passwd"],
    ["..\\..\\boot.ini", "boot.ini"],
    ["C:\\Users\\eve\\photo.png", "photo.png"],
    ["/", "file"],
    ["..", "file"],
    [".", "file"],
    ["", "file"],
    [" \t ", "file"],
    ["a/..", "file"],
    [".htaccess", "htaccess"],
    ["name. . .", "name"],
    ["cod\u202Egpj.exe", "codgpj.exe"],
    ["a\u2066b\u2069c\u200Bd\uFEFF.txt", "abcd.txt"],
    ["line\r\nSet-Cookie: x.txt", "lineSet-Cookie_ x.txt"],
    ["nul\u0000l.txt", "null.txt"],
    ['<img src="x">.png', "_img src=_x__.png"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["console.log", "console.log"],
    ["👩‍👩‍👧.png", "👩‍👩‍👧.png"],
    ["می‌خواهم.pdf", "می‌خواهم.pdf"],
    ["100%25.txt", "100%25.txt"],
  ] as const)("%j becomes %j", ([wanted, name]) => {
    expect(safeFileName(wanted)).toBe(name);
  });

  test("that is long keeps its ending, and no character is cut in two", () => {
    const name = safeFileName(`${"é😀".repeat(400)}.tar.gz`);
    expect(name).toMatch(/^(é😀)+é?\.gz$/u);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180);
    expect(safeFileName(`a.${"b".repeat(500)}`)).toHaveLength(180);
  });

  test("is one segment of a path, whatever it was, and is its own safe name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (wanted) => {
        const name = safeFileName(wanted);
        const { pathname } = new URL(`https://example.org/upload/id/${encodeSegment(name)}`);
        expect(pathname.split("/").slice(0, 3)).toEqual(["", "upload", "id"]);
        expect(decodeURIComponent(pathname.split("/")[3] ?? "")).toBe(name);
        expect(pathname.split("/")).toHaveLength(4);
        expect(safeFileName(name)).toBe(name);
      }),
    );
  });
});

describe("RFC 6266 §4: Content-Disposition", () => {
  test.for([
    ["a.txt", `attachment; filename="a.txt"`],
    [`a"b\\c;d.txt`, `attachment; filename="a_b_c;d.txt"; filename*=UTF-8''a%22b%5Cc%3Bd.txt`],
    ["très.jpg", `attachment; filename="tr_s.jpg"; filename*=UTF-8''tr%C3%A8s.jpg`],
    ["a'(1)*.jpg", `attachment; filename="a'(1)*.jpg"`],
  ] as const)("of %j", ([name, header]) => {
    expect(contentDisposition("attachment", name)).toBe(header);
  });

  test("is ASCII without line breaks for every safe name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (wanted) => {
        const header = contentDisposition("inline", safeFileName(wanted));
        expect(header).toMatch(/^inline; filename="[\x20-\x7E]*"(; filename\*=UTF-8''[\x21-\x7E]*)?$/);
        expect(header.split('"')).toHaveLength(3);
      }),
    );
  });
});
