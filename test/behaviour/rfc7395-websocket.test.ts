/** RFC 7395: XMPP over WebSocket. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import type { RigOptions } from "../../src/testing/create-rig.ts";
import { authenticate } from "../../src/testing/log-in.ts";
import { createXmlParser } from "../../src/xml/stream-parser.ts";
import { connectClear } from "./socket-client.ts";
import { CLOSE, connectWebSocket, FRAMING, frame, OPEN, RawWebSocket, webRig } from "./websocket-client.ts";

const IN_CLEAR: RigOptions = { config: { tls: { required: false }, auth: { plainWithoutTls: true } } };
const error = (condition: string) => `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>`;

/** Whether a frame needs nothing from around it. */
function isDocument(text: string): boolean {
  const limits = { stanzaBytes: 1e6, depth: 100, attributes: 100, attributeBytes: 1e6, namespaces: 100 };
  const parser = createXmlParser(limits);
  parser.write(Buffer.from(`<root>${text}`));
  parser.next();
  const event = parser.next();
  return event?.kind === "element" && event.element.ns !== "" && parser.pending === 0;
}

describe("a handshake that is refused", () => {
  const REFUSED =
    "GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

  test("ends its connection, also when the client does not end its own side", async () => {
    const { server } = await webRig();
    const socket = connect({ port: server.ports.http, host: "127.0.0.1", allowHalfOpen: true });
    socket.write(REFUSED);
    socket.resume();
    await once(socket, "end");
    await server.close();
    socket.destroy();
  });

  test("does no harm when the connection breaks at that moment", async () => {
    const { server } = await webRig();
    for (let tries = 0; tries < 20; tries++) {
      const socket = connect({ port: server.ports.http, host: "127.0.0.1" });
      await once(socket, "connect");
      socket.write(REFUSED);
      setImmediate(() => socket.resetAndDestroy());
      await once(socket, "close");
    }
    expect((await fetch(`http://127.0.0.1:${server.ports.http}/xmpp-websocket`)).status).toBe(426);
  });
});

describe("the handshake (§3.1)", () => {
  test("agrees on the subprotocol, and on no extension", async () => {
    const { socket } = await connectWebSocket(await webRig());
    expect(socket.protocol).toBe("xmpp");
    expect(socket.extensions).toBe("");
  });

  test("chooses xmpp among others", async () => {
    const client = await connectWebSocket(await webRig(), { subprotocols: ["mqtt", "xmpp"] });
    expect(client.socket.protocol).toBe("xmpp");
  });

  test("fails without it", async () => {
    const rig = await webRig();
    await expect(connectWebSocket(rig, { subprotocols: [] })).rejects.toThrow("400");
    await expect(connectWebSocket(rig, { subprotocols: ["xmpp2"] })).rejects.toThrow("400");
    expect(rig.server.streams.size).toBe(0);
  });

  test("asks a mere request to upgrade", async () => {
    const answer = await (await webRig()).request("/xmpp-websocket");
    expect(answer.status).toBe(426);
    expect(answer.headers.get("upgrade")).toBe("websocket");
  });

  test("fails for pages from elsewhere, where only some are allowed", async () => {
    const rig = await webRig({ config: { http: { origins: ["https://chat.example.org"] } } });
    const from = (Origin: string) => connectWebSocket(rig, { headers: { Origin } });
    await expect(from("https://example.org")).rejects.toThrow("403");
    await expect(from("null")).rejects.toThrow("403");
    await from("https://chat.example.org");
    // No browser, no page.
    await connectWebSocket(rig);
  });

  test("fails when it is switched off", async () => {
    const rig = await webRig({ config: { websocket: { enabled: false } } });
    await expect(connectWebSocket(rig)).rejects.toThrow("404");
  });
});

describe("a stream", () => {
  test("goes from <open/> to <close/>, each frame a document (§3.3, §3.4, §3.6)", async () => {
    const rig = await webRig();
    const bob = await rig.connect("bob/pipe");
    const client = await connectWebSocket(rig);
    const frames: string[] = [];
    client.socket.on("message", (data: Buffer) => frames.push(data.toString()));
    await client.logsIn();
    client.sends(`<presence xmlns="jabber:client"/>`);
    await client.next();
    client.sends(
      `<message xmlns="jabber:client" to="bob@localhost" type="chat"><body>Grüße &lt;3</body></message>`,
    );
    await bob.receives(`<message type="chat"><body>Grüße &lt;3</body></message>`);
    await bob.sends(`<message to="alice@localhost" type="chat"><body>Ebenso</body></message>`);
    expect(await client.next()).toMatch(/^<message xmlns="jabber:client" [^>]*><body>Ebenso<\/body>/);
    client.sends(CLOSE);
    expect(await client.next()).toBe(CLOSE);
    expect(await client.closed).toBe("1000");
    expect(frames[0]).toMatch(
      new RegExp(
        `^<open xmlns="${FRAMING}" from="localhost" id="[\\w-]{16,}" version="1.0" xml:lang="en"/>$`,
      ),
    );
    expect(frames.filter((text) => !isDocument(text))).toEqual([]);
    expect(rig.server.host().sessions.of(rig.server.host().jid)).toEqual([]);
  });

  test("is secure under TLS, whose channel no browser can bind to", async () => {
    const rig = await webRig();
    const client = await connectWebSocket(rig);
    const offered = await client.opens();
    expect(offered).toContain("SCRAM-SHA-256<");
    expect(offered).not.toMatch(/PLUS|channel-binding/);
    const transport = [...rig.server.streams][0]?.transport;
    expect([transport?.kind, transport?.secure, transport?.remote]).toEqual(["websocket", true, "127.0.0.1"]);
  });

  test("offers neither TLS (§3.9) nor passwords in clear", async () => {
    const offered = await (await connectWebSocket(await webRig(), { secure: false })).opens();
    expect(offered).not.toMatch(/starttls|mechanism/);
  });

  test("is secure behind a trusted proxy that says so, and knows the client", async () => {
    const rig = await webRig({ config: { proxies: { trusted: ["127.0.0.1"] } } });
    const headers = { Forwarded: "for=192.0.2.7;proto=https" };
    const offered = await (await connectWebSocket(rig, { secure: false, headers })).opens();
    expect(offered).toContain("SCRAM-SHA-256<");
    expect(offered).not.toMatch(/PLUS|channel-binding/);
    expect([...rig.server.streams][0]?.remote).toBe("192.0.2.7");
    const overTls = await (await connectWebSocket(rig, { headers })).opens();
    expect(overTls).not.toMatch(/PLUS|channel-binding/);
  });

  test("behind a proxy counts for the client", async () => {
    const rig = await webRig({
      config: { proxies: { trusted: ["127.0.0.1"] }, limits: { streamsPerAddress: 1 } },
    });
    const from = (address: string) => connectWebSocket(rig, { headers: { "X-Forwarded-For": address } });
    const first = await from("192.0.2.7");
    await expect(from("192.0.2.7")).rejects.toThrow("429");
    await from("192.0.2.8");
    // RFC 7239 §6: whom a proxy does not name.
    await from("unknown");
    await expect(from("_hidden")).rejects.toThrow("429");
    first.socket.terminate();
    await expect
      .poll(() =>
        from("192.0.2.7").then(
          () => "in",
          () => "out",
        ),
      )
      .toBe("in");
  });

  test("answers a header that fails with <open/>, the error and <close/> (§3.5)", async () => {
    const client = await connectWebSocket(await webRig());
    client.sends(OPEN.replace("localhost", "nowhere.net"));
    expect(await client.next()).toMatch(/^<open /);
    const failure = await client.next();
    expect(failure).toMatch(/^<stream:error xmlns:stream="http:\/\/etherx.jabber.org\/streams">/);
    expect(failure).toContain(error("host-unknown"));
    expect(await client.next()).toBe(CLOSE);
    expect(await client.closed).toBe("1000");
  });

  test("is restarted by <open/>, and by nothing else (§3.7)", async () => {
    const rig = await webRig();
    const client = await connectWebSocket(rig);
    await client.opens();
    const message = Buffer.from("\0alice\0secret of alice").toString("base64");
    client.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`);
    await client.next();
    client.sends(
      `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
    );
    expect(await client.next()).toMatch(/^<open /);
    expect(await client.next()).toContain(error("invalid-namespace"));
    const again = await connectWebSocket(rig);
    await again.logsIn();
    again.sends(OPEN);
    expect(await again.next()).toContain(error("unsupported-stanza-type"));
  });

  test("that is cut may be resumed, also on TCP (§3.10)", async () => {
    const rig = await webRig(IN_CLEAR);
    const client = await connectWebSocket(rig);
    await client.logsIn();
    client.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    const id = / id="([^"]+)"/.exec(await client.next())?.[1];
    client.socket.terminate();
    await client.closed;
    await expect.poll(() => rig.server.streams.size).toBe(0);
    const bob = await rig.connect("bob/pipe");
    await bob.sends(`<message to="alice@localhost/web" type="chat"><body>meanwhile</body></message>`);
    const tcp = await connectClear(rig);
    await authenticate(tcp, { domain: "localhost", user: "alice", password: "secret of alice" });
    await tcp.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
    await tcp.receives(`<resumed xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
    await tcp.receives(`<message type="chat"><body>meanwhile</body></message>`);
    await tcp.disconnects();
  });

  test("ends with the server", async () => {
    const rig = await webRig();
    const client = await connectWebSocket(rig);
    await client.logsIn();
    const closed = rig.close();
    expect(await client.next()).toContain(error("system-shutdown"));
    expect(await client.next()).toBe(CLOSE);
    expect(await client.closed).toBe("1000");
    await closed;
  });
});

describe("frames that are none", () => {
  const bad: [string, string, string][] = [
    ["two elements", `${OPEN}${OPEN}`, "not-well-formed"],
    ["half an element", "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'", "not-well-formed"],
    ["an element without its end", `<open xmlns='${FRAMING}' to='localhost'>`, "not-well-formed"],
    ["white space (§3.8)", " ", "not-well-formed"],
    ["nothing", "", "not-well-formed"],
    ["white space before an element (§3.3.3)", ` ${OPEN}`, "not-well-formed"],
    ["the end of what is not there", "</frames>", "not-well-formed"],
    ["a comment", `<!-- a -->${OPEN}`, "restricted-xml"],
    ["a document type", `<!DOCTYPE a>${OPEN}`, "restricted-xml"],
    ["another encoding", `<?xml version='1.0' encoding='latin1'?>${OPEN}`, "unsupported-encoding"],
    [
      "another namespace (§3.3.2)",
      "<open xmlns='jabber:client' to='localhost' version='1.0'/>",
      "invalid-namespace",
    ],
    ["no namespace", "<open to='localhost' version='1.0'/>", "invalid-namespace"],
    [
      "the header of TCP",
      "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'/>",
      "invalid-namespace",
    ],
    ["another element of framing", `<openn xmlns="${FRAMING}" version="1.0"/>`, "bad-format"],
    ["no version", `<open xmlns="${FRAMING}" to="localhost"/>`, "unsupported-version"],
    [
      "too large an element before log-in",
      OPEN.replace("/>", `>${"x".repeat(10_000)}</open>`),
      "policy-violation",
    ],
  ];
  test.each(bad)("%s", async (_, text, condition) => {
    const client = await connectWebSocket(await webRig());
    client.sends(text);
    expect(await client.next()).toMatch(/^<open /);
    expect(await client.next()).toContain(error(condition));
    expect(await client.next()).toBe(CLOSE);
    expect(await client.closed).toBe("1000");
  });

  test("but an XML declaration and white space behind the element are let pass", async () => {
    const client = await connectWebSocket(await webRig());
    expect(await client.opens(`<?xml version='1.0'?>\n${OPEN}\n`)).toMatch(/^<stream:features/);
  });

  test("binary data (§3.2)", async () => {
    const client = await connectWebSocket(await webRig());
    client.sends(Buffer.from(OPEN));
    expect(await client.closed).toBe("1003 text only");
  });

  test("more than the largest stanza", async () => {
    const rig = await webRig({
      config: { limits: { stanzaBytes: 10_000, stanzaBytesUnauthenticated: 5000 } },
    });
    const client = await connectWebSocket(rig);
    await client.logsIn();
    client.sends(`<message xmlns="jabber:client"><body>${"x".repeat(20_000)}</body></message>`);
    expect(await client.closed).toMatch(/^1009/);
    await expect.poll(() => rig.server.streams.size).toBe(0);
  });
});

describe("on the wire (RFC 6455)", () => {
  test("a message may come in fragments, and each byte by itself", async () => {
    const raw = await RawWebSocket.connect(await webRig());
    const half = OPEN.length / 2;
    const bytes = Buffer.concat([
      frame(OPEN.slice(0, half), { isLast: false }),
      frame("are you there", { opcode: 9 }),
      frame(OPEN.slice(half), { opcode: 0 }),
    ]);
    for (const byte of bytes) raw.socket.write(Buffer.from([byte]));
    await raw.hears("are you there");
    await raw.hears("<stream:features");
  });

  const broken: [string, Buffer, number][] = [
    ["a frame that is not masked (§5.1)", frame(OPEN, { isMasked: false }), 1002],
    ["text that is not UTF-8 (§8.1)", frame(Buffer.from([0x3c, 0xff, 0xfe])), 1007],
    ["an opcode that nobody knows (§5.2)", frame(OPEN, { opcode: 3 }), 1002],
    ["a continuation of nothing (§5.4)", frame(OPEN, { opcode: 0 }), 1002],
    ["a ping that is too long (§5.5)", frame("x".repeat(126), { opcode: 9 }), 1002],
    ["a message that claims to be huge", frame("x", { length: 2 ** 40 }), 1009],
  ];
  test.each(broken)("%s closes the connection", async (_, bytes, code) => {
    const rig = await webRig();
    const raw = await RawWebSocket.connect(rig);
    const begin = raw.heard.length;
    raw.socket.write(bytes);
    await raw.gone;
    const [opcode, , high = 0, low = 0] = raw.heard.subarray(begin);
    expect([opcode, high * 256 + low]).toEqual([0x88, code]);
    await expect.poll(() => rig.server.streams.size).toBe(0);
  });

  test("the connection may go at any time", async () => {
    const rig = await webRig();
    for (const bytes of [frame(OPEN).subarray(0, 10), frame(OPEN), frame("", { opcode: 8 })]) {
      const raw = await RawWebSocket.connect(rig);
      raw.socket.end(bytes);
      await raw.gone;
    }
    await expect.poll(() => rig.server.streams.size).toBe(0);
  });
});

describe("a client that gives no sign of life", () => {
  test("is asked for one, and cut off when there is none", async () => {
    const rig = await webRig();
    const [dead, alive] = [await connectWebSocket(rig), await connectWebSocket(rig)];
    await dead.logsIn("dead");
    await alive.logsIn("alive");
    dead.socket.pause();
    const pinged = once(alive.socket, "ping");
    await rig.clock.advance(50_000);
    await pinged;
    await expect
      .poll(async () => {
        await rig.clock.advance(50_000);
        return [...rig.server.host().sessions.all()].map(({ jid }) => jid.resource);
      })
      .toEqual(["alive"]);
  });

  test("and takes nothing is cut off when too much waits", async () => {
    const rig = await webRig({
      config: { limits: { unsentSoft: "10 KB", unsentHard: "100 KB", bytesPerSecond: "off" } },
    });
    const bob = await rig.connect("bob/pipe");
    const client = await connectWebSocket(rig);
    await client.logsIn();
    client.sends(`<presence xmlns="jabber:client"/>`);
    await client.next();
    client.socket.pause();
    const body = "x".repeat(50_000);
    for (let sent = 0; sent < 400 && rig.server.streams.size > 1; sent++) {
      await bob.sends(`<message to="alice@localhost" type="chat"><body>${body}</body></message>`);
    }
    expect(rig.server.streams.size).toBe(1);
  });
});
