/** RFC 6120 §5.4.3.1, §13.7.2: each domain shows its own certificate. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { selfSigned } from "../../src/net/self-signed.ts";
import { XmppServer } from "../../src/server.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { Transcript } from "../../src/testing/transcript.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLogger } from "../../src/util/logger.ts";
import { systemRandom } from "../../src/util/random.ts";
import { connectClear, connectSecure, type Target } from "./socket-client.ts";

const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const DOMAINS = ["one.example", "two.example"];
const folder = mkdtempSync(join(tmpdir(), "jackdaw-certificates-"));
let target: Target & { readonly server: XmppServer };

beforeAll(async () => {
  for (const domain of DOMAINS) {
    const { key, cert } = await selfSigned([domain]);
    writeFileSync(join(folder, `${domain}.key`), key, { mode: 0o600 });
    writeFileSync(join(folder, `${domain}.pem`), cert);
  }
  const server = await XmppServer.start({
    config: parseConfig({
      domains: DOMAINS,
      listen: { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0" },
      tls: { directory: folder },
    }),
    store: createMemoryStore(),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  await server.listen();
  target = { server, transcript: new Transcript(), captures: new Map() };
});

afterAll(async () => {
  await target.server.close();
  rmSync(folder, { recursive: true });
});

/** Self-signed certificates name their first domain as common name, too. */
function shownBy(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject.CN);
}

test.for(DOMAINS)("direct TLS: the name that the client gives decides, %s", async (domain) => {
  const client = await connectSecure(target, { servername: domain });
  expect(shownBy(client.socket as TLSSocket)).toBe(domain);
  await client.disconnects();
});

test.for(["", "three.example"])(
  "direct TLS: without a name that is known the first domain is shown (%s)",
  async (servername) => {
    const client = await connectSecure(target, { servername });
    expect(shownBy(client.socket as TLSSocket)).toBe("one.example");
    await client.disconnects();
  },
);

test.for(DOMAINS)("STARTTLS: the stream's to decides where no name is given, %s", async (domain) => {
  const client = await connectClear(target);
  await client.opens({ to: domain });
  await client.receives("<stream:features>{any}</stream:features>");
  await client.sends(`<starttls xmlns="${TLS}"/>`);
  await client.receives(`<proceed xmlns="${TLS}"/>`);
  expect(shownBy(await client.secure({ servername: "" }))).toBe(domain);
  await client.opens({ to: domain });
  await client.receives("<stream:features>{any}</stream:features>");
  await client.disconnects();
});

test("a serial number is well-formed whatever chance gives (RFC 5280 §4.1.2.2)", async () => {
  const { cert } = await selfSigned(["one.example"]);
  // A first byte of its own: DER refuses zeros in front of it, and a high bit would make it negative.
  expect(new X509Certificate(cert).serialNumber).toMatch(/^01[0-9A-F]{32}$/);
});
