import { describe, expect, test } from "vitest";
import { mediaType, servedAs } from "../../../../src/modules/upload/media-type.ts";
import { failedPrecondition, isRangeValid } from "../../../../src/modules/upload/preconditions.ts";
import { readRange } from "../../../../src/modules/upload/range.ts";

describe("RFC 9110 §14: a range of ten bytes", () => {
  test.for([
    ["bytes=0-0", { first: 0, last: 0 }],
    ["bytes=2-5", { first: 2, last: 5 }],
    ["bytes=4-", { first: 4, last: 9 }],
    ["bytes=4-100", { first: 4, last: 9 }],
    ["bytes=-3", { first: 7, last: 9 }],
    ["bytes=-100", { first: 0, last: 9 }],
    ["BYTES= 1-2 ", { first: 1, last: 2 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=999999999999999-", "unsatisfiable"],
    ["bytes=5-4", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,3-4", undefined],
    ["bytes=99999999999999999999-", undefined],
    ["bytes=a-b", undefined],
    ["bytes=--1", undefined],
    ["lines=0-1", undefined],
    [null, undefined],
  ] as const)("%s", ([header, range]) => {
    expect(readRange(header, 10)).toEqual(range);
  });

  test("of an empty file there is none", () => {
    expect(readRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(readRange("bytes=-1", 0)).toBe("unsatisfiable");
  });
});

describe("RFC 9110 §13: conditions", () => {
  const validators = { etag: '"abc"', modified: Date.parse("2026-01-01T00:00:00.900Z") };
  const SAME = "Thu, 01 Jan 2026 00:00:00 GMT";
  const BEFORE = "Wed, 31 Dec 2025 23:59:59 GMT";

  test.for([
    [{}, undefined],
    [{ "if-none-match": '"abc"' }, 304],
    [{ "if-none-match": 'W/"abc"' }, 304],
    [{ "if-none-match": '"x", "abc"' }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"x"' }, undefined],
    [{ "if-modified-since": SAME }, 304],
    [{ "if-modified-since": BEFORE }, undefined],
    [{ "if-modified-since": "yesterday" }, undefined],
    // §13.1.3: not looked at beside If-None-Match.
    [{ "if-none-match": '"x"', "if-modified-since": SAME }, undefined],
    [{ "if-match": '"abc"' }, undefined],
    [{ "if-match": "*" }, undefined],
    [{ "if-match": 'W/"abc"' }, 412],
    [{ "if-match": '"x"' }, 412],
    [{ "if-unmodified-since": SAME }, undefined],
    [{ "if-unmodified-since": BEFORE }, 412],
    [{ "if-match": '"abc"', "if-unmodified-since": BEFORE }, undefined],
    [{ "if-match": '"x"', "if-none-match": '"abc"' }, 412],
  ] as const)("%j", ([headers, status]) => {
    expect(failedPrecondition(new Headers(headers), validators)).toBe(status);
  });

  test.for([
    [{}, true],
    [{ "if-range": '"abc"' }, true],
    [{ "if-range": 'W/"abc"' }, false],
    [{ "if-range": '"x"' }, false],
    [{ "if-range": SAME }, true],
    [{ "if-range": BEFORE }, false],
    [{ "if-range": "nonsense" }, false],
  ] as const)("a range if %j: %s", ([headers, isValid]) => {
    expect(isRangeValid(new Headers(headers), validators)).toBe(isValid);
  });
});

describe("types", () => {
  test.for([
    ["image/png", "image/png", "inline"],
    ["video/mp4", "video/mp4", "inline"],
    ["audio/ogg", "audio/ogg", "inline"],
    ["image/svg+xml", "application/octet-stream", "attachment"],
    ["text/html", "application/octet-stream", "attachment"],
    ["application/xhtml+xml", "application/octet-stream", "attachment"],
    ["text/xml", "application/octet-stream", "attachment"],
    ["text/javascript", "application/octet-stream", "attachment"],
    ["text/css", "application/octet-stream", "attachment"],
    ["application/wasm", "application/octet-stream", "attachment"],
    ["multipart/x-mixed-replace", "application/octet-stream", "attachment"],
    ["application/pdf", "application/pdf", "attachment"],
    ["text/plain", "text/plain; charset=utf-8", "attachment"],
    ["application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text", "attachment"],
  ] as const)("%s is served as %s, %s", ([type, served, disposition]) => {
    expect(servedAs(type)).toEqual({ type: served, disposition });
  });

  test.for([
    ["Image/PNG; q=1", "image/png"],
    ["text/plain;charset=utf-8", "text/plain"],
    ["image", undefined],
    ["image/png\r\nx: y", undefined],
    ["image/png, text/html", undefined],
    ["", undefined],
    [`a/${"b".repeat(200)}`, undefined],
  ] as const)("%j is the type %s", ([text, type]) => {
    expect(mediaType(text)).toBe(type);
  });
});
