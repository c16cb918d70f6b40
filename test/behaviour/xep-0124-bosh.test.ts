/** XEP-0124: Bidirectional-streams Over Synchronous HTTP, and XEP-0206: XMPP Over BOSH. */
import { createHash } from "node:crypto";
import { describe, expect } from "vitest";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { BoshClient, HTTP_BIND } from "./bosh-client.ts";

const PING = `<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;
const ends = (condition: string) => ({ type: "terminate", condition });

async function session(rig: Rig, attributes: Record<string, string | number> = {}): Promise<BoshClient> {
  await rig.user("alice");
  const client = new BoshClient(rig);
  await client.creates(attributes);
  await client.logsIn();
  return client;
}

async function tell(rig: Rig, body: string): Promise<void> {
  const bob = await rig.connect("bob/pipe");
  await bob.sends(`<message to="alice@localhost/bosh" type="chat"><body>${body}</body></message>`);
}

describe("a session", () => {
  test("begins with what both agree to, and the features", async ({ rig }) => {
    const client = new BoshClient(rig);
    const { attributes, text, headers } = await client.creates({ wait: 90, hold: 5 });
    expect(attributes).toMatchObject({
      xmlns: HTTP_BIND,
      wait: "60",
      hold: "1",
      requests: "2",
      inactivity: "60",
      maxpause: "120",
      ver: "1.6",
      from: "localhost",
      "xmpp:version": "1.0",
      "xmpp:restartlogic": "true",
    });
    expect(attributes["sid"]).toMatch(/^[\w-]{20,}$/);
    expect(attributes).not.toHaveProperty("polling");
    expect(text).toMatch(
      /^<body [^>]*xmlns:stream="http:\/\/etherx.jabber.org\/streams"[^>]*><stream:features>/,
    );
    expect(text).toContain("<mechanism>SCRAM-SHA-256</mechanism>");
    expect(text).not.toMatch(/PLUS|starttls/);
    expect(headers.get("content-type")).toBe("text/xml; charset=utf-8");
  });

  test("takes less than it could, but not more than the client wants", async ({ rig }) => {
    const { attributes } = await new BoshClient(rig).creates({ wait: 10, hold: 1, ver: "1.20" });
    expect(attributes).toMatchObject({ wait: "10", hold: "1", requests: "2", ver: "1.11" });
  });

  test("goes through SASL, a restart and binding, and carries stanzas", async ({ rig }) => {
    const client = await session(rig);
    const { text } = await client.post({}, PING).answer;
    expect(text).toMatch(/<iq xmlns="jabber:client" [^>]*id="p" type="result"/);
    const stream = [...rig.server.streams].find(({ transport }) => transport.kind === "bosh");
    expect(stream?.state).toBe("bound");
  });

  test("knows a log-in with SASL2, which needs no restart", async ({ rig }) => {
    await rig.user("alice");
    const client = new BoshClient(rig);
    await client.creates();
    const message = Buffer.from("\0alice\0secret of alice").toString("base64");
    const { text } = await client.post(
      {},
      `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="PLAIN"><initial-response>${message}</initial-response><bind xmlns="urn:xmpp:bind:0"><tag>bosh</tag></bind></authenticate>`,
    ).answer;
    expect(text).toContain("<bound");
    expect((await client.post({}, PING).answer).text).toContain(`type="result"`);
  });

  test("takes stanzas without a namespace for those of jabber:client", async ({ rig }) => {
    const client = await session(rig);
    const { text } = await client.post({}, PING.replace(` xmlns="jabber:client"`, "")).answer;
    expect(text).toMatch(/<iq xmlns="jabber:client" [^>]*id="p" type="result"/);
  });

  test("answers with the type of content that the client can take", async ({ rig }) => {
    const client = new BoshClient(rig);
    const { headers } = await client.creates({ content: "text/html; charset=utf-8" });
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    const odd = await new BoshClient(rig).creates({ content: "text/html&#10;X-Evil: 1" });
    expect(odd.attributes).toMatchObject(ends("bad-request"));
  });

  test("ends with the client, who may say something last", async ({ rig }) => {
    const bob = await rig.connect("bob/pipe");
    const client = await session(rig);
    const held = client.post();
    const last = client.post(
      { type: "terminate" },
      `<message xmlns="jabber:client" to="bob@localhost" type="chat"><body>bye</body></message>`,
    );
    expect((await held.answer).attributes).toMatchObject({ type: "terminate" });
    expect((await held.answer).attributes).not.toHaveProperty("condition");
    expect((await last.answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    await bob.receives(`<message type="chat"><body>bye</body></message>`);
    expect((await client.post().answer).attributes).toMatchObject(ends("item-not-found"));
    expect([...rig.server.streams].map(({ transport }) => transport.kind)).toEqual(["pipe"]);
  });

  test("ends with the server, which says so", async ({ rig }) => {
    const client = await session(rig);
    const held = client.post();
    await rig.settle();
    await rig.server.close();
    const { text, attributes } = await held.answer;
    expect(attributes).toMatchObject(ends("remote-stream-error"));
    expect(text).toContain(
      `<stream:error><system-shutdown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>`,
    );
  });

  test("tells of stream errors behind the stanzas that were on their way", async ({ rig }) => {
    const client = await session(rig);
    const { text, attributes } = await client.post({}, `${PING}<unknown xmlns="urn:example"/>`).answer;
    expect(attributes).toMatchObject(ends("remote-stream-error"));
    expect(text).toMatch(/<iq .*type="result".*<stream:error><unsupported-stanza-type/);
  });

  test("is not begun for a domain that is not here, or by what is no request", async ({ rig }) => {
    const { attributes } = await new BoshClient(rig).creates({ to: "nowhere.net" });
    expect(attributes).toMatchObject(ends("host-unknown"));
    const bodies = [
      "",
      "hello",
      "<body/>",
      `<body xmlns="urn:example" rid="1"/>`,
      `<presence xmlns="${HTTP_BIND}" rid="1"/>`,
      `<body xmlns="${HTTP_BIND}"/>`,
      `<body xmlns="${HTTP_BIND}" rid="0"/>`,
      `<body xmlns="${HTTP_BIND}" rid="-1"/>`,
      `<body xmlns="${HTTP_BIND}" rid="9007199254740992"/>`,
      `<body xmlns="${HTTP_BIND}" rid="1" wait="soon"/>`,
      `<body xmlns="${HTTP_BIND}" rid="1"`,
      `<!DOCTYPE body><body xmlns="${HTTP_BIND}" rid="1"/>`,
      "\0".repeat(100),
    ];
    for (const body of bodies) {
      const answer = await new BoshClient(rig).raw(body).answer;
      expect([body, answer.attributes["type"], answer.attributes["condition"]]).toEqual([
        body,
        "terminate",
        "bad-request",
      ]);
    }
    expect(rig.server.streams.size).toBe(0);
  });

  test("of another id does not exist", async ({ rig }) => {
    const client = await session(rig);
    expect((await client.post({ sid: "guess" }).answer).attributes).toMatchObject(ends("item-not-found"));
    expect((await client.post({ rid: --client.rid }, PING).answer).text).toContain(`type="result"`);
  });

  test("has one stream: what would ask for another is a request like any other", async ({ rig }) => {
    const client = await session(rig);
    const more = client.post({ to: "localhost", "xml:lang": "de" });
    expect(await more.isAnswered()).toBe(false);
    await tell(rig, "Hi");
    expect((await more.answer).text).toContain("<body>Hi</body>");
    expect([...rig.server.streams].filter(({ transport }) => transport.kind === "bosh")).toHaveLength(1);
  });

  test("that began under TLS goes on so, and does not suffer from those who try", async ({ rig }) => {
    const client = await session(rig);
    const inClear = new BoshClient(rig, { secure: false });
    Object.assign(inClear, { sid: client.sid, rid: client.rid });
    expect((await inClear.post({}, PING).answer).attributes).toMatchObject(ends("item-not-found"));
    expect((await client.post({}, PING).answer).text).toContain(`type="result"`);
  });

  test("in clear offers no log-in", async ({ rig }) => {
    const { text } = await new BoshClient(rig, { secure: false }).creates();
    expect(text).not.toContain("<mechanism>");
  });

  test("cannot be restarted in the midst, and must be after SASL", async ({ rig }) => {
    const client = await session(rig);
    expect((await client.post({ "xmpp:restart": "true" }).answer).text).toContain("<policy-violation");
    const other = new BoshClient(rig);
    await other.creates();
    const message = Buffer.from("\0alice\0secret of alice").toString("base64");
    await other.post({}, `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`)
      .answer;
    expect((await other.post({}, PING).answer).text).toContain("<policy-violation");
  });

  test("counts for its client", async () => {
    await using rig = await createRig({ config: { limits: { streamsPerAddress: 1 } } });
    const peer = { remote: "192.0.2.1" };
    const first = new BoshClient(rig, peer);
    await first.creates();
    expect((await new BoshClient(rig, peer).creates()).attributes).toMatchObject(ends("policy-violation"));
    await first.post({ type: "terminate" }).answer;
    expect((await new BoshClient(rig, peer).creates()).attributes["sid"]).toBeDefined();
  });

  test("is resumed on another connection", async ({ rig }) => {
    const client = await session(rig);
    const { text } = await client.post({}, `<enable xmlns="urn:xmpp:sm:3" resume="true"/>`).answer;
    const id = / id="([^"]+)"/.exec(text)?.[1];
    await rig.clock.advance(60_000);
    expect((await client.post().answer).attributes).toMatchObject(ends("item-not-found"));
    await tell(rig, "meanwhile");
    const pipe = await rig.authenticated("alice");
    await pipe.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
    await pipe.receives(`<resumed xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
    await pipe.receives(`<message type="chat"><body>meanwhile</body></message>`);
  });
});

describe("requests", () => {
  test("wait for something to say, and no longer than was agreed", async ({ rig }) => {
    const client = await session(rig, { wait: 20 });
    const held = client.post();
    expect(await held.isAnswered()).toBe(false);
    await tell(rig, "Hi");
    expect((await held.answer).text).toContain("<body>Hi</body>");
    const empty = client.post();
    await rig.clock.advance(19_999);
    expect(await empty.isAnswered()).toBe(false);
    await rig.clock.advance(1);
    expect((await empty.answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
  });

  test("wait in no greater number than was agreed", async ({ rig }) => {
    const client = await session(rig);
    const [first, second] = [client.post(), client.post()];
    expect((await first.answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    expect(await second.isAnswered()).toBe(false);
  });

  test("are taken in the order of their ids, and answered so", async ({ rig }) => {
    const bob = await rig.connect("bob/pipe");
    const client = await session(rig);
    const say = (text: string) =>
      `<message xmlns="jabber:client" to="bob@localhost" type="chat"><body>${text}</body></message>`;
    const [one, two] = [client.body({}, say("one")), client.body({}, say("two"))];
    const second = client.raw(two);
    expect(await second.isAnswered()).toBe(false);
    await bob.receivesNothing();
    const first = client.raw(one);
    await bob.receives(`<message type="chat"><body>one</body></message>`);
    await bob.receives(`<message type="chat"><body>two</body></message>`);
    expect((await first.answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    expect(await second.isAnswered()).toBe(false);
  });

  test("outside of the window end the session", async ({ rig }) => {
    const client = await session(rig);
    const held = client.post();
    await rig.settle();
    expect((await client.post({ rid: client.rid + 5 }).answer).attributes).toMatchObject(
      ends("item-not-found"),
    );
    expect((await held.answer).attributes).toMatchObject(ends("item-not-found"));
    const other = await session(rig);
    expect((await other.post({ rid: 7 }).answer).attributes).toMatchObject(ends("item-not-found"));
  });

  test("that come again get the answer that was lost, and are not taken again", async ({ rig }) => {
    const bob = await rig.connect("bob/pipe");
    const client = await session(rig);
    const body = client.body(
      {},
      `${PING}<message xmlns="jabber:client" to="bob@localhost" type="chat"><body>once</body></message>`,
    );
    const { text } = await client.raw(body).answer;
    expect(text).toContain(`type="result"`);
    expect((await client.raw(body).answer).text).toBe(text);
    await bob.receives(`<message type="chat"><body>once</body></message>`);
    await bob.receivesNothing();
  });

  test("that come again too late end the session", async ({ rig }) => {
    const client = await session(rig);
    const old = client.body({}, PING);
    await client.raw(old).answer;
    for (let n = 0; n < 2; n++) await client.post({}, PING).answer;
    expect((await client.raw(old).answer).attributes).toMatchObject(ends("item-not-found"));
  });

  test("that come again before they were answered take the place of the first", async ({ rig }) => {
    const client = await session(rig);
    const body = client.body();
    const first = client.raw(body);
    expect(await first.isAnswered()).toBe(false);
    const again = client.raw(body);
    expect((await first.answer).attributes).toMatchObject({ type: "error" });
    await tell(rig, "Hi");
    expect((await again.answer).text).toContain("<body>Hi</body>");
  });

  test("of one who is gone get no stanzas: they wait for who comes", async ({ rig }) => {
    const client = await session(rig);
    const body = client.body();
    const lost = client.raw(body);
    await rig.settle();
    lost.abort();
    await tell(rig, "Hi");
    expect((await client.raw(body).answer).text).toContain("<body>Hi</body>");
  });

  test("in too great a number end the session", async ({ rig }) => {
    const client = await session(rig);
    const posts = [client.post(), client.post(), client.post()];
    const answers = await Promise.all(posts.map(async ({ answer }) => (await answer).attributes));
    expect(answers.at(-1)).toMatchObject(ends("policy-violation"));
  });

  test("that are too large are refused", async ({ rig }) => {
    const client = await session(rig);
    expect((await client.post({}, " ".repeat(600_000)).answer).attributes).toMatchObject(
      ends("policy-violation"),
    );
  });
});

describe("acknowledgements", () => {
  test("are given for requests that came before the one that is answered", async ({ rig }) => {
    await rig.user("alice");
    const client = new BoshClient(rig);
    const { attributes } = await client.creates({ ack: 1 });
    expect(attributes["ack"]).toBe(String(client.rid - 1));
    await client.logsIn();
    const [first, second] = [client.post(), client.post({}, PING)];
    expect((await first.answer).attributes["ack"]).toBe(String(client.rid - 1));
    await tell(rig, "Hi");
    expect((await second.answer).attributes).not.toHaveProperty("ack");
  });

  test("let the server forget", async ({ rig }) => {
    await rig.user("alice");
    const client = new BoshClient(rig);
    await client.creates({ ack: 1 });
    await client.logsIn();
    const old = client.body({}, PING);
    await client.raw(old).answer;
    await client.post({ ack: client.rid - 1 }, PING).answer;
    expect((await client.raw(old).answer).attributes).toMatchObject(ends("item-not-found"));
  });
});

describe("inactivity", () => {
  test("ends a session without a request", async ({ rig }) => {
    const client = await session(rig);
    await rig.clock.advance(59_999);
    expect((await client.post({}, PING).answer).text).toContain(`type="result"`);
    await rig.clock.advance(60_000);
    expect(rig.server.streams.size).toBe(0);
    expect((await client.post().answer).attributes).toMatchObject(ends("item-not-found"));
  });

  test("is that of one whose connections are gone, too", async ({ rig }) => {
    const client = await session(rig);
    const held = client.post();
    await rig.settle();
    held.abort();
    await rig.clock.advance(60_000);
    expect(rig.server.streams.size).toBe(0);
  });

  test("loses no message that nobody came for", async ({ rig }) => {
    const client = await session(rig);
    await client.post({}, `<presence xmlns="jabber:client"/>`).answer;
    await tell(rig, "kept");
    await rig.clock.advance(60_000);
    expect([...rig.server.streams].map(({ transport }) => transport.kind)).toEqual(["pipe"]);
    const alice = await rig.connect("alice/pipe");
    expect((await alice.receivesAny()).getChildText("body")).toBe("kept");
  });

  test("is longer for a pause, until the next request", async ({ rig }) => {
    const client = await session(rig);
    const held = client.post();
    const pause = client.post({ pause: 100 });
    expect((await held.answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    expect((await pause.answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    await rig.clock.advance(90_000);
    expect((await client.post({}, PING).answer).text).toContain(`type="result"`);
    await rig.clock.advance(60_000);
    expect(rig.server.streams.size).toBe(0);
  });

  test("cannot be made longer than was said", async ({ rig }) => {
    const client = await session(rig);
    expect((await client.post({ pause: 121 }).answer).attributes).toMatchObject(ends("policy-violation"));
  });
});

describe("polling", () => {
  test.each([{ hold: 0 }, { wait: 0 }])("with %o is answered at once, and has a pace", async (terms) => {
    await using rig = await createRig();
    await rig.user("alice");
    const client = new BoshClient(rig);
    const { attributes } = await client.creates(terms);
    expect(attributes).toMatchObject({ polling: "5", inactivity: "70" });
    await client.logsIn();
    await tell(rig, "Hi");
    expect((await client.post().answer).text).toContain("<body>Hi</body>");
    expect((await client.post().answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    await rig.clock.advance(5_000);
    expect((await client.post().answer).text).toBe(`<body xmlns="${HTTP_BIND}"/>`);
    await rig.clock.advance(4_999);
    expect((await client.post().answer).attributes).toMatchObject(ends("policy-violation"));
  });
});

describe("keys", () => {
  const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
  const sequence = (seed: string, length: number) => {
    const keys = [sha1(seed)];
    while (keys.length < length) keys.push(sha1(keys.at(-1) as string));
    return keys.toReversed();
  };

  test("are those of the sequence, or of the next one", async ({ rig }) => {
    const [k3 = "", k2 = "", k1 = ""] = sequence("seed", 3);
    const [n2 = "", n1 = ""] = sequence("another", 2);
    const client = new BoshClient(rig);
    await client.creates({ newkey: k3.toUpperCase(), hold: 0 });
    await client.post({ key: k2 }, PING.replace("get", "result")).answer;
    const other = new BoshClient(rig);
    await other.creates({ newkey: k2, hold: 0 });
    expect((await other.post({ key: k1, newkey: n2 }).answer).attributes).not.toHaveProperty("type");
    await rig.clock.advance(5_000);
    expect((await other.post({ key: n1 }).answer).attributes).not.toHaveProperty("type");
  });

  test.each([undefined, "0".repeat(40)])("that are missing or wrong end the session (%s)", async (key) => {
    await using rig = await createRig();
    const client = new BoshClient(rig);
    await client.creates({ newkey: sha1("seed") });
    expect((await client.post({ key }, PING).answer).attributes).toMatchObject(ends("item-not-found"));
    expect(rig.server.streams.size).toBe(0);
  });
});

describe("pages from elsewhere", () => {
  test("may connect, and so may only those that are named", async ({ rig }) => {
    const origin = { headers: { Origin: "https://example.org" } };
    const preflight = await rig.request("/http-bind", { method: "OPTIONS", ...origin });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Content-Type");
    expect((await new BoshClient(rig).creates()).headers.get("access-control-allow-origin")).toBe("*");
    await using strict = await createRig({ config: { http: { origins: ["https://chat.example.org"] } } });
    expect((await strict.request("/http-bind", { method: "OPTIONS", ...origin })).status).toBe(403);
    const own = await strict.request("/http-bind", {
      method: "OPTIONS",
      headers: { Origin: "https://chat.example.org" },
    });
    expect(own.headers.get("access-control-allow-origin")).toBe("https://chat.example.org");
    expect(own.headers.get("vary")).toBe("Origin");
  });

  test("find no page here", async ({ rig }) => {
    const answer = await rig.request("/http-bind");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
  });
});
