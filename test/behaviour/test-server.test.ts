import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { TestServer, type TestServerOptions } from "../../src/testing/index.ts";

const USERS = ["romeo", "juliet"];
const virtual = (options: TestServerOptions = {}) =>
  TestServer.start({ users: USERS, clock: "virtual", ids: "seq", port: false, ...options });

const chat = (to: string, body: string) =>
  `<message to="${to}@localhost" type="chat"><body>${body}</body></message>`;
const text = (body: string) =>
  `<message from="romeo@localhost/orchard" type="chat"><body>${body}</body></message>`;
const HEADER = `<stream:stream to="localhost" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`;

describe("a test server", () => {
  test("serves sockets in clear on a free port, and leaves nothing open", async () => {
    const server = await TestServer.start({ users: USERS });
    expect(server.service("xmpp")).toBe(`xmpp://127.0.0.1:${server.port}`);
    expect(server.user("romeo").connectOptions).toMatchObject({ username: "romeo", domain: "localhost" });
    const socket = connect(server.port, "127.0.0.1");
    socket.write(HEADER);
    const [answer] = await once(socket, "data");
    expect(String(answer)).toContain("<mechanism>PLAIN</mechanism>");
    expect(String(answer)).not.toContain("starttls");
    const closed = once(socket, "close");
    socket.on("end", () => socket.end());
    await server.close();
    await closed;
    await expect(once(connect(server.port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED");
  });

  test("serves TLS with a certificate that its authority signed", async () => {
    await using server = await TestServer.start({ tls: true, domain: "capulet.example" });
    const port = Number(new URL(server.service("xmpps")).port);
    const socket = connectTls({ port, host: "127.0.0.1", servername: "capulet.example", ca: server.ca });
    await once(socket, "secureConnect");
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  test("serves streams over HTTP", async () => {
    await using server = await TestServer.start({ users: USERS });
    expect(server.service("ws")).toBe(`${server.service("http").replace("http", "ws")}/xmpp-websocket`);
    const body = `<body xmlns="http://jabber.org/protocol/httpbind" to="localhost" rid="1" hold="1" wait="5" ver="1.6"
      xmlns:xmpp="urn:xmpp:xbosh" xmpp:version="1.0"/>`;
    const answer = await fetch(server.service("bosh"), { method: "POST", body });
    expect(await answer.text()).toContain("<mechanism>PLAIN</mechanism>");
  });

  test("needs no port: a Duplex will do", async () => {
    await using server = await TestServer.start({ port: false });
    expect(() => server.service("xmpp")).toThrow("there is no xmpp service");
    const duplex = server.connect();
    duplex.write(HEADER);
    const [answer] = await once(duplex, "data");
    expect(String(answer)).toContain("<stream:features>");
    duplex.end("</stream:stream>");
    await once(duplex, "close");
  });

  test("tells users from domains, and knows users with a dot in their name", async () => {
    await using server = await TestServer.start({
      port: false,
      clock: "virtual",
      domain: ["capulet.example", "montague.example"],
      users: ["juliet", "the.nurse", "romeo@montague.example"],
    });
    expect(server.user("the.nurse").jid).toBe("the.nurse@capulet.example");
    const romeo = await server.client("romeo@montague.example/orchard");
    await romeo.sends(`<message to="the.nurse@capulet.example"><body>Hi</body></message>`);
    await romeo.sends(`<iq type="get" id="p" to="capulet.example"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await server.expect({ direction: "in", to: "the.nurse", body: "Hi" });
    await server.expect({
      direction: "out",
      from: "capulet.example",
      to: "romeo@montague.example",
      iq: "result",
    });
    server.on({ to: "gateway.example" }).reply().once();
    await romeo.sends(`<iq type="get" id="g" to="gateway.example"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await romeo.receives(`<iq type="result" id="p"/>`);
    await romeo.receives(`<iq type="result" id="g" from="gateway.example"/>`);
  });

  test.each([
    [{ clok: "virtual" }, 'clok: there is no such option, did you mean "clock"?'],
    [{ clock: "virtuell" }, 'clock: expected one of virtual, real, got "virtuell"'],
    [{ mimic: "openfire 5" }, 'mimic: expected one of prosody, ejabberd, openfire, got "openfire 5"'],
    [{ seed: 0.5 }, "seed: expected a whole number"],
    [{ iterations: 0 }, "iterations: expected a whole number of at least 1"],
    [{ port: 65_536 }, "port: expected a port from 0 to 65535 or false"],
    [{ httpPort: true }, "httpPort: expected a port from 0 to 65535 or false"],
    [{ users: ["romeo", "romeo"] }, "there is an account romeo@localhost already"],
  ])("does not start with %j", async (options, message) => {
    await expect(TestServer.start(options as TestServerOptions)).rejects.toThrow(message);
  });

  test("says who is missing among the users", async () => {
    await using server = await virtual();
    expect(() => server.user("mercutio")).toThrow("there is no user mercutio");
    await server.addUser({ name: "mercutio", password: "a plague" });
    expect(server.user("mercutio").password).toBe("a plague");
  });
});

describe("expectations", () => {
  test("find what went by before, and wait for what has not", async () => {
    await using server = await virtual();
    const romeo = await server.client("romeo/orchard");
    await server.client("juliet/balcony");
    await romeo.sends(chat("juliet", "Hi"));
    const sent = await server.expect({ from: "romeo", kind: "message", child: "body" });
    expect(sent).toMatchObject({
      direction: "in",
      client: "romeo@localhost/orchard",
      to: "juliet@localhost",
    });
    const got = await server.expect({ to: "juliet", body: "Hi" });
    expect(got).toMatchObject({ direction: "out", client: "juliet@localhost/balcony" });

    const later = server.expect({ to: "juliet/balcony", body: /^Still/ });
    await romeo.sends(chat("juliet", "Still there?"));
    expect((await later).element.getChildText("body")).toBe("Still there?");
  });

  test("take each stanza once, and fail with the transcript", async () => {
    await using server = await virtual();
    const romeo = await server.client("romeo/orchard");
    await romeo.sends(chat("juliet", "Hi"));
    await server.expect({ from: "romeo", body: "Hi" });
    await expect(server.expect({ from: "romeo", body: "Hi" }, { within: 1 })).rejects.toThrow(
      /expected a stanza with \{ from: "romeo", body: "Hi" } within 1 ms[^]*Transcript:[^]*romeo\/orchard →/,
    );
  });

  test("fail with what came instead, also for a pattern that is none", async () => {
    await using server = await virtual();
    const romeo = await server.client("romeo/orchard");
    await romeo.sends(chat("juliet", "Hi"));
    await romeo.sends(chat("juliet", "Ho"));
    await server.expect({ from: "romeo", body: "Hi" });
    await expect(server.expect({ from: "romeo", body: "Ha" }, { within: "1ms" })).rejects.toThrow(
      /within 1 ms; there was none\nStanzas that were not expected before[^\n]*\n {2}romeo@localhost\/orchard → <message [^\n]*Ho<\/body><\/message>\n\nTranscript/,
    );
    const slip = { form: "romeo" } as object;
    await expect(server.expect(slip)).rejects.toThrow("a pattern has no form; it may have kind, iq, from");
    await expect(server.expectNone({ kind: "mesage" as never })).rejects.toThrow("there is no kind mesage");
    await expect(server.expectNone({ iq: "gett" as never })).rejects.toThrow(
      "there is no iq gett; there are get, set",
    );
    await expect(server.expectNone({ direction: "inn" as never })).rejects.toThrow(
      "there is no direction inn",
    );
  });

  test("fail when the server closes", async () => {
    const server = await virtual();
    const waiting = server.expect({ from: "romeo" }, { within: 60_000 });
    const [outcome] = await Promise.all([waiting.catch(String), server.close()]);
    expect(outcome).toContain("was closed");
  });

  test("fail with what a function in a pattern throws, and the stream goes on", async () => {
    await using server = await virtual();
    const where = (): boolean => {
      throw new Error("spilt");
    };
    const outcome = server.expect({ from: "romeo", where }).catch(String);
    const romeo = await server.client("romeo/orchard");
    expect(await outcome).toBe("Error: spilt");
    await romeo.sends(`<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await romeo.receives(`<iq type="result" id="p"/>`);
  });

  test("know a text by an expression that remembers where it was, and wait for longer than timers can", async () => {
    await using server = await virtual();
    const romeo = await server.client("romeo");
    const body = /Hi/g;
    const late = server.expect({ from: "romeo", body: "Bye" }, { within: "60d" });
    for (let count = 0; count < 3; count++) {
      await romeo.sends(`<message to="juliet@localhost"><body>Hi</body></message>`);
      await server.expect({ from: "romeo", body });
    }
    await romeo.sends(`<message to="juliet@localhost"><body>Bye</body></message>`);
    expect(await late).toMatchObject({ kind: "message" });
  });

  test("prove that nothing came", async () => {
    await using server = await virtual();
    const romeo = await server.client("romeo/orchard");
    await server.client("juliet/balcony");
    await server.expectNone({ to: "juliet" });
    await server.expectNone({ from: "romeo" });
    await server.expect({ to: "juliet", kind: "presence" });
    await server.expectNone({ to: "juliet" });
    await romeo.sends(chat("juliet", "Hi"));
    await expect(server.expectNone({ to: "juliet" })).rejects.toThrow(/expected no stanza[^]*<body>Hi/);
    server.forget();
    await server.expectNone({ to: "juliet" });
  });

  test("come one by one as an iterator", async () => {
    const server = await virtual();
    const bodies: unknown[] = [];
    const sessions = new Set<string | undefined>();
    const all = (async () => {
      for await (const { session } of server) sessions.add(session);
    })();
    const listening = (async () => {
      for await (const { element } of server.stanzas({ to: "juliet", kind: "message" }))
        bodies.push(element.getChildText("body"));
    })();
    const romeo = await server.client("romeo/orchard");
    await server.client("juliet/balcony");
    await romeo.sends(chat("juliet", "one"));
    await romeo.sends(chat("juliet", "two"));
    await server.close();
    await listening;
    await all;
    expect(sessions).toEqual(new Set([undefined, "romeo@localhost/orchard", "juliet@localhost/balcony"]));
    expect(bodies).toEqual(["one", "two"]);
  });
});

describe("faults", () => {
  const pair = async (server: TestServer) =>
    [await server.client("romeo/orchard"), await server.client("juliet/balcony")] as const;

  test("drop what fits, in so many cases of a hundred, the same ones for the same seed", async () => {
    const arrived = async (seed: number) => {
      await using server = await virtual({ seed });
      const [romeo, juliet] = await pair(server);
      const fault = server.faults.add({ on: { kind: "message" }, action: "drop", probability: 0.5 });
      for (let n = 0; n < 20; n++) await romeo.sends(chat("juliet", String(n)));
      expect(fault.hits).toBeGreaterThan(3);
      return [...juliet.heard.matchAll(/<body>(\d+)/g)].map(([, n]) => n).join();
    };
    expect(await arrived(1)).toBe(await arrived(1));
    expect(await arrived(1)).not.toBe(await arrived(2));
  });

  test("delay, duplicate, hold and release", async () => {
    await using server = await virtual();
    const [romeo, juliet] = await pair(server);
    server.faults.add({ on: { body: "late" }, action: "delay", by: "2s", times: 1 });
    server.faults.add({ on: { body: "twice" }, action: "duplicate" });
    const holding = server.faults.add({ on: { from: "romeo", body: "held" }, action: "hold" });
    for (const body of ["late", "twice", "held", "plain"]) await romeo.sends(chat("juliet", body));
    for (const body of ["twice", "twice", "plain"]) await juliet.receives(text(body));
    await juliet.receivesNothing();
    await server.clock.advance(1_999);
    await juliet.receivesNothing();
    await server.clock.advance(1);
    await juliet.receives(text("late"));

    expect(holding.held.map(({ client }) => client)).toEqual(["romeo@localhost/orchard"]);
    holding.release();
    await server.settle();
    await juliet.receives(text("held"));
    holding.remove();
    await romeo.sends(chat("juliet", "held"));
    await juliet.receives(text("held"));
  });

  test("cut a connection at once, or behind or before a stanza", async () => {
    await using server = await virtual();
    const [romeo, juliet] = await pair(server);
    server.kill("juliet", { afterStanza: 2 });
    for (const body of ["1", "2", "3"]) await romeo.sends(chat("juliet", body));
    await juliet.receives(text("1"));
    await juliet.receives(text("2"));
    await juliet.disconnected();

    const again = await server.client("juliet/balcony");
    await again.receivesAny();
    server.kill("juliet", { beforeStanza: 1 });
    await romeo.sends(chat("juliet", "4"));
    await again.disconnected();

    server.kill("romeo");
    await romeo.disconnected();
  });

  test("end streams with an error", async () => {
    await using server = await virtual();
    const [romeo] = await pair(server);
    server.streamError("romeo", "policy-violation");
    await romeo.closed("policy-violation");
  });

  test("refuse to resume", async () => {
    await using server = await virtual();
    const romeo = await server.client("romeo/orchard");
    await romeo.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    const enabled = await romeo.receivesAny();
    server.kill("romeo");
    server.refuseResume("romeo");
    const resume = `<resume xmlns="urn:xmpp:sm:3" h="0" previd="${enabled.attrs["id"]}"/>`;
    const back = await server.rig.authenticated("romeo");
    await back.sends(resume);
    await back.receives(
      `<failed xmlns="urn:xmpp:sm:3" h="0"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`,
    );
  });
});
