/** XEP-0156: Discovering Alternative XMPP Connection Methods, and XEP-0487: Host Meta 2. */
import { describe, expect, onTestFinished, test } from "vitest";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import { readXml } from "../../src/testing/read-xml.ts";

async function listening(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({
    domain: ["localhost", "example.org"],
    listen: { c2s: false, c2sTls: false, https: 0 },
    ...options,
  });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  return rig;
}

async function json(rig: Rig, host = "localhost") {
  const answer = await rig.request(`https://${host}/.well-known/host-meta.json`);
  return { headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

const websocket = (rig: Rig, host = "localhost") => ({
  rel: "urn:xmpp:alt-connections:websocket",
  href: `wss://${host}:${rig.server.ports.https}/xmpp-websocket`,
});

const bosh = (rig: Rig, host = "localhost") => ({
  rel: "urn:xmpp:alt-connections:xbosh",
  href: `https://${host}:${rig.server.ports.https}/http-bind`,
});

describe("host-meta", () => {
  test("names the ways to a domain in XML, for all web clients", async () => {
    const rig = await listening();
    const answer = await rig.request("https://example.org/.well-known/host-meta");
    expect(answer.headers.get("content-type")).toBe("application/xrd+xml; charset=utf-8");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    const document = readXml((await answer.text()).replace(/^<\?.*\?>\s*/, "").trim());
    expect(document.getNS()).toBe("http://docs.oasis-open.org/ns/xri/xrd-1.0");
    expect(document.getChildren("Link").map(({ attrs }) => attrs)).toContainEqual(
      websocket(rig, "example.org"),
    );
  });

  test("and in JSON", async () => {
    const rig = await listening();
    const { headers, body } = await json(rig);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("cache-control")).toBe("public, max-age=3600");
    expect(body["links"]).toEqual([websocket(rig), bosh(rig)]);
    // XEP-0487: without addresses there is no claim that all that a client needs is here.
    expect(body).not.toHaveProperty("xmpp");
  });

  test("names nothing that is not encrypted, and nothing that is switched off", async () => {
    const inClear = await listening({ listen: { c2s: false, c2sTls: false, http: 0 } });
    expect((await json(inClear)).body).toEqual({ links: [] });
    const off = await listening({ config: { websocket: { enabled: false }, bosh: { enabled: false } } });
    expect((await json(off)).body).toEqual({ links: [] });
  });
});

describe("host-meta 2", () => {
  test("has addresses, names and priorities", async () => {
    const rig = await listening({
      config: {
        modules: {
          hostMeta: { addresses: ["192.0.2.1", "2001:db8::1"], tlsPort: 443, keyPins: ["abc="], ttl: "50m" },
        },
      },
    });
    const { body } = await json(rig, "example.org");
    expect(body["xmpp"]).toEqual({ ttl: 3000, "public-key-pins-sha-256": ["abc="] });
    const ips = ["192.0.2.1", "2001:db8::1"];
    const links = body["links"] as object[];
    expect(links[0]).toEqual({
      rel: "urn:xmpp:alt-connections:tls",
      port: 443,
      ips,
      priority: 10,
      weight: 50,
      sni: "example.org",
    });
    expect(links[1]).toEqual({
      ...websocket(rig, "example.org"),
      ips,
      priority: 20,
      weight: 50,
      sni: "example.org",
    });
  });
});
