/** The test server in the likeness of others, held to what they said themselves. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { xml } from "@xmpp/client";
import { describe, expect, test } from "vitest";
import { readXml } from "../../src/testing/read-xml.ts";
import { childElements, type Element } from "../../src/xml/element.ts";
import { serve, settledRomeo } from "./rig-clients.ts";

type Recording = Readonly<
  Record<"before" | "after" | "server" | "version" | "unknown" | "rooms" | "enabled", string>
>;

function recordingOf(name: string): Recording {
  const file = join(import.meta.dirname, "..", "fixtures", "mimicry", `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Recording;
}

/** What is not shown for want of it, or would be wrong. */
const LEFT_OUT = ["sm urn:xmpp:sm:2", "c http://jabber.org/protocol/caps"];

const namesIn = (features: Element) =>
  childElements(features)
    .map((one) => `${one.getName()} ${one.getNS()}`)
    .filter((name) => !LEFT_OUT.includes(name));
const featuresIn = (query: Element | undefined) =>
  query?.getChildren("feature").map((one) => String(one.attrs["var"])) ?? [];
const payload = (text: string) => readXml(text).getChild("query");
const identitiesIn = (query: Element | undefined) =>
  query?.getChildren("identity").map((one) => ({ ...one.attrs }));

describe.each([
  ["prosody", "prosody-0.12.3"],
  ["ejabberd", "ejabberd-23.01"],
] as const)("%s", (mimic, recorded) => {
  const recording = recordingOf(recorded);

  test("offers what it offers, in its order", async () => {
    const server = await serve({ mimic });
    await settledRomeo(server);
    const offers = { direction: "out", kind: "nonza", child: "features" } as const;
    const [before, after] = [await server.expect(offers), await server.expect(offers)];
    const noTls = (names: readonly string[]) => names.filter((name) => !name.startsWith("starttls "));
    expect(namesIn(before.element)).toEqual(noTls(namesIn(readXml(recording.before))));
    expect(namesIn(after.element)).toEqual(noTls(namesIn(readXml(recording.after))));
    const mechanisms = (features: Element) =>
      childElements(features.getChild("mechanisms") as Element)
        .map((one) => one.getText())
        .filter((name) => name !== "X-OAUTH2");
    expect(mechanisms(before.element)).toEqual(mechanisms(readXml(recording.before)));
  });

  test("has no SASL2 under TLS, and @xmpp/client logs in without it", async () => {
    const server = await serve({ mimic, tls: true });
    const romeo = await settledRomeo(server);
    expect(romeo.status).toBe("online");
    await server.expect({ direction: "in", kind: "nonza", child: "auth" });
  });

  test("says what it is, and nothing that it is not", async () => {
    const server = await serve({ mimic });
    const romeo = await settledRomeo(server);
    const ask = (xmlns: string, to = "localhost") => romeo.iqCaller.get(xml("query", { xmlns }), to);
    const about = await ask("http://jabber.org/protocol/disco#info");
    const original = payload(recording.server);
    const features = featuresIn(about);
    expect(features.length).toBeGreaterThan(8);
    // Not all of it is there, but what is there is in its order.
    expect(featuresIn(original).filter((name) => features.includes(name))).toEqual(features);
    expect(identitiesIn(about)).toEqual(identitiesIn(original));
    const told = await ask("jabber:iq:version");
    expect(told.toString()).toBe(payload(recording.version)?.toString());
    const rooms = await ask("http://jabber.org/protocol/disco#info", "conference.localhost");
    expect(rooms.getChild("identity")?.attrs["name"]).toBe(
      payload(recording.rooms)?.getChild("identity")?.attrs["name"],
    );
  });

  test("refuses in its way", async () => {
    const server = await serve({ mimic });
    const romeo = await settledRomeo(server);
    await romeo.iqCaller.get(xml("x", { xmlns: "urn:example:unknown" }), "localhost").catch(() => {});
    const { element } = await server.expect({ to: "romeo", iq: "error" });
    const original = readXml(recording.unknown);
    const children = (stanza: Element) => childElements(stanza).map((one) => one.getName());
    expect(children(element)).toEqual(children(original));
    expect(element.getChild("error")?.getChildText("text")).toBe(
      original.getChild("error")?.getChildText("text"),
    );
  });

  test("lets sessions be resumed as long as it does", async () => {
    const server = await serve({ mimic });
    await settledRomeo(server);
    const { element } = await server.expect({ direction: "out", kind: "nonza", child: "enabled" });
    expect(element.attrs["max"]).toBe(readXml(recording.enabled).attrs["max"]);
  });
});

describe("openfire", () => {
  test("offers and says what its source does", async () => {
    const server = await serve({ mimic: "openfire" });
    const romeo = await settledRomeo(server);
    const offers = { direction: "out", kind: "nonza", child: "features" } as const;
    await server.expect(offers);
    const { element } = await server.expect(offers);
    expect(childElements(element).map((one) => one.getName())).toEqual([
      "ver",
      "bind",
      "session",
      "sm",
      "csi",
    ]);
    const ask = (xmlns: string) => romeo.iqCaller.get(xml("query", { xmlns }), "localhost");
    expect(identitiesIn(await ask("http://jabber.org/protocol/disco#info"))).toEqual([
      { category: "server", name: "Openfire Server", type: "im" },
      { category: "pubsub", type: "pep" },
    ]);
    expect((await ask("jabber:iq:version")).getChildText("name")).toBe("Openfire");
    await romeo.iqCaller.get(xml("x", { xmlns: "urn:example:unknown" }), "localhost").catch(() => {});
    const refusal = await server.expect({ to: "romeo", iq: "error" });
    expect(childElements(refusal.element).map((one) => one.getName())).toEqual(["x", "error"]);
  });
});
