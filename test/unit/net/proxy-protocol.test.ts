import { describe, expect, test } from "vitest";
import { type ProxyHeader, readProxyHeader } from "../../../src/net/proxy-protocol.ts";

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

function binary(versionAndCommand: number, family: number, body: Buffer): Buffer {
  const fixed = Buffer.from([versionAndCommand, family, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, body]);
}

const ipv4 = Buffer.from("c0000201c633640104d21466", "hex");
const ipv6 = Buffer.concat([
  Buffer.from("20010db8000000000000000000000009".repeat(2), "hex"),
  Buffer.alloc(4),
]);
const mapped = Buffer.concat([
  Buffer.from("00000000000000000000ffffc0000201".repeat(2), "hex"),
  Buffer.alloc(4),
]);

const good: [string, string | Buffer, string | undefined][] = [
  ["TCP4", "PROXY TCP4 192.0.2.1 198.51.100.1 1234 5222\r\n", "192.0.2.1"],
  ["TCP6", "PROXY TCP6 2001:db8::9 2001:db8::1 1234 5222\r\n", "2001:db8::9"],
  ["TCP6 for IPv4", "PROXY TCP6 ::ffff:192.0.2.1 ::1 1234 5222\r\n", "192.0.2.1"],
  ["UNKNOWN", "PROXY UNKNOWN\r\n", undefined],
  ["UNKNOWN with something", "PROXY UNKNOWN ffff::1 nonsense\r\n", undefined],
  ["version 2, IPv4", binary(0x21, 0x11, ipv4), "192.0.2.1"],
  ["version 2, IPv6", binary(0x21, 0x21, ipv6), "2001:db8::9"],
  ["version 2, IPv4 mapped into IPv6", binary(0x21, 0x21, mapped), "192.0.2.1"],
  [
    "version 2, additions behind the addresses",
    binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(500)])),
    "192.0.2.1",
  ],
  ["version 2, the proxy itself", binary(0x20, 0x00, Buffer.alloc(0)), undefined],
  ["version 2, the proxy itself with addresses", binary(0x20, 0x11, ipv4), undefined],
  ["version 2, no family", binary(0x21, 0x00, Buffer.alloc(0)), undefined],
  ["version 2, a socket of Unix", binary(0x21, 0x31, Buffer.alloc(216)), undefined],
];

describe.each(good)("%s", (_, header, source) => {
  const bytes = Buffer.isBuffer(header) ? header : Buffer.from(header, "latin1");
  const behind = Buffer.concat([bytes, Buffer.from("<?xml")]);

  test("names the client, and ends where it ends", () => {
    expect(readProxyHeader(behind)).toEqual({ source, length: bytes.length } satisfies ProxyHeader);
  });

  test("waits for its last byte", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(readProxyHeader(bytes.subarray(0, length))).toBeUndefined();
    }
  });
});

const bad: [string, string | Buffer][] = [
  ["a stream", "<?xml version='1.0'?>"],
  ["a request", "GET / HTTP/1.1\r\n"],
  ["lower case", "proxy TCP4 192.0.2.1 198.51.100.1 1234 5222\r\n"],
  ["no end", `PROXY TCP4 ${"1".repeat(120)}`],
  ["an end that is too late", `PROXY UNKNOWN ${"1".repeat(120)}\r\n`],
  ["another protocol", "PROXY UDP4 192.0.2.1 198.51.100.1 1234 5222\r\n"],
  ["the wrong family", "PROXY TCP4 2001:db8::9 2001:db8::1 1234 5222\r\n"],
  ["a name for an address", "PROXY TCP4 localhost 198.51.100.1 1234 5222\r\n"],
  ["a port that is none", "PROXY TCP4 192.0.2.1 198.51.100.1 99999 5222\r\n"],
  ["a port with a zero before it", "PROXY TCP4 192.0.2.1 198.51.100.1 01234 5222\r\n"],
  ["a port missing", "PROXY TCP4 192.0.2.1 198.51.100.1 1234\r\n"],
  ["two spaces", "PROXY TCP4  192.0.2.1 198.51.100.1 1234 5222\r\n"],
  ["version 3", binary(0x31, 0x11, ipv4)],
  ["an unknown command", binary(0x22, 0x11, ipv4)],
  ["an unknown family", binary(0x21, 0x41, ipv4)],
  ["too few bytes for IPv4", binary(0x21, 0x11, ipv4.subarray(1))],
  ["too few bytes for IPv6", binary(0x21, 0x21, ipv4)],
  ["too many additions", binary(0x21, 0x11, Buffer.alloc(5000))],
];

test.each(bad)("%s is no header", (_, text) => {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, "latin1");
  expect(() => readProxyHeader(bytes)).toThrow(/PROXY/);
});
