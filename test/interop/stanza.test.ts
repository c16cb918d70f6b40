import { describe, expect } from "vitest";
import { test } from "./real-server.ts";
import { happens, leaves, makeStanza, stanza } from "./stanza-peer.ts";

describe("stanza", () => {
  test.beforeEach(async ({ real }) => {
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test.for(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])("logs in with %s", async (mechanism, { real }) => {
    const peer = makeStanza(real, { jid: "alice@localhost", resource: "phone" });
    for (const name of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]) {
      if (name !== mechanism) peer.client.sasl.disable(name);
    }
    const started = happens(peer.client, "session:started");
    peer.client.connect();
    await started;
    expect(peer.client.jid).toBe("alice@localhost/phone");
  });

  test("is refused with a wrong password", async ({ real }) => {
    const { client } = makeStanza(real, { jid: "alice@localhost", password: "wrong" });
    const failed = happens(client, "auth:failed");
    const gone = happens(client, "disconnected");
    client.connect();
    await failed;
    await gone;
  });

  test("asks the server what clients ask", async ({ real }) => {
    const { client } = await stanza(real, "alice@localhost");
    await client.ping("localhost");
    const info = await client.getDiscoInfo("localhost");
    expect(info.identities).toContainEqual(expect.objectContaining({ category: "server", type: "im" }));
    expect(info.features).toEqual(expect.arrayContaining(["urn:xmpp:ping", "jabber:iq:version"]));
    await client.getDiscoItems("localhost");
    expect(await client.getSoftwareVersion("localhost")).toMatchObject({ name: "Jackdaw" });
    const { utc } = await client.getTime("localhost");
    expect(Math.abs(Date.now() - (utc?.getTime() ?? 0))).toBeLessThan(60_000);
    expect((await client.getLastActivity("localhost")).seconds).toBeGreaterThanOrEqual(0);
    const unknown = client.sendIQ({ type: "get", to: "localhost", privateStorage: {} });
    await expect(unknown).rejects.toMatchObject({
      error: { condition: "service-unavailable", type: "cancel" },
    });
  });

  test("keeps contacts, sees their presence and chats", async ({ real }) => {
    const alice = await stanza(real, "alice@localhost");
    const bob = await stanza(real, "bob@localhost");
    for (const { client } of [alice, bob]) {
      expect((await client.getRoster()).items).toEqual([]);
      client.sendPresence();
    }

    await alice.client.updateRosterItem({
      jid: "bob@localhost",
      name: "Bob",
      groups: ["Büro"],
      subscription: "none",
    });
    alice.client.subscribe("bob@localhost");
    await bob.presence.take(({ type, from }) => type === "subscribe" && from === "alice@localhost");
    bob.client.acceptSubscription("alice@localhost");
    await alice.presence.take(({ type }) => type === "subscribed");
    await alice.presence.take(({ from, type }) => from === "bob@localhost/stanza" && type === undefined);
    expect((await alice.client.getRoster()).items).toMatchObject([
      { jid: "bob@localhost", name: "Bob", groups: ["Büro"], subscription: "to" },
    ]);

    alice.client.sendMessage({ to: "bob@localhost", type: "chat", body: "Grüße & <Küsse>" });
    const message = await bob.messages.take(() => true);
    expect(message).toMatchObject({ from: "alice@localhost/stanza", type: "chat", body: "Grüße & <Küsse>" });

    await leaves(bob.client);
    await alice.presence.take(({ from, type }) => from === "bob@localhost/stanza" && type === "unavailable");
    for (const body of ["first", "second"])
      alice.client.sendMessage({ to: "bob@localhost", type: "chat", body });
    await alice.client.ping("localhost");
    const again = await stanza(real, "bob@localhost");
    again.client.sendPresence();
    for (const body of ["first", "second"]) {
      expect(await again.messages.take(() => true)).toMatchObject({
        body,
        delay: { timestamp: expect.any(Date) },
      });
    }
  });

  test("makes a room, talks there, and administers it", async ({ real }) => {
    const room = "coven@conference.localhost";
    const alice = await stanza(real, "alice@localhost");
    const bob = await stanza(real, "bob@localhost");
    expect((await alice.client.joinRoom(room, "first")).muc).toMatchObject({
      affiliation: "owner",
      role: "moderator",
      statusCodes: expect.arrayContaining(["110", "201"]) as unknown,
    });
    const config = await alice.client.getRoomConfig(room);
    const name = config.fields?.find((field) => field.name === "muc#roomconfig_roomname");
    if (name) name.value = "A Dark Cave";
    await alice.client.configureRoom(room, { ...config, type: "submit" });
    expect((await bob.client.getDiscoItems("conference.localhost")).items).toEqual([
      { jid: room, name: "A Dark Cave" },
    ]);

    await bob.client.joinRoom(room, "second");
    await alice.presence.take(({ from }) => from === `${room}/second`);
    bob.client.sendMessage({ to: room, type: "groupchat", body: "Grüße" });
    for (const { messages } of [alice, bob]) {
      await messages.take(({ from, body }) => from === `${room}/second` && body === "Grüße");
    }
    alice.client.setSubject(room, "Spells");
    await bob.messages.take(({ subject }) => subject === "Spells");
    await bob.client.changeNick(room, "third");
    await alice.presence.take(({ from, type }) => from === `${room}/third` && type === undefined);

    await alice.client.setRoomAffiliation(room, "bob@localhost", "admin");
    await bob.presence.take(
      ({ from, muc }) => from === `${room}/third` && JSON.stringify(muc).includes(`"admin"`),
    );
    expect((await alice.client.getRoomMembers(room, { affiliation: "admin" })).muc.users).toMatchObject([
      { jid: "bob@localhost", affiliation: "admin" },
    ]);
    await alice.client.kick(room, "third", "Avaunt");
    await bob.presence.take(({ from, type }) => from === `${room}/third` && type === "unavailable");
    await bob.client.joinRoom(room, "second");
    await alice.client.ban(room, "bob@localhost");
    await bob.presence.take(({ from, type }) => from === `${room}/second` && type === "unavailable");
    await expect(bob.client.joinRoom(room, "second")).rejects.toMatchObject({
      error: { condition: "forbidden" },
    });
    await alice.client.destroyRoom(room, { reason: "Macbeth doth come" });
    await expect(alice.client.getDiscoInfo(room)).rejects.toMatchObject({
      error: { condition: "item-not-found" },
    });
  });
});
