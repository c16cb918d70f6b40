import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import forge from "node-forge";
import { describe, expect, test } from "vitest";
import { xmppAddresses } from "../../../src/auth/xmpp-address.ts";
import { certificateWith, dnsName, otherName } from "./certificate.ts";

test("XmppAddr names are found among others, in their order", () => {
  const der = certificateWith([
    dnsName("example.org"),
    otherName("alice@example.org"),
    otherName("alice@example.com", { oid: "1.3.6.1.4.1.311.20.2.3" }),
    otherName("älice@example.net"),
  ]);
  // Node takes it for a certificate with such names, too.
  expect(new X509Certificate(der).subjectAltName).toContain("othername");
  expect(xmppAddresses(der)).toEqual(["alice@example.org", "älice@example.net"]);
});

test("a name that looks like several is one", () => {
  const tricky = "alice@example.org, othername:1.3.6.1.5.5.7.8.5::bob@example.org";
  expect(xmppAddresses(certificateWith([otherName(tricky)]))).toEqual([tricky]);
  expect(xmppAddresses(certificateWith([dnsName(`x, othername:XmppAddr:${tricky}`)]))).toEqual([]);
  expect(xmppAddresses(certificateWith([otherName("alice@example.org\0.net")]))).toEqual([
    "alice@example.org\0.net",
  ]);
});

test.each([
  ["no extension for names", certificateWith()],
  ["no names", certificateWith([])],
  ["names of other kinds only", certificateWith([dnsName("example.org")])],
  ["the extension twice", certificateWith([otherName("a@example.org")], [otherName("b@example.org")])],
  [
    "an XmppAddr of another string type",
    certificateWith([otherName("a@b", { type: forge.asn1.Type.IA5STRING })]),
  ],
  ["an XmppAddr too long", certificateWith([otherName("a".repeat(2048))])],
  ["nothing", Buffer.alloc(0)],
])("%s names nobody", (_, der) => {
  expect(xmppAddresses(der)).toEqual([]);
});

test("an XmppAddr that is not UTF-8 names nobody", () => {
  const der = certificateWith([otherName("al\u00efce@example.org")]);
  der[der.indexOf(Buffer.from("\u00ef"))] = 0xff;
  expect(xmppAddresses(der)).toEqual([]);
});

test("only so many names are taken, and only from so large a certificate", () => {
  const names = Array.from({ length: 40 }, (_, i) => otherName(`user${i}@example.org`));
  expect(xmppAddresses(certificateWith(names))).toHaveLength(32);
  const many = Array.from({ length: 1900 }, (_, i) => otherName(`user${i}@example.org`));
  expect(xmppAddresses(certificateWith(many))).toEqual([]);
});

test("a certificate cut short or with bytes changed is read without harm", () => {
  const der = certificateWith([dnsName("example.org"), otherName("alice@example.org")]);
  for (let length = 0; length < der.length; length++) {
    expect(xmppAddresses(der.subarray(0, length))).toEqual([]);
  }
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(der);
      changed[at] = byte;
      expect(xmppAddresses(changed).length).toBeLessThanOrEqual(2);
    }),
    { numRuns: 2000, seed: 6120 },
  );
});

describe("of octets put together by hand", () => {
  const oid = der(0x06, "2b06010505070805");
  const text = der(0x0c, Buffer.from("alice@example.org").toString("hex"));
  const name = der(0xa0, oid + der(0xa0, text));

  test("those in order name somebody", () => {
    expect(xmppAddresses(bare(name))).toEqual(["alice@example.org"]);
  });

  test.each([
    ["a tag of several octets, which hides what follows", `bf05${"00".repeat(5)}${name}`],
    ["a value tagged otherwise", der(0xa0, oid + der(0xa1, text))],
    ["something behind the value", der(0xa0, oid + der(0xa0, text) + text)],
    ["two values", der(0xa0, oid + der(0xa0, text + text))],
    ["no value", der(0xa0, oid)],
    ["a length beyond the end", `${name}8203`],
    ["the indefinite form of length", `a080${name}0000`],
    ["a length of four octets", `8284000000${name}`],
  ])("%s: nobody", (_, names) => {
    expect(xmppAddresses(bare(names))).toEqual([]);
  });
});

/** In hex: a value with that content. */
function der(tag: number, content: string): string {
  const length = content.length / 2;
  const octets = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.from(octets).toString("hex") + content;
}

/** As much of a certificate as leads to the names. */
function bare(names: string): Buffer {
  const extension = der(0x30, der(0x06, "551d11") + der(0x04, der(0x30, names)));
  const certificate = der(0x30, der(0x30, der(0xa3, der(0x30, extension))));
  return Buffer.from(certificate, "hex");
}
