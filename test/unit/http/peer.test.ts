import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { ForwardedError, peerOf } from "../../../src/http/peer.ts";
import { networkMatcher } from "../../../src/util/ip-network.ts";

const isTrusted = networkMatcher(["10.0.0.0/8", "2001:db8::1"]);
const proxy = { remote: "10.0.0.1", secure: false };
const stranger = { remote: "192.0.2.1", secure: false };

const cases: [string, { remote: string; secure: boolean }, IncomingHttpHeaders, string, boolean][] = [
  [
    "a stranger's word does not count",
    stranger,
    { "x-forwarded-for": "1.1.1.1", "x-forwarded-proto": "https" },
    "192.0.2.1",
    false,
  ],
  [
    "a stranger's Forwarded does not either",
    stranger,
    { forwarded: "for=1.1.1.1;proto=https" },
    "192.0.2.1",
    false,
  ],
  ["a proxy that says nothing speaks for itself", proxy, {}, "10.0.0.1", false],
  ["X-Forwarded-For alone", proxy, { "x-forwarded-for": "1.1.1.1" }, "1.1.1.1", false],
  [
    "X-Forwarded-Proto",
    proxy,
    { "x-forwarded-for": "1.1.1.1", "x-forwarded-proto": "https" },
    "1.1.1.1",
    true,
  ],
  [
    "what the client made up is left of the truth",
    proxy,
    { "x-forwarded-for": "6.6.6.6, 1.1.1.1" },
    "1.1.1.1",
    false,
  ],
  [
    "trusted proxies behind each other",
    proxy,
    { "x-forwarded-for": "6.6.6.6, 1.1.1.1, 10.9.9.9" },
    "1.1.1.1",
    false,
  ],
  [
    "a protocol that the client made up",
    proxy,
    { "x-forwarded-for": "6.6.6.6, 1.1.1.1", "x-forwarded-proto": "https, http" },
    "1.1.1.1",
    false,
  ],
  [
    "the protocol is the outer proxy's",
    proxy,
    { "x-forwarded-for": "1.1.1.1, 10.9.9.9", "x-forwarded-proto": "https, http" },
    "1.1.1.1",
    true,
  ],
  ["IPv6 with a port", proxy, { "x-forwarded-for": "[2001:db8::9]:443" }, "2001:db8::9", false],
  ["IPv4 with a port", proxy, { "x-forwarded-for": "1.1.1.1:443" }, "1.1.1.1", false],
  ["no address", proxy, { "x-forwarded-for": "<script>" }, "unknown", false],
  [
    "Forwarded",
    proxy,
    { forwarded: 'For="[2001:db8::9]:4711";Proto=HTTPS;by=10.0.0.1' },
    "2001:db8::9",
    true,
  ],
  [
    "Forwarded and X-Forwarded-For that agree",
    proxy,
    { forwarded: "for=1.1.1.1;proto=https", "x-forwarded-for": "6.6.6.6, 1.1.1.1" },
    "1.1.1.1",
    true,
  ],
  [
    "Forwarded with several elements",
    proxy,
    { forwarded: 'for=6.6.6.6, for="1.1.1.1";proto=https, for=10.1.1.1;proto=http' },
    "1.1.1.1",
    true,
  ],
  [
    "separators in quoted strings",
    proxy,
    { forwarded: 'for="6.6.6.6, for=7.7.7.7;\\"";proto=http, for=1.1.1.1' },
    "1.1.1.1",
    false,
  ],
  ["a hidden client", proxy, { forwarded: "for=_hidden;proto=https" }, "unknown", true],
  [
    "a proxy of IPv6",
    { remote: "2001:db8::1", secure: false },
    { "x-forwarded-for": "1.1.1.1" },
    "1.1.1.1",
    false,
  ],
];

describe("the client behind a proxy", () => {
  test.each(cases)("%s", (_, connected, headers, remote, secure) => {
    expect(peerOf(connected, headers, isTrusted)).toEqual({ remote, secure });
  });

  test.each([
    ["Forwarded and X-Forwarded-For name two", { forwarded: "for=1.1.1.1", "x-forwarded-for": "2.2.2.2" }],
    [
      "a quotation would swallow what the proxy says",
      { forwarded: 'for=6.6.6.6;x=", for=1.1.1.1;proto=http' },
    ],
    ["a quotation stands in the middle of a value", { forwarded: 'for=6.6.6.6;x=a", for=1.1.1.1;y="' }],
    ["there are no pairs", { forwarded: "1.1.1.1" }],
  ])("is nobody where %s", (_, headers) => {
    expect(() => peerOf(proxy, headers, isTrusted)).toThrow(ForwardedError);
  });

  test("over TLS stays secure where the proxy does not say otherwise", () => {
    const inner = { remote: "10.0.0.1", secure: true };
    expect(peerOf(inner, { "x-forwarded-for": "1.1.1.1" }, isTrusted).secure).toBe(true);
    expect(
      peerOf(inner, { "x-forwarded-for": "1.1.1.1", "x-forwarded-proto": "http" }, isTrusted).secure,
    ).toBe(false);
  });
});
