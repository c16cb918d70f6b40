import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  CertificateError,
  loadCertificates,
  makeCertificate,
  selectByName,
} from "../../../src/net/certificates.ts";
import { type KeyPair, selfSigned } from "../../../src/net/self-signed.ts";
import type { Logger } from "../../../src/util/logger.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;

let root: string;
let pair: KeyPair;
let other: KeyPair;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "jackdaw-certificates-"));
  [pair, other] = await Promise.all([
    selfSigned(["example.org"], { now: NOW, days: 30 }),
    selfSigned(["example.net"], { now: NOW, days: 30 }),
  ]);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function directory(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(root, "d-"));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(path, name), content, { mode: 0o600 });
  return path;
}

function recorder() {
  const lines: string[] = [];
  const write = (message: string, data?: object) => void lines.push(`${message} ${JSON.stringify(data)}`);
  const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
  return { logger, lines };
}

function load(
  domains: Parameters<typeof loadCertificates>[0],
  path: string,
  now = NOW,
  logger = recorder().logger,
) {
  return loadCertificates(domains, path, { logger, now });
}

test("a self-signed certificate says nothing of what its key is for, which NSS would refuse it for", () => {
  const keyUsage = Buffer.from("0603551d0f", "hex"); // id-ce-keyUsage (RFC 5280 §4.2.1.3) in DER
  expect(new X509Certificate(pair.cert).raw.includes(keyUsage)).toBe(false);
});

test("a self-signed certificate names the domain as DNS-ID, SRV-ID and XmppAddr (RFC 6120 §13.7.1.2)", async () => {
  const { cert } = await selfSigned(["exämple.org"], { now: NOW });
  const x509 = new X509Certificate(cert);
  expect(x509.subjectAltName).toBe(
    "DNS:xn--exmple-cua.org, othername:SRVName:_xmpp-client.xn--exmple-cua.org, " +
      "othername:SRVName:_xmpp-server.xn--exmple-cua.org, othername:XmppAddr:exämple.org",
  );
});

test("a self-signed certificate is valid from now for the days asked for, and has a serial number of its own", () => {
  const x509 = new X509Certificate(pair.cert);
  expect(Date.parse(x509.validTo)).toBe(NOW + 30 * DAY);
  expect(Date.parse(x509.validFrom)).toBeLessThan(NOW);
  expect(x509.serialNumber).not.toBe(new X509Certificate(other.cert).serialNumber);
  expect(x509.verify(x509.publicKey)).toBe(true);
});

test("localhost is named by its addresses too, and an address by itself", async () => {
  const localhost = new X509Certificate((await selfSigned(["localhost"], { now: NOW })).cert);
  expect(localhost.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(localhost.checkIP("::1")).toBe("::1");
  const address = new X509Certificate((await selfSigned(["[::1]"], { now: NOW })).cert);
  expect(address.checkIP("::1")).toBe("::1");
});

test("a client that trusts the self-signed certificate completes the handshake with the name checked", async () => {
  const { key, cert } = await selfSigned(["example.org"], { now: Date.now() });
  const server = createServer({ key, cert }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const authorized = await new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", ca: cert, servername: "example.org" });
    socket.once("error", reject).once("secureConnect", () => {
      resolve(socket.authorized);
      socket.destroy();
    });
  });
  server.close();
  expect(authorized).toBe(true);
});

test("without files a pair is made, only its owner can read the key, and the next start uses it again", async () => {
  const path = join(directory(), "new");
  const { logger, lines } = recorder();
  const first = (await load([{ name: "example.org" }], path, NOW, logger)).get("example.org");
  expect(readdirSync(path).sort()).toEqual(["example.org.key", "example.org.pem"]);
  expect(statSync(join(path, "example.org.key")).mode & 0o777).toBe(0o600);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(first?.fingerprint);
  expect(lines[0]).not.toContain("PRIVATE");

  const second = (await load([{ name: "example.org" }], path)).get("example.org");
  expect(second).toEqual(first);
  expect(second).toMatchObject({ isSelfSigned: true, expires: NOW + 365 * DAY });
});

test("making a certificate replaces the one that is there and keeps the key private", async () => {
  const path = directory({ "example.org.pem": pair.cert, "example.org.key": pair.key });
  chmodSync(join(path, "example.org.key"), 0o644);
  writeFileSync(join(path, "example.org.key.new"), "a draft that a crash left", { mode: 0o644 });
  const made = await makeCertificate("example.org", path, { now: NOW, days: 10 });
  expect(made.expires).toBe(NOW + 10 * DAY);
  expect(readFileSync(join(path, "example.org.pem"), "utf8")).toBe(made.cert);
  expect(statSync(join(path, "example.org.key")).mode & 0o777).toBe(0o600);
});

test.each([
  [".pem and .key", { "example.org.pem": "cert", "example.org.key": "key" }],
  [".crt and .key", { "example.org.crt": "cert", "example.org.key": "key" }],
  ["one .pem with both", { "example.org.pem": "both" }],
])("finds %s in the directory", async (_, layout) => {
  const contents: Record<string, string> = { cert: pair.cert, key: pair.key, both: pair.key + pair.cert };
  const path = directory(
    Object.fromEntries(Object.entries(layout).map(([n, c]) => [n, contents[c] as string])),
  );
  const found = (await load([{ name: "example.org" }], path)).get("example.org");
  expect(found?.fingerprint).toBe(new X509Certificate(pair.cert).fingerprint256);
});

test("files that are named win over the directory", async () => {
  const path = directory({
    "example.org.pem": pair.cert,
    "example.org.key": pair.key,
    "mine.pem": other.cert,
    "mine.key": other.key,
  });
  const domain = { name: "example.org", certificate: join(path, "mine.pem"), key: join(path, "mine.key") };
  const { logger, lines } = recorder();
  const found = (await load([domain], path, NOW, logger)).get("example.org");
  expect(found?.fingerprint).toBe(new X509Certificate(other.cert).fingerprint256);
  expect(lines).toEqual([expect.stringContaining("does not name the domain")]);
});

test("elliptic-curve keys load", async () => {
  const path = directory();
  const file = (name: string) => join(path, name);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(file("example.org.key"), privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  const subject = ["-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:example.org"];
  execFileSync("openssl", [
    "req",
    "-x509",
    "-key",
    file("example.org.key"),
    "-out",
    file("example.org.pem"),
    "-days",
    "99",
    ...subject,
  ]);
  const { logger, lines } = recorder();
  const found = (await load([{ name: "example.org" }], path, Date.now(), logger)).get("example.org");
  expect(new X509Certificate(found?.cert ?? "").publicKey.asymmetricKeyType).toBe("ec");
  expect(lines).toEqual([]);
});

test.each([
  ["a missing key", { "example.org.pem": "cert" }, /example\.org\.key: there is no such file/],
  [
    "a key of another certificate",
    { "example.org.pem": "cert", "example.org.key": "foreign" },
    /is not the key of the first certificate/,
  ],
  [
    "a file that is no certificate",
    { "example.org.pem": "text", "example.org.key": "key" },
    /is not a certificate in PEM form/,
  ],
  [
    "a file that is no key",
    { "example.org.pem": "cert", "example.org.key": "text" },
    /is not a private key in PEM form/,
  ],
  [
    "a key with a passphrase",
    { "example.org.pem": "cert", "example.org.key": "locked" },
    /protected by a passphrase/,
  ],
])("refuses %s and names the file", async (_, layout, message) => {
  const locked = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });
  const contents: Record<string, string> = {
    cert: pair.cert,
    key: pair.key,
    foreign: other.key,
    text: "nothing of the kind",
    locked: locked.toString(),
  };
  const path = directory(
    Object.fromEntries(Object.entries(layout).map(([n, c]) => [n, contents[c as string] as string])),
  );
  const failure = load([{ name: "example.org" }], path);
  await expect(failure).rejects.toThrow(CertificateError);
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toThrow(path);
});

test("a file that is named but does not exist is an error, not a reason to make one", async () => {
  const path = directory();
  const domain = { name: "example.org", certificate: join(path, "no.pem"), key: join(path, "no.key") };
  await expect(load([domain], path)).rejects.toThrow(/no\.pem: there is no such file/);
  expect(readdirSync(path)).toEqual([]);
});

test.each([
  ["has expired", 31],
  ["expires soon", 17],
  ["is not valid yet", -1],
])("warns when a certificate %s", async (words, days) => {
  const path = directory({ "example.org.pem": pair.cert, "example.org.key": pair.key });
  const { logger, lines } = recorder();
  await load([{ name: "example.org" }], path, NOW + days * DAY, logger);
  expect(lines).toEqual([expect.stringContaining(words)]);
});

test("is silent about a certificate that will do", async () => {
  const path = directory({ "example.org.pem": pair.cert, "example.org.key": pair.key });
  const { logger, lines } = recorder();
  await load([{ name: "example.org" }], path, NOW + 15 * DAY, logger);
  expect(lines).toEqual([]);
});

test("warns of a key that everybody can read", async () => {
  const path = directory({ "a.pem": pair.cert, "a.key": pair.key });
  chmodSync(join(path, "a.key"), 0o644);
  const { logger, lines } = recorder();
  const warn = vi.spyOn(logger, "warn");
  await load(
    [{ name: "example.org", certificate: join(path, "a.pem"), key: join(path, "a.key") }],
    path,
    NOW,
    logger,
  );
  expect(warn).toHaveBeenCalledOnce();
  expect(lines[0]).toContain("can read the private key");
});

test("each domain has its own, chosen by the name that a client asks for", () => {
  const select = selectByName(
    new Map([
      ["example.org", 1],
      ["exämple.net", 2],
    ]),
  );
  expect(select("example.org")).toBe(1);
  expect(select("EXÄMPLE.net")).toBe(2);
  expect(select("xn--exmple-cua.net")).toBe(2);
  expect(select("xn--exmple-cua.net.")).toBe(2);
  expect(select("other.example")).toBe(1);
  expect(select(undefined)).toBe(1);
  expect(() => selectByName(new Map())).toThrow("there is no domain");
});
