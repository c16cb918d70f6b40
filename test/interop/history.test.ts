/** The same history on every device: archive, carbons and client state with stanza and xmpp.js. */
import { xml } from "@xmpp/client";
import { describe, expect } from "vitest";
import { type ArchivePage, queryArchive } from "./archive-query.ts";
import { type RealServer, test } from "./real-server.ts";
import { stanza } from "./stanza-peer.ts";
import { chat, jidOf, PASSWORD, settled, type XmppJsPeer, xmppJs } from "./xmpp-js-peer.ts";

const MESSAGES = 25;
const PAGE = 10;

/** alice and bob, who wrote to each other by turns; alice's bodies are even. */
async function conversation(
  real: RealServer,
): Promise<{ bodies: string[]; alice: XmppJsPeer; bob: XmppJsPeer }> {
  const alice = await xmppJs(real, { username: "alice", resource: "phone" });
  const bob = await xmppJs(real, { username: "bob", resource: "desk" });
  for (const { client } of [alice, bob]) await client.send(xml("presence"));
  const bodies = Array.from({ length: MESSAGES }, (_, number) => `message ${number}`);
  for (const [number, body] of bodies.entries()) {
    const [writer, to] = number % 2 === 0 ? [alice, "bob@localhost"] : [bob, "alice@localhost"];
    await writer.client.send(chat(to, body));
    // Archived before the next is written.
    await settled(writer);
  }
  return { bodies, alice, bob };
}

describe("history", () => {
  test.beforeEach(async ({ real }) => {
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, PASSWORD);
  });

  test("xmpp.js reads it forth and back, by the ids that came with the messages", async ({ real }) => {
    const { bodies, alice } = await conversation(real);
    const { client } = await xmppJs(real, { username: "alice", resource: "new" });

    const forth: ArchivePage[] = [await queryArchive(client, { with: "bob@localhost" }, PAGE)];
    while (forth.at(-1)?.fin.attrs["complete"] !== "true") {
      const after = forth.at(-1)?.ids.at(-1) as string;
      forth.push(await queryArchive(client, { with: "bob@localhost" }, PAGE, xml("after", {}, after)));
    }
    expect(forth.map((page) => page.bodies.length)).toEqual([10, 10, 5]);
    expect(forth.flatMap((page) => page.bodies)).toEqual(bodies);
    const ids = forth.flatMap((page) => page.ids);

    const last = await queryArchive(client, {}, PAGE, xml("before"));
    const back = [last, await queryArchive(client, {}, PAGE, xml("before", {}, last.ids[0] as string))];
    expect(back.map((page) => page.ids)).toEqual([ids.slice(-10), ids.slice(-20, -10)]);

    // XEP-0313 §3.5: what alice received says which of the archive it is, so that she can ask for what came later.
    const live = await alice.inbox.take((stanza) => stanza.getChildText("body") === "message 21");
    const { by, id } = live.getChild("stanza-id", "urn:xmpp:sid:0")?.attrs ?? {};
    expect({ by, id }).toEqual({ by: "alice@localhost", id: ids[21] });
    expect((await queryArchive(client, { "after-id": id as string }, PAGE)).bodies).toEqual(bodies.slice(22));
    await expect(queryArchive(client, { "after-id": "gone" }, PAGE)).rejects.toMatchObject({
      condition: "item-not-found",
    });
  });

  test("stanza searches it", async ({ real }) => {
    const { bodies } = await conversation(real);
    const { client } = await stanza(real, "alice@localhost", { password: PASSWORD });
    expect((await client.getHistorySearchForm("alice@localhost")).fields).toEqual(
      expect.arrayContaining(["with", "start", "end"].map((name) => expect.objectContaining({ name }))),
    );

    const first = await client.searchHistory({ with: "bob@localhost", paging: { max: PAGE } });
    expect(first).toMatchObject({ paging: { count: MESSAGES, firstIndex: 0 } });
    expect(first.complete).not.toBe(true);
    const second = await client.searchHistory({ paging: { max: 100, after: first.paging?.last as string } });
    expect(second.complete).toBe(true);
    const results = [...(first.results ?? []), ...(second.results ?? [])];
    expect(results.map(({ item }) => item.message?.body)).toEqual(bodies);

    const last = await client.searchHistory({ paging: { max: 3, before: "" } });
    expect(last.results?.map(({ id }) => id)).toEqual(results.slice(-3).map(({ id }) => id));
    const [start, end] = [results[5], results[8]].map((one) => one?.item.delay?.timestamp);
    const between = await client.searchHistory({ start: start as Date, end: end as Date });
    expect(between.results?.map(({ item }) => item.message?.body)).toEqual(
      expect.arrayContaining(bodies.slice(5, 9)),
    );
    expect((await client.searchHistory({ with: "carol@localhost" })).results).toEqual([]);

    expect(await client.getHistoryPreferences()).toMatchObject({ default: "always" });
    await client.setHistoryPreferences({ default: "never" });
    expect(await client.getHistoryPreferences()).toMatchObject({ default: "never" });
  });

  test("stanza on one device sees what xmpp.js sends and receives on another", async ({ real }) => {
    const phone = await xmppJs(real, { username: "alice", resource: "phone" });
    const bob = await xmppJs(real, { username: "bob", resource: "desk" });
    const desk = await stanza(real, "alice@localhost", { password: PASSWORD });
    await desk.client.enableCarbons();
    await phone.client.iqCaller.set(xml("enable", { xmlns: "urn:xmpp:carbons:2" }));

    await bob.client.send(chat(jidOf(phone), "for the phone"));
    const received = await desk.messages.take(({ carbon }) => carbon?.type === "received");
    expect(received.carbon?.forward.message).toMatchObject({ body: "for the phone", from: jidOf(bob) });

    await phone.client.send(chat("bob@localhost", "from the phone"));
    const sent = await desk.messages.take(({ carbon }) => carbon?.type === "sent");
    expect(sent.carbon?.forward.message).toMatchObject({ body: "from the phone", to: "bob@localhost" });

    desk.client.sendMessage({ to: jidOf(bob), type: "chat", body: "from the desk" });
    const copy = await phone.inbox.take(
      (stanza) => stanza.getChild("sent", "urn:xmpp:carbons:2") !== undefined,
    );
    const message = copy.getChild("sent")?.getChild("forwarded")?.getChild("message");
    expect(message?.getChildText("body")).toBe("from the desk");
  });

  test("xmpp.js is not woken while nobody looks at it", async ({ real }) => {
    const alice = await xmppJs(real, { username: "alice", resource: "phone" });
    const bob = await xmppJs(real, { username: "bob", resource: "desk" });
    const to = jidOf(alice);
    const show = (text: string) => xml("presence", { to }, xml("show", {}, text));
    const first = () => alice.inbox.take(({ attrs }) => attrs["from"] === jidOf(bob));
    await alice.client.send(xml("inactive", { xmlns: "urn:xmpp:csi:0" }));
    await settled(alice);

    await bob.client.send(show("away"));
    await bob.client.send(show("dnd"));
    const typing = xml("composing", { xmlns: "http://jabber.org/protocol/chatstates" });
    await bob.client.send(xml("message", { to, type: "chat" }, typing));
    await bob.client.send(chat(to, "look!"));
    // The message brings along what waited, and of that only the latest.
    expect((await first()).getChildText("show")).toBe("dnd");
    expect((await first()).getChildText("body")).toBe("look!");

    await bob.client.send(show("xa"));
    await settled(bob);
    await alice.client.send(xml("active", { xmlns: "urn:xmpp:csi:0" }));
    expect((await first()).getChildText("show")).toBe("xa");
  });
});
