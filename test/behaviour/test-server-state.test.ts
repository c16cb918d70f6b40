import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { TestNetwork, TestServer } from "../../src/testing/index.ts";

const HEADER = `<stream:stream to="localhost" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`;
const VCARD = `<vCard xmlns="vcard-temp"><FN>Juliet</FN></vCard>`;

describe("a user of a fixture", () => {
  test("has contacts, messages, a vCard, private XML, PEP items and blocked addresses from the start", async () => {
    await using server = await TestServer.start({
      clock: "virtual",
      port: false,
      users: [
        "romeo",
        {
          name: "juliet",
          password: "wherefore",
          roster: [
            { contact: "romeo", name: "Romeo", groups: ["Friends"] },
            { contact: "nurse", subscription: "to" },
          ],
          vcard: VCARD,
          private: [`<notes xmlns="urn:example:notes">x</notes>`],
          pep: { "urn:example:mood": { current: `<mood xmlns="urn:example:mood">happy</mood>` } },
          archive: [
            { from: "romeo", to: "juliet", body: "Hi", at: "2024-12-24T18:00:00Z" },
            { from: "juliet/balcony", to: "romeo", body: "Ay me!", id: "ay" },
          ],
          blocked: ["paris", "tybalt@capulet.example"],
        },
      ],
    });
    expect(server.roster("juliet")).toEqual([
      { jid: "romeo@localhost", name: "Romeo", subscription: "both", groups: ["Friends"], ask: false },
      { jid: "nurse@localhost", name: "", subscription: "to", groups: [], ask: false },
    ]);
    expect(server.archive("juliet")).toMatchObject([
      { from: "romeo@localhost", body: "Hi", stamp: "2024-12-24T18:00:00.000Z" },
      {
        from: "juliet@localhost/balcony",
        to: "romeo@localhost",
        body: "Ay me!",
        stamp: "2025-01-01T11:59:00.000Z",
      },
    ]);
    expect(server.user("juliet").password).toBe("wherefore");

    const juliet = await server.client("juliet/balcony");
    const asks = async (query: string, answer: string) => {
      await juliet.sends(`<iq type="get" id="q">${query}</iq>`);
      await juliet.receives(`<iq type="result" id="q">${answer}</iq>`);
    };
    await asks(`<vCard xmlns="vcard-temp"/>`, VCARD);
    await asks(
      `<query xmlns="jabber:iq:private"><notes xmlns="urn:example:notes"/></query>`,
      `<query xmlns="jabber:iq:private"><notes xmlns="urn:example:notes">x</notes></query>`,
    );
    await asks(
      `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="urn:example:mood"/></pubsub>`,
      `<pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="urn:example:mood"><item id="current">
        <mood xmlns="urn:example:mood">happy</mood></item></items></pubsub>`,
    );
    await asks(
      `<blocklist xmlns="urn:xmpp:blocking"/>`,
      `<blocklist xmlns="urn:xmpp:blocking"><item jid="paris@localhost"/><item jid="tybalt@capulet.example"/></blocklist>`,
    );
  });

  test("cannot have what the server would not keep", async () => {
    const impossible = { name: "romeo", private: [`<x xmlns="urn:x"/>`, `<x xmlns="urn:x"/>`] };
    await expect(TestServer.start({ port: false, users: [impossible] })).rejects.toThrow(
      /the fixture of romeo@localhost: pieces of private XML: twice/,
    );
  });
});

test("two users see each other's presence after mutualRoster", async () => {
  await using server = await TestServer.start({ clock: "virtual", port: false, users: ["romeo", "juliet"] });
  await server.mutualRoster("romeo", "juliet");
  const romeo = await server.client("romeo/orchard");
  await server.client("juliet/balcony");
  await romeo.receives(`<presence from="juliet@localhost/balcony"/>`);
});

test("mutualRoster is seen at once, may come again, and leaves the rest of a contact as it was", async () => {
  const romeo = { name: "romeo", roster: [{ contact: "juliet", name: "J", subscription: "none" as const }] };
  await using server = await TestServer.start({ port: false, users: [romeo, "juliet"] });
  void server.mutualRoster("romeo", "juliet");
  expect(server.roster("romeo")).toMatchObject([
    { jid: "juliet@localhost", name: "J", subscription: "both" },
  ]);
  expect(server.roster("juliet")).toMatchObject([{ jid: "romeo@localhost", subscription: "both" }]);
  await server.mutualRoster("romeo", "juliet");
  expect(server.roster("romeo")).toHaveLength(1);
});

test("mutualRoster knows who has no account here, and takes anybody elsewhere", async () => {
  await using server = await TestServer.start({ port: false, users: ["romeo"] });
  await expect(server.mutualRoster("romeo", "julliet")).rejects.toThrow("no user julliet@localhost");
  expect(server.roster("romeo")).toEqual([]);
  await server.mutualRoster("romeo", "nurse@capulet.example");
  expect(server.roster("romeo")).toMatchObject([{ jid: "nurse@capulet.example" }]);
});

test("what was begun and not awaited is done before anything that comes later", async () => {
  await using server = await TestServer.start({ clock: "virtual", port: false, users: ["romeo"] });
  void server.addUser({ name: "nurse", password: "x" });
  void server.mutualRoster("romeo", "nurse");
  const nurse = await server.client("nurse");
  expect(nurse.jid).toContain("nurse@localhost/");
  expect(server.user("nurse").password).toBe("x");
  expect(server.roster("nurse")).toHaveLength(1);
});

test("sessions are seen as they are", async () => {
  await using server = await TestServer.start({ clock: "virtual", port: false, users: ["romeo", "juliet"] });
  await server.client("juliet/balcony");
  await server.client("romeo/orchard", { priority: 3 });
  const phone = await server.client("romeo/phone", { presence: false });
  await phone.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
  await phone.disconnects();
  expect(server.sessions("romeo")).toEqual([
    { jid: "romeo@localhost/orchard", available: true, priority: 3, attached: true, unacked: undefined },
    { jid: "romeo@localhost/phone", available: false, priority: 0, attached: false, unacked: 0 },
  ]);
  expect(server.sessions("romeo/phone")).toHaveLength(1);
  expect(server.sessions().map(({ jid }) => jid)).toContain("juliet@localhost/balcony");
});

test("two runs with the same seed are the same to the byte", async () => {
  const run = async () => {
    await using server = await TestServer.start({
      clock: "virtual",
      ids: "seq",
      seed: 7,
      port: false,
      users: ["romeo", "juliet"],
    });
    await server.mutualRoster("romeo", "juliet");
    const romeo = await server.client("romeo");
    await server.client("juliet");
    await romeo.sends(`<message to="juliet@localhost" type="chat"><body>Hi</body></message>`);
    await server.clock.advance("1h");
    return server.transcript;
  };
  const first = await run();
  expect(first).toContain("<stanza-id");
  expect(first).toContain("urn:xmpp:ping");
  expect(await run()).toBe(first);
});

describe("a snapshot", () => {
  const start = () => TestServer.start({ clock: "virtual", ids: "seq", seed: 1, users: ["romeo", "juliet"] });
  const message = `<message to="juliet@localhost" type="chat"><body>Hi</body></message>`;

  test("brings back what was stored, and time, and chance; connections are cut and ports stay", async () => {
    await using server = await start();
    await server.mutualRoster("romeo", "juliet");
    const before = server.snapshot();
    const [port, http] = [server.port, server.service("http")];
    const run = async () => {
      const romeo = await server.client("romeo");
      await romeo.sends(message);
      await romeo.sends(
        `<iq type="set" id="r"><query xmlns="jabber:iq:roster"><item jid="nurse@localhost"/></query></iq>`,
      );
      await server.clock.advance("10m");
      await server.addUser("nurse");
      expect(server.archive("juliet")).toHaveLength(1);
      expect(server.roster("romeo")).toHaveLength(2);
      return romeo.heard;
    };
    const client = await server.client("juliet");
    const first = await run();
    await before.restore();
    expect(client.gone).toBe(true);
    expect(server.sessions()).toEqual([]);
    expect(server.archive("juliet")).toEqual([]);
    expect(server.roster("romeo")).toHaveLength(1);
    expect(() => server.user("nurse")).toThrow("there is no user nurse");
    expect([server.port, server.service("http")]).toEqual([port, http]);
    await before.restore();
    await server.client("juliet");
    expect(await run()).toBe(first);
  });

  test("is brought back at once for whoever looks, and what is asked meanwhile waits for it", async () => {
    await using server = await start();
    const before = server.snapshot();
    const started = server.clock.now();
    const romeo = await server.client("romeo/orchard");
    await romeo.sends(message);
    await server.mutualRoster("romeo", "juliet");
    await server.clock.advance("10m");
    const services = [server.service("xmpp"), server.service("ws"), server.service("bosh")];

    const restored = before.restore();
    expect(romeo.gone).toBe(true);
    expect(server.sessions()).toEqual([]);
    expect(server.roster("romeo")).toEqual([]);
    expect(server.archive("juliet")).toEqual([]);
    expect(server.clock.now()).toBe(started);
    expect([server.service("xmpp"), server.service("ws"), server.service("bosh")]).toEqual(services);
    const again = server.snapshot();
    const socket = connect(server.port, "127.0.0.1");
    socket.write(HEADER);
    const duplex = server.connect();
    duplex.write(HEADER);
    await server.clock.advance("10m");
    expect(server.clock.now()).toBe(started + 600_000);
    for (const stream of [socket, duplex]) {
      const [answer] = await once(stream, "data");
      expect(String(answer)).toContain("<stream:features>");
      stream.destroy();
    }
    await restored;
    await server.mutualRoster("romeo", "juliet");
    void again.restore();
    void before.restore();
    const juliet = await server.client("juliet");
    expect(server.roster("juliet")).toEqual([]);
    await juliet.sends(`<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await juliet.receives(`<iq type="result" id="p"/>`);
  });

  test("brings back handlers and faults", async () => {
    await using server = await start();
    server.on({ iq: "get", xmlns: "urn:x" }).reply();
    const before = server.snapshot();
    server.on({ iq: "get", xmlns: "urn:y" }).reply();
    server.faults.add({ on: { kind: "iq" }, action: "drop" });
    server.unhandled("error");
    await before.restore();
    const romeo = await server.client("romeo");
    const asks = async (xmlns: string, type: string) => {
      await romeo.sends(`<iq type="get" id="q"><x xmlns="${xmlns}"/></iq>`);
      await romeo.receives(`<iq type="${type}" id="q">{any}</iq>`);
    };
    await asks("urn:x", "result");
    await asks("urn:y", "error");
    expect(server.errors).toEqual([]);
  });
});

test("a snapshot of a server that was closed brings nothing back", async () => {
  const server = await TestServer.start({ users: ["romeo"] });
  const before = server.snapshot();
  await server.close();
  await expect(before.restore()).rejects.toThrow("the server is closed");
});

describe("virtual time", () => {
  test("is turned by one after the other, and never runs backwards", async () => {
    await using server = await TestServer.start({ clock: "virtual", port: false });
    const { clock } = server;
    const began = clock.now();
    const seen: number[] = [];
    for (const at of [150_000, 30_000, 90_000]) clock.after(at, () => seen.push(clock.now() - began));
    await Promise.all([clock.advance("1m"), clock.advance("1m"), clock.advance("1m")]);
    expect(seen).toEqual([30_000, 90_000, 150_000]);
    expect(clock.now() - began).toBe(180_000);
    await expect(clock.advance(Number.POSITIVE_INFINITY)).rejects.toThrow(TypeError);
  });

  test("goes on after something that came due failed", async () => {
    await using server = await TestServer.start({ clock: "virtual", port: false });
    const { clock } = server;
    const began = clock.now();
    clock.after(10, () => {
      throw new Error("spilt");
    });
    await expect(clock.advance("1s")).rejects.toThrow("spilt");
    await clock.advance("1s");
    expect(clock.now() - began).toBe(1_010);
  });

  test("that a snapshot brings back is not turned by what was under way", async () => {
    await using server = await TestServer.start({ clock: "virtual", port: false });
    const { clock } = server;
    const before = server.snapshot();
    const began = clock.now();
    let restored: Promise<void> | undefined;
    clock.after(1_000, () => {
      restored = before.restore();
    });
    await clock.advance("1h");
    await restored;
    expect(clock.now()).toBe(began);
  });
});

describe("a room of a fixture", () => {
  const room = {
    name: "balcony",
    owner: "juliet",
    members: ["romeo"],
    subject: "Love",
    options: { membersonly: "1" },
  };
  const start = () =>
    TestServer.start({
      clock: "virtual",
      port: false,
      users: ["juliet", "romeo", "tybalt"],
      rooms: ["square", room],
    });
  const enter = (nick: string) =>
    `<presence to="balcony@conference.localhost/${nick}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`;

  test("is there, with who belongs to it, and is seen as it is", async () => {
    await using server = await start();
    expect(server.room("square")).toEqual({
      jid: "square@conference.localhost",
      persistent: true,
      occupants: [],
    });
    const romeo = await server.client("romeo/orchard");
    await romeo.receivesNothing();
    await romeo.sends(enter("Romeo"));
    const message = await server.expect({ to: "romeo", kind: "message", child: "subject" });
    expect(message.element.getChildText("subject")).toBe("Love");
    expect(server.room("balcony@conference.localhost").occupants).toEqual([
      {
        nick: "Romeo",
        user: "romeo@localhost",
        role: "participant",
        affiliation: "member",
        clients: ["romeo@localhost/orchard"],
      },
    ]);
    const tybalt = await server.client("tybalt");
    await tybalt.sends(enter("Tybalt"));
    await tybalt.receives(
      `<presence type="error"><x xmlns="http://jabber.org/protocol/muc"/><error type="auth" by="{any}">{any}</error></presence>`,
    );
  });

  test("that nobody made is made when it is named, before anybody can enter it", async () => {
    await using server = await start();
    const orchard = server.room("orchard");
    expect(orchard.occupants).toEqual([]);
    const romeo = await server.client("romeo/orchard");
    expect(orchard.persistent).toBe(true);
    await romeo.sends(enter("Romeo").replace("balcony", "orchard"));
    await romeo.receives(
      `<presence from="orchard@conference.localhost/Romeo">{...}<x xmlns="http://jabber.org/protocol/muc#user">
        <mav xmlns="urn:xmpp:muc:affiliations:1" until="{any}"/>
        <item affiliation="none" role="participant"/><status code="110"/></x></presence>`,
    );
    expect(orchard.occupants).toMatchObject([{ nick: "Romeo" }]);
    expect(server.transcript).not.toContain("muc#roomconfig");
    expect(await orchard).toEqual({ jid: orchard.jid, persistent: true, occupants: orchard.occupants });
  });

  test("cannot be made without anybody to own it, nor where there are none", async () => {
    await using nobody = await TestServer.start({ port: false });
    expect(() => nobody.room("x")).toThrow("the room x needs an owner: there are no users");
    await using roomless = await TestServer.start({ port: false, config: { modules: { muc: false } } });
    expect(() => roomless.room("x")).toThrow("there is no group chat service");
  });

  test("has no option that the server does not know", async () => {
    await using server = await TestServer.start({ users: ["romeo"], port: false });
    await expect(server.addRoom({ name: "x", options: { memberonly: "1" } })).rejects.toThrow(
      'the fixture of x@conference.localhost: there is no option memberonly, did you mean "membersonly"?',
    );
  });

  test("is what it was after a snapshot is restored", async () => {
    await using server = await start();
    const before = server.snapshot();
    const romeo = await server.client("romeo");
    await romeo.sends(enter("Romeo"));
    expect(server.room("balcony").occupants).toHaveLength(1);
    await before.restore();
    expect(server.room("balcony").occupants).toHaveLength(0);
  });
});

test("a network says that it needs federation", async () => {
  await expect(TestNetwork.start({ servers: ["a.test", "b.test"] })).rejects.toThrow("needs federation");
});
