/** What @xmpp/client tests against a server of its own, against the test server. */
import type { EventEmitter } from "node:events";
import { setDefaultCACertificates } from "node:tls";
import { type Client, type ClientOptions, client, xml } from "@xmpp/client";
import type { Element } from "ltx";
import { describe, expect, onTestFinished, test } from "vitest";
import { TestServer, type TestServerOptions } from "../../src/testing/index.ts";

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await TestServer.start({ users: ["romeo", "juliet"], ...options });
  if (options.tls) setDefaultCACertificates([server.ca]);
  onTestFinished(() => server.close());
  return server;
}

interface Romeo extends Client {
  readonly failures: Error[];
  readonly statuses: string[];
}

function romeoOf(server: TestServer, options: Partial<ClientOptions> = {}): Romeo {
  const made = client({ ...server.user("romeo").connectOptions, ...options });
  const romeo = Object.assign(made, { failures: [] as Error[], statuses: [] as string[] });
  romeo.on("error", (error: Error) => romeo.failures.push(error));
  romeo.on("status", (status: string) => romeo.statuses.push(status));
  romeo.reconnect.delay = 1;
  onTestFinished(async () => {
    romeo.reconnect.stop();
    if (romeo.status !== "offline") await romeo.stop();
  });
  return romeo;
}

const chat = (body: string) =>
  xml("message", { to: "juliet@localhost", type: "chat", id: body }, xml("body", {}, body));
const happens = (emitter: EventEmitter, event: string) =>
  new Promise<unknown>((resolve) => void emitter.once(event, resolve));

/** XEP-0198 §5: by itself, or along with a successful authentication (§9.2). */
function isRefusal(element: Element): boolean {
  return [element, element.getChild("failed")].some((each) => each?.is("failed", "urn:xmpp:sm:3"));
}

/** Logged in, present, and with stream management. */
async function settledRomeo(server: TestServer): Promise<Romeo> {
  const romeo = romeoOf(server);
  await romeo.start();
  await romeo.send(xml("presence"));
  // With SASL2 the server enables it while it binds (XEP-0386), else the client asks afterwards.
  while (!romeo.streamManagement.enabled) await new Promise((resolve) => void setTimeout(resolve, 1));
  return romeo;
}

test("elements of its own are taken by handlers and by clients of the test", async () => {
  const server = await serve();
  const payload = () => xml("x", { xmlns: "urn:example:x" }, xml("y", { a: "<" }, "&"));
  server.on({ iq: "get", xmlns: "urn:example:x" }, (_, context) => context.reply(payload()));
  const romeo = romeoOf(server);
  await romeo.start();
  const answer = await romeo.iqCaller.get(xml("x", { xmlns: "urn:example:x" }), "localhost");
  expect(answer.toString()).toBe(payload().toString());
  const juliet = await server.client("juliet");
  await juliet.sends(xml("message", { to: "romeo@localhost" }, payload()));
  const { element } = await server.expect({ from: "juliet", kind: "message", xmlns: "urn:example:x" });
  expect(element.getChild("x")?.getChildText("y")).toBe("&");
});

describe("logging in", () => {
  test.each(["xmpp", "ws"] as const)("over %s, in clear", async (service) => {
    const server = await serve();
    const romeo = romeoOf(server, { service: server.service(service) });
    expect((await romeo.start()).toString()).toMatch(/^romeo@localhost\/.+/);
    await romeo.stop();
    expect(romeo.statuses).toEqual([
      "connecting",
      "connect",
      "opening",
      "open",
      // RFC 6120 §6.4.6: the stream is restarted.
      "opening",
      "open",
      "online",
      "closing",
      "close",
      "disconnecting",
      "disconnect",
      "offline",
    ]);
    expect(romeo.failures).toEqual([]);
  });

  test.each(["xmpp", "xmpps", "wss"] as const)(
    "over %s, under TLS, with SASL2 and Bind 2",
    async (service) => {
      const server = await serve({ tls: true });
      const romeo = romeoOf(server, { service: server.service(service) });
      await romeo.start();
      const { element } = await server.expect({ direction: "in", kind: "nonza", child: "authenticate" });
      expect(element.getChild("bind")).toBeDefined();
      expect(romeo.streamManagement.enabled).toBe(true);
    },
  );

  test("with the mechanism that a function chooses", async () => {
    const server = await serve();
    const { password } = server.user("romeo");
    const mechanisms: string[] = [];
    const credentials = async (
      authenticate: (given: object, mechanism: string) => Promise<void>,
      offered: readonly string[],
    ) => {
      mechanisms.push(...offered);
      await authenticate({ username: "romeo", password }, "PLAIN");
    };
    const { connectOptions } = server.user("romeo");
    const { service, domain } = connectOptions;
    const romeo = client({ service, domain, credentials });
    onTestFinished(() => romeo.stop());
    await romeo.start();
    expect(mechanisms).toEqual(["SCRAM-SHA-1", "PLAIN"]);
    expect(server.transcript).toContain('mechanism="PLAIN"');
  });

  test("as nobody", async () => {
    const server = await serve({ config: { auth: { anonymous: true } } });
    const { service, domain } = server.user("romeo").connectOptions;
    const nobody = client({ service, domain });
    onTestFinished(() => nobody.stop());
    expect((await nobody.start()).toString()).toMatch(/^[^@]+@localhost\/.+/);
    expect(server.sessions()).toHaveLength(1);
  });

  test("with a wrong password, in vain", async () => {
    const server = await serve();
    const romeo = romeoOf(server, { password: "mercutio" });
    romeo.reconnect.stop();
    await expect(romeo.start()).rejects.toMatchObject({ name: "SASLError", condition: "not-authorized" });
  });

  test("again with the token that the first time brought (XEP-0484)", async () => {
    const server = await serve({ tls: true });
    const romeo = romeoOf(server);
    await romeo.start();
    server.kill("romeo");
    await happens(romeo.streamManagement, "resumed");
    const asked = await server.expect({
      direction: "in",
      kind: "nonza",
      where: (element) => String(element.attrs["mechanism"]).startsWith("HT-"),
    });
    expect(asked.element.getName()).toBe("authenticate");
  });
});

describe("stream management", () => {
  test("tells what the server has", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const acknowledged = happens(romeo.streamManagement, "ack");
    await romeo.send(chat("1"));
    expect(String(await acknowledged)).toContain('id="1"');
  });

  test("resumes a session whose connection was cut, and neither side misses anything", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const juliet = await server.client("juliet");
    const heard: unknown[] = [];
    romeo.on("stanza", (stanza) => heard.push(stanza.getChildText("body")));
    const { jid } = server.sessions("romeo")[0] as { jid: string };

    romeo.reconnect.delay = 50;
    server.kill("romeo", { beforeStanza: 1, direction: "in" });
    const resumed = happens(romeo.streamManagement, "resumed");
    await romeo.send(chat("up"));
    await happens(romeo, "disconnect");
    await juliet.sends(`<message to="${jid}" type="chat"><body>down</body></message>`);
    await resumed;
    await server.expect({ to: "juliet", body: "up" });
    await server.expect({ to: "romeo", body: "down" });
    await server.settle();
    expect(heard).toEqual(["down"]);
    expect(server.sessions("romeo").map((session) => session.jid)).toEqual([jid]);
  });

  test.each([false, true])("begins a new session where the old one is gone; under TLS: %s", async (tls) => {
    const server = await serve({ tls });
    const romeo = await settledRomeo(server);
    server.refuseResume("romeo");
    server.kill("romeo");
    await happens(romeo, "online");
    const told = await server.expect({ direction: "out", kind: "nonza", where: isRefusal });
    expect(told.element.getName()).toBe(tls ? "success" : "failed");
    expect(server.sessions("romeo")).toHaveLength(1);
  });

  test("tells what is lost for good", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    server.refuseResume("romeo");
    server.kill("romeo", { beforeStanza: 1, direction: "in" });
    const lost = happens(romeo.streamManagement, "fail");
    await romeo.send(chat("lost")).catch(() => {});
    expect(String(await lost)).toContain('id="lost"');
  });
});

test("stays while the clock of the server is turned, for it answers pings in time", async () => {
  const server = await serve({ clock: "virtual" });
  const romeo = await settledRomeo(server);
  server.forget();
  await server.clock.advance("2h");
  await server.expect({ to: "romeo", iq: "get", child: "ping" });
  expect(server.sessions("romeo")).toMatchObject([{ attached: true }]);
  expect(romeo.status).toBe("online");
});

describe("reconnecting", () => {
  test("after the server ended the stream with an error", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    server.streamError("romeo", "system-shutdown");
    await happens(romeo.streamManagement, "resumed");
    expect(romeo.failures).toMatchObject([{ condition: "system-shutdown" }]);
  });

  test("after the server was started anew", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const online = happens(romeo, "online");
    await server.snapshot().restore();
    await online;
    expect(server.sessions("romeo")).toHaveLength(1);
  });
});
