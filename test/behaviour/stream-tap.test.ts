import { describe, expect } from "vitest";
import { textOf } from "../../src/stream/tap.ts";
import type { XmlStream } from "../../src/stream/xml-stream.ts";
import { test } from "../../src/testing/rig.ts";
import type { XmlElement } from "../../src/xml/parser.ts";

const PING = `<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;

const head = (text: string) => /^<[^ >]*/.exec(text)?.[0];

describe("a tap", () => {
  test("hears headers, nonzas, stanzas and the end, both ways", async ({ server, connect }) => {
    const heard: string[] = [];
    const remove = server.addTap({
      opened: (_, tag) => void heard.push(`→ header to ${tag.attributes["to"]}`),
      received: (_, element) => void heard.push(`→ ${head(textOf(element))}`),
      sent: (_, text) => void heard.push(`← ${head(text)}`),
      closed: () => void heard.push("gone"),
    });
    const alice = await connect("alice/phone", { presence: false });
    await alice.closes();
    remove();
    await connect("bob/desk");

    expect(heard).toEqual([
      "→ header to localhost",
      "← <?xml",
      "← <stream:features",
      "→ <auth",
      "← <success",
      "→ header to localhost",
      "← <?xml",
      "← <stream:features",
      "→ <iq",
      "← <iq",
      "← </stream:stream",
      "gone",
    ]);
  });

  test("takes what it wants of what comes in, and gives it back later, behind what came meanwhile", async ({
    server,
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const taken: [XmlStream, XmlElement][] = [];
    const remove = server.addTap({
      received(stream, element) {
        if (element.attributes["id"] !== "late") return undefined;
        taken.push([stream, element]);
        return "taken";
      },
    });
    await alice.sends(PING.replace(`"p"`, `"late"`));
    await alice.receivesNothing();
    await alice.sends(PING);
    await alice.receives(`<iq type="result" id="p"/>`);

    for (const [stream, element] of taken) stream.deal(element);
    await alice.receives(`<iq type="result" id="late"/>`);
    remove();
    await alice.sends(PING.replace(`"p"`, `"late"`));
    await alice.receives(`<iq type="result" id="late"/>`);
  });

  test("takes what it wants of what goes out, and puts something else in its place", async ({
    server,
    connect,
  }) => {
    const alice = await connect("alice/phone");
    server.addTap({
      sent(stream, text) {
        if (!text.startsWith("<iq")) return undefined;
        stream.put(text.replace(`id="p"`, `id="q"`));
        return "taken";
      },
    });
    await alice.sends(PING);
    await alice.receives(`<iq type="result" id="q"/>`);
  });

  test("hears nothing of what one before it took", async ({ server, connect }) => {
    const alice = await connect("alice/phone");
    const heard: string[] = [];
    server.addTap({
      received: ({ owner }, { name }) => (owner && name === "message" ? "taken" : undefined),
    });
    server.addTap({ received: (_, { name }) => void heard.push(name) });
    await alice.sends(`<message to="alice@localhost"><body>Hi</body></message>`);
    await alice.sends(PING);
    await alice.receives(`<iq type="result" id="p"/>`);
    expect(heard).toEqual(["iq"]);
  });
});
