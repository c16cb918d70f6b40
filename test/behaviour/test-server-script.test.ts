import { describe, expect, test } from "vitest";
import { type StanzaPattern, TestServer, type TestServerOptions } from "../../src/testing/index.ts";

const NS = "urn:example:tea";
const asking = (id: string) => `<iq type="get" id="${id}"><tea xmlns="${NS}"/></iq>`;
const tea = `<tea xmlns="${NS}"><cup/></tea>`;

async function start(options: TestServerOptions = {}) {
  const server = await TestServer.start({ users: ["romeo"], clock: "virtual", port: false, ...options });
  return { server, romeo: await server.client("romeo/orchard"), [Symbol.asyncDispose]: () => server.close() };
}

describe("a handler", () => {
  test("answers in place of the server, with a payload, with whole stanzas or with an error", async () => {
    await using rig = await start();
    const { server, romeo } = rig;
    server.on({ iq: "get", xmlns: NS, id: "1" }).reply(tea);
    server.on({ iq: "get", xmlns: NS, id: "2" }, (stanza, context) => {
      expect(context.client).toBe("romeo@localhost/orchard");
      context.reply(`<iq type="result"><echo xmlns="${NS}" of="${stanza.attrs["id"]}"/></iq>`);
    });
    server.on({ iq: "get", xmlns: NS, id: "3" }).error("forbidden", "no tea");
    for (const id of ["1", "2", "3"]) await romeo.sends(asking(id));
    await romeo.receives(
      `<iq type="result" id="1" from="romeo@localhost" to="romeo@localhost/orchard">${tea}</iq>`,
    );
    await romeo.receives(`<iq type="result" id="2" from="romeo@localhost"><echo xmlns="${NS}" of="2"/></iq>`);
    await romeo.receives(
      `<iq type="error" id="3"><tea xmlns="${NS}"/>
        <error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
        <text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">no tea</text></error></iq>`,
    );
  });

  test("goes before one without a number when it has one, and is pending until it was asked so often", async () => {
    await using rig = await start();
    const { server, romeo } = rig;
    const always = server.on({ iq: "get", xmlns: NS }).reply(`<tea xmlns="${NS}" n="any"/>`);
    server.on({ iq: "get", xmlns: NS }).reply(`<tea xmlns="${NS}" n="1"/>`).once();
    server.on({ iq: "get", xmlns: NS }).reply(`<tea xmlns="${NS}" n="2"/>`).times(2);
    expect(server.pending()).toHaveLength(2);
    for (const n of ["1", "2", "2", "any", "any"]) {
      await romeo.sends(asking("t"));
      await romeo.receives(`<iq type="result" id="t"><tea xmlns="${NS}" n="${n}"/></iq>`);
      if (n === "1") expect(server.pending()).toEqual([expect.stringContaining("(0 of 2)")]);
    }
    expect(server.pending()).toEqual([]);
    expect(always.calls).toBe(2);
    always.remove();
    await romeo.sends(asking("t"));
    await romeo.receives(`<iq type="error" id="t">{any}</iq>`);
  });

  test("waits on the server's clock, lets things pass, and may never answer", async () => {
    await using rig = await start();
    const { server, romeo } = rig;
    server.on({ iq: "get", id: "slow" }).reply().delay("5s");
    server.on({ iq: "get", id: "pass" }, (_, context) => context.pass());
    server.on({ iq: "get", id: "never" });
    const ping = (id: string) => `<iq type="get" id="${id}"><ping xmlns="urn:xmpp:ping"/></iq>`;
    for (const id of ["slow", "pass", "never"]) await romeo.sends(ping(id));
    await romeo.receives(`<iq type="result" id="pass"/>`);
    await server.clock.advance("4s");
    await romeo.receivesNothing();
    await server.clock.advance("1s");
    await romeo.receives(`<iq type="result" id="slow"/>`);
    await server.clock.advance("10m");
    await romeo.receivesNothing();
  });

  test("counts what it took for the client's stream management", async () => {
    await using rig = await start();
    const { server, romeo } = rig;
    await romeo.sends(`<enable xmlns="urn:xmpp:sm:3"/>`);
    await romeo.receivesAny();
    server.on({ kind: "message" }, (_, context) =>
      context.send(`<message from="localhost"><body>taken</body></message>`),
    );
    server.on({ iq: "get" }, (_, context) => context.pass());
    await romeo.sends(`<message to="juliet@localhost"><body>Hi</body></message>`);
    await romeo.receives(`<message><body>taken</body></message>`);
    await romeo.sends(`<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq><r xmlns="urn:xmpp:sm:3"/>`);
    await romeo.receivesInAnyOrder([
      `<iq type="result" id="p"/>`,
      `<a xmlns="urn:xmpp:sm:3" h="{handled}"/>`,
    ]);
    await romeo.sends(`<r xmlns="urn:xmpp:sm:3"/>`);
    await romeo.receives(`<a xmlns="urn:xmpp:sm:3" h="2"/>`);
  });

  test("that throws, or one that is missing where that is an error, is told of", async () => {
    await using rig = await start();
    const { server, romeo } = rig;
    server.on({ iq: "get", xmlns: NS, id: "1" }, () => {
      throw new Error("spilt");
    });
    server.unhandled("error");
    await romeo.sends(asking("1"));
    await romeo.receives(`<iq type="error" id="1">{any}</iq>`);
    await romeo.sends(`<iq type="get" id="2"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await romeo.receives(
      `<iq type="error" id="2"><ping xmlns="urn:xmpp:ping"/>
        <error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    expect(server.errors).toEqual([
      expect.stringContaining("Error: spilt"),
      expect.stringMatching(/nobody handles romeo@localhost\/orchard → <iq id="2"/),
    ]);
    server.unhandled("pass");
    await romeo.sends(`<iq type="get" id="3"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await romeo.receives(`<iq type="result" id="3"/>`);
  });
});

describe("what a pattern throws", () => {
  const ping = `<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;
  const where = (): boolean => {
    throw new Error("spilt");
  };

  test.each([
    ["of a handler", (server: TestServer) => void server.on({ where })],
    ["of a fault of what comes", (server: TestServer) => drop(server, { direction: "in", where })],
    ["of a fault of what goes", (server: TestServer) => drop(server, { where })],
    [
      "of unanswered requests",
      (server: TestServer) => void server.faults.add({ fault: "unanswered", on: { where } }),
    ],
    [
      "that answers with a promise",
      (server: TestServer) =>
        drop(server, { where: (async () => Promise.reject(new Error("spilt"))) as unknown as () => boolean }),
    ],
  ])("%s fails the test, and nothing else", async (_, set) => {
    await using rig = await start();
    const { server, romeo } = rig;
    set(server);
    await romeo.sends(ping);
    await romeo.receives(`<iq type="result" id="p"/>`);
    expect(server.errors).toEqual([
      expect.stringMatching(/^a pattern failed: .*(spilt|at once)[^]*\nat romeo@/),
    ]);
  });

  test("is not lost when a fault lets go what it had, late", async () => {
    await using rig = await start();
    const { server, romeo } = rig;
    server.faults.add({ on: { to: "romeo" }, action: "delay", by: "5s", times: 1 });
    drop(server, { to: "romeo", where });
    await romeo.sends(ping);
    await server.clock.advance("5s");
    await romeo.receives(`<iq type="result" id="p"/>`);
    expect(server.errors).toEqual([expect.stringContaining("Error: spilt")]);
  });

  function drop(server: TestServer, on: StanzaPattern): void {
    server.faults.add({ on, action: "drop" });
  }
});

test("a handler that cannot be is refused at once", async () => {
  await using rig = await start();
  const { server } = rig;
  expect(() => server.on({}).reply("<tea>")).toThrow("end tag of another element");
  for (const times of [0, -1, 0.5, Number.NaN]) expect(() => server.on({}).times(times)).toThrow(TypeError);
});
