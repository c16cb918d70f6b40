import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDateTime, parseDateTime } from "../../../src/xmpp/datetime.ts";

// XEP-0082 §3.2: the first human steps on the Moon, in UTC and in Houston.
const MOON = Date.UTC(1969, 6, 21, 2, 56, 15);

test("a moment is written in UTC", () => {
  expect(formatDateTime(MOON)).toBe("1969-07-21T02:56:15.000Z");
});

test.each([
  ["1969-07-21T02:56:15Z", MOON],
  ["1969-07-20T21:56:15-05:00", MOON],
  ["1969-07-21T08:26:15+05:30", MOON],
  ["1969-07-21T02:56:15.1Z", MOON + 100],
  ["1969-07-21T02:56:15.1239999999Z", MOON + 123],
  ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
  ["0001-01-01T00:00:00Z", -62_135_596_800_000],
])("%s is read", (text, at) => {
  expect(parseDateTime(text)).toBe(at);
});

describe("what is no DateTime", () => {
  test.each([
    "",
    "now",
    "1969-07-21",
    "1969-07-21T02:56:15", // the time zone is mandatory (§3.2)
    "1969-07-21 02:56:15Z",
    "19690721T02:56:15",
    "1969-07-21T02:56Z",
    "1969-07-21T02:56:15.Z",
    "1969-07-21T02:56:15z",
    "1969-07-21T02:56:15+0500",
    "1969-07-21T02:56:15+15:00",
    "1969-07-21T02:56:15+14:01",
    "1969-07-21T02:56:15+02:60",
    "1969-13-21T02:56:15Z",
    "1969-00-21T02:56:15Z",
    "1969-07-32T02:56:15Z",
    "1969-07-00T02:56:15Z",
    "2023-02-29T02:56:15Z",
    "2023-04-31T02:56:15Z",
    "1969-07-21T24:56:15Z",
    "1969-07-21T02:60:15Z",
    "1969-07-21T02:56:60Z",
    "1969-07-21T02:56:15Z\n",
    "١٩٦٩-07-21T02:56:15Z",
  ])("%j", (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });
});

test("every moment of four-digit years is read back", () => {
  const moment = fc.date({
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moment, (date) => {
      expect(parseDateTime(formatDateTime(date.getTime()))).toBe(date.getTime());
    }),
  );
});
