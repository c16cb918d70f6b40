/** RFC 6120 §4: opening, restarting and closing streams. */
import { describe, expect } from "vitest";
import { type Client, streamHeader } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";

const FEATURES = "<stream:features>{any}</stream:features>";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

function plain(user: string, password: string): string {
  const message = Buffer.from(`\0${user}\0${password}`).toString("base64");
  return `<auth xmlns="${SASL}" mechanism="PLAIN">${message}</auth>`;
}

async function authenticateAs(client: Client, user: string, password: string): Promise<void> {
  await client.receives(FEATURES);
  await client.sends(plain(user, password));
  await client.receives(`<success xmlns="${SASL}"/>`);
}

describe("the response header", () => {
  test("comes with version 1.0, the domain as from, an id and a language (§4.7)", async ({ raw }) => {
    const client = raw();
    const { name, prefix, ns, defaultNs, attributes } = await client.opens();
    expect({ name, prefix, ns, defaultNs }).toEqual({
      name: "stream",
      prefix: "stream",
      ns: "http://etherx.jabber.org/streams",
      defaultNs: "jabber:client",
    });
    expect(attributes).toEqual({
      from: "localhost",
      id: expect.any(String),
      version: "1.0",
      "xml:lang": "en",
    });
  });

  test("begins with an XML declaration that says UTF-8 or nothing of it (§11.6)", async ({ raw }) => {
    const client = raw();
    await client.opens();
    expect(client.heard).toMatch(/^<\?xml version=['"]1\.0['"]( encoding=['"]UTF-8['"])?\?>/);
  });

  test("addresses the client by the from of its header (§4.7.2)", async ({ raw }) => {
    const { attributes } = await raw().opens({ from: "alice@localhost" });
    expect(attributes.to).toBe("alice@localhost");
  });

  test("has no to when the client did not say who it is (§4.7.2)", async ({ raw }) => {
    const { attributes } = await raw().opens();
    expect(attributes).not.toHaveProperty("to");
  });

  test("names the language of its own texts, whatever the client prefers (§4.7.4)", async ({ raw }) => {
    const { attributes } = await raw().opens({ "xml:lang": "de-CH" });
    expect(attributes["xml:lang"]).toBe("en");
  });

  test("has another id each time, with 128 bits of randomness (§4.7.3)", async ({ raw, authenticated }) => {
    const ids = new Set<string>();
    for (let count = 0; count < 20; count++) ids.add((await raw().opens()).attributes.id ?? "");
    const restarted = await authenticated("alice");
    for (const [, id = ""] of restarted.heard.matchAll(/<stream:stream[^>]* id="([^"]+)"/g)) ids.add(id);
    expect(ids.size).toBe(22);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });

  test("is followed by the features at once (§4.3.2)", async ({ raw }) => {
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.receivesNothing();
  });

  test("names the default domain when the client names none", async ({ raw }) => {
    const { attributes } = await raw().opens({ to: undefined });
    expect(attributes.from).toBe("localhost");
  });

  test("answers a minor version that does not exist yet with 1.0 (§4.7.5)", async ({ raw }) => {
    const { attributes } = await raw().opens({ version: "1.7" });
    expect(attributes.version).toBe("1.0");
  });
});

describe("domains", () => {
  test.override({ options: { domain: ["localhost", "example.org"] } });

  test("the header's to chooses one (§4.7.2)", async ({ raw }) => {
    const { attributes } = await raw().opens({ to: "example.org" });
    expect(attributes.from).toBe("example.org");
  });

  test("it is compared as a domain, not as letters", async ({ raw }) => {
    const { attributes } = await raw().opens({ to: "EXAMPLE.org" });
    expect(attributes.from).toBe("example.org");
  });

  test("a stream cannot change it after authentication (§4.3.3)", async ({ raw, user }) => {
    await user("alice@example.org", "secret");
    const client = raw();
    await client.opens({ to: "example.org" });
    await authenticateAs(client, "alice", "secret");
    await client.opens({ to: "localhost" });
    await client.closed("not-authorized");
  });

  test("one account's password is of no use at another domain", async ({ raw, user }) => {
    await user("alice@example.org", "secret");
    const client = raw();
    await client.opens({ to: "localhost" });
    await client.receives(FEATURES);
    await client.sends(plain("alice", "secret"));
    await client.receives(`<failure xmlns="${SASL}"><not-authorized/></failure>`);
  });
});

describe("restarts", () => {
  test("after authentication a new header with a new id and other features come (§4.3.3, §6.4.6)", async ({
    authenticated,
  }) => {
    const client = await authenticated("alice");
    const [, before = "", after = ""] = client.heard.split("<stream:stream");
    expect(before).toContain("<mechanisms");
    expect(after).not.toContain("<mechanisms");
    expect(after).toContain("<bind");
    expect(client.heard).not.toContain("</stream:stream>");
  });

  test("the new header may come in one packet with the authentication before it", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(plain("alice", "secret") + streamHeader());
    await client.receives(`<success xmlns="${SASL}"/>`);
    await client.receivesHeader();
    await client.receives(FEATURES);
  });

  test("a from that names no user is no claim (§4.7.1)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    const header = await client.opens({ from: "workstation.example" });
    expect(header.attributes.to).toBe("workstation.example");
    await authenticateAs(client, "alice", "secret");
    await client.opens({ from: "workstation.example" });
    await client.receives(FEATURES);
  });

  test("the new header must not claim to be somebody else (§4.9.3.6)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    await authenticateAs(client, "alice", "secret");
    await client.opens({ from: "mallory@localhost" });
    await client.closed("invalid-from");
  });
});

describe("closing", () => {
  test("the server answers the client's end tag with its own, then the connection ends (§4.4)", async ({
    connect,
  }) => {
    const client = await connect("alice/phone");
    await client.sends("</stream:stream>");
    await client.closed();
  });

  test("also before authentication", async ({ raw }) => {
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.closes();
  });

  test("what was sent before the end tag is still processed (§4.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="${bob.jid}" type="chat"><body>Bye</body></message></stream:stream>`);
    await alice.closed();
    await bob.receives(`<message type="chat"><body>Bye</body></message>`);
  });

  test("nothing behind the end tag is processed", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`</stream:stream><message to="${bob.jid}" type="chat"><body>Late</body></message>`);
    await bob.receivesNothing();
  });

  test("white space between stanzas means nothing (§4.6.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(" \n\t ");
    await alice.receivesNothing();
    await alice.closes();
  });

  test("the client's answer to the server's end tag may come in pieces (§4.4)", async ({ rig, connect }) => {
    const client = await connect("alice/phone");
    const [stream] = rig.server.streams;
    stream?.close();
    await client.receivesEnd();
    client.pipe.chunkBytes = 1;
    await client.sends("<presence/>\n</stream:stream >");
    await client.disconnected();
  });

  test("a client that does not end its side is cut after a moment (§4.4)", async ({
    rig,
    connect,
    clock,
  }) => {
    const client = await connect("alice/phone");
    const [stream] = rig.server.streams;
    stream?.close();
    await client.receivesEnd();
    expect(client.gone).toBe(false);
    await clock.advance(10_000);
    await client.disconnected();
  });

  test("a stream error from the client ends the stream and the connection (§4.9.1.1)", async ({
    connect,
  }) => {
    const client = await connect("alice/phone");
    await client.sends(
      `<stream:error><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>`,
    );
    await client.receivesEnd();
    await client.disconnected();
  });

  test("a connection that breaks ends the session", async ({ rig, connect }) => {
    const client = await connect("alice/phone");
    await client.disconnects();
    expect(rig.server.host().sessions.size).toBe(0);
    expect(rig.server.streams.size).toBe(0);
  });

  test("the server's shutdown is told as a stream error (§4.9.3.20)", async ({ rig, connect }) => {
    const client = await connect("alice/phone");
    const closing = rig.server.close();
    await client.closed("system-shutdown");
    await closing;
  });
});

test("a header in two pieces is one header", async ({ raw }) => {
  const client = raw();
  const header = streamHeader();
  await client.sendsRaw(header.slice(0, 40));
  await client.receivesNothing();
  await client.sendsRaw(header.slice(40));
  await client.receivesHeader();
  await client.receives(FEATURES);
});
