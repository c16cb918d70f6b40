/** What holds for faults of every kind: chance, order, snapshots, and the end. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FaultOptions, TestServer, type TestServerOptions } from "../../src/testing/index.ts";

const start = (options: TestServerOptions = {}) =>
  TestServer.start({ clock: "virtual", port: false, users: ["romeo", "juliet", "nurse"], ...options });

const chat = (to: string, body: string) =>
  `<message to="${to}@localhost" type="chat"><body>${body}</body></message>`;

/** Bodies in the order in which they came. */
const bodiesOf = (heard: string) => [...heard.matchAll(/<body>([^<]*)<\/body>/g)].map(([, body]) => body);

const toJuliet = { to: "juliet", kind: "message" } as const;

describe("chance", () => {
  /** Who hears what of twelve messages to each of two users; `order` says to whom the next one goes. */
  async function heardBy(seed: number, order: readonly boolean[], others: readonly FaultOptions[] = []) {
    await using server = await start({ seed });
    server.faults.add({ on: { kind: "message" }, action: "drop", probability: 0.5 });
    for (const other of others) server.faults.add(other);
    const romeo = await server.client("romeo");
    const heard = { juliet: await server.client("juliet"), nurse: await server.client("nurse") };
    const counts = { juliet: 0, nurse: 0 };
    const say = async (to: "juliet" | "nurse") => {
      if (counts[to] < 12) await romeo.sends(chat(to, String(counts[to]++)));
    };
    for (const isJuliet of order) await say(isJuliet ? "juliet" : "nurse");
    for (let count = 0; count < 12; count++) for (const to of ["juliet", "nurse"] as const) await say(to);
    await server.settle();
    return [bodiesOf(heard.juliet.heard), bodiesOf(heard.nurse.heard)];
  }

  test("decides for each user the same with the same seed, in whatever order others come in between", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.array(fc.boolean(), { maxLength: 24 }), async (seed, order) => {
        expect(await heardBy(seed, order)).toEqual(await heardBy(seed, []));
      }),
      { numRuns: 15 },
    );
  });

  test("decides otherwise with another seed, and for another user", async () => {
    const [juliet, nurse] = await heardBy(1, []);
    expect(juliet).not.toEqual(nurse);
    expect(await heardBy(2, [])).not.toEqual([juliet, nurse]);
  });

  test("is not changed by what other faults leave to chance", async () => {
    const other: FaultOptions = { on: { kind: "presence" }, action: "drop", probability: 0.5 };
    expect(await heardBy(3, [], [other])).toEqual(await heardBy(3, []));
  });
});

describe("two faults of one stanza", () => {
  test("have their way one after the other: both of what was doubled are late", async () => {
    await using server = await start();
    const doubled = server.faults.add({ on: toJuliet, action: "duplicate" });
    const late = server.faults.add({ on: toJuliet, action: "delay", by: "10s" });
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");
    await romeo.sends(chat("juliet", "1"));
    await juliet.receivesNothing();
    expect([doubled.hits, late.hits]).toEqual([1, 2]);
    await server.clock.advance("10s");
    expect(bodiesOf(juliet.heard)).toEqual(["1", "1"]);
  });

  test("what is held meets the next one when it is released, and not one that is over by then", async () => {
    await using server = await start();
    const hold = server.faults.add({ on: toJuliet, action: "hold" });
    const loss = server.faults.add({ on: { ...toJuliet, body: "1" }, action: "drop" });
    const gone = server.faults.add({ on: { ...toJuliet, body: "2" }, action: "drop" });
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");
    for (const body of ["1", "2"]) await romeo.sends(chat("juliet", body));
    expect([loss.hits, gone.hits]).toEqual([0, 0]);
    gone.remove();
    hold.release();
    await server.settle();
    expect([loss.hits, gone.hits]).toEqual([1, 0]);
    expect(bodiesOf(juliet.heard)).toEqual(["2"]);
  });

  test("what the oldest takes is nothing to the others", async () => {
    await using server = await start();
    server.faults.add({ on: toJuliet, action: "drop", times: 1 });
    const second = server.faults.add({ on: toJuliet, action: "duplicate" });
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");
    for (const body of ["1", "2"]) await romeo.sends(chat("juliet", body));
    await server.settle();
    expect(second.hits).toBe(1);
    expect(bodiesOf(juliet.heard)).toEqual(["2", "2"]);
  });

  test("what goes on late goes to the handlers as well", async () => {
    await using server = await start();
    server.faults.add({ on: { from: "romeo", iq: "get" }, action: "delay", by: "1s" });
    const handler = server.on({ iq: "get", xmlns: "urn:x" }).reply(`<q xmlns="urn:x">scripted</q>`);
    const romeo = await server.client("romeo");
    await romeo.sends(`<iq type="get" id="1" to="localhost"><q xmlns="urn:x"/></iq>`);
    await romeo.receivesNothing();
    await server.clock.advance("1s");
    await romeo.receives(`<iq type="result" id="1"><q xmlns="urn:x">scripted</q></iq>`);
    expect(handler.calls).toBe(1);
  });
});

describe("a fault that is removed", () => {
  test("while something is late lets that come nevertheless", async () => {
    await using server = await start();
    const late = server.faults.add({ on: toJuliet, action: "delay", by: "10s" });
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");
    await romeo.sends(chat("juliet", "1"));
    late.remove();
    await romeo.sends(chat("juliet", "2"));
    await server.clock.advance("10s");
    expect(bodiesOf(juliet.heard)).toEqual(["2", "1"]);
    late.remove();
  });

  test("keeps what it holds until that is released", async () => {
    await using server = await start();
    const hold = server.faults.add({ on: toJuliet, action: "hold", times: 2 });
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");
    for (const body of ["1", "2", "3"]) await romeo.sends(chat("juliet", body));
    await server.settle();
    expect(bodiesOf(juliet.heard)).toEqual(["3"]);
    expect(hold.held.map((seen) => seen.element.getChildText("body"))).toEqual(["1", "2"]);
    hold.remove();
    hold.release();
    hold.release();
    await server.settle();
    expect(bodiesOf(juliet.heard)).toEqual(["3", "1", "2"]);
  });
});

describe("stream management (XEP-0198) beside faults", () => {
  async function managed(server: TestServer) {
    const juliet = await server.client("juliet/balcony");
    await juliet.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    const enabled = await juliet.receives(
      `<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="{any}"/>`,
    );
    const resumes = async (h: number) => {
      const again = await server.rig.authenticated("juliet");
      await again.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${enabled.attrs["id"]}" h="${h}"/>`);
      await server.settle();
      return again;
    };
    return { juliet, resumes };
  }

  test("counts what is lost, doubled, held and late as the client does", async () => {
    await using server = await start();
    const romeo = await server.client("romeo");
    const { juliet, resumes } = await managed(server);
    const on = (body: string) => ({ ...toJuliet, body });
    server.faults.add({ on: on("lost"), action: "drop" });
    server.faults.add({ on: on("twice"), action: "duplicate" });
    server.faults.add({ on: on("late"), action: "delay", by: "1s" });
    const hold = server.faults.add({ on: on("held"), action: "hold" });
    for (const body of ["1", "lost", "twice", "late", "held", "2"]) await romeo.sends(chat("juliet", body));
    await server.clock.advance("1s");
    expect(bodiesOf(juliet.heard)).toEqual(["1", "twice", "twice", "2", "late"]);
    await juliet.sends(`<a xmlns="urn:xmpp:sm:3" h="5"/>`);
    await server.settle();
    expect(server.sessions("juliet")).toMatchObject([{ unacked: 0 }]);
    await juliet.disconnects();
    // It was not sent yet: it is now, on the next connection.
    hold.release();
    await romeo.sends(chat("juliet", "3"));
    const again = await resumes(5);
    hold.release();
    await server.settle();
    expect(bodiesOf(again.heard)).toEqual(["3", "held"]);
    await again.sends(`<a xmlns="urn:xmpp:sm:3" h="7"/>`);
    await server.settle();
    expect(server.sessions("juliet")).toMatchObject([{ unacked: 0 }]);
  });

  test("tells the client of what it lost, and of what came twice, as if neither had been", async () => {
    await using server = await start();
    const { juliet } = await managed(server);
    const on = (body: string) => ({ from: "juliet", body }) as const;
    server.faults.add({ on: on("lost"), action: "drop" });
    server.faults.add({ on: on("twice"), action: "duplicate" });
    for (const body of ["lost", "twice", "1"]) await juliet.sends(chat("romeo", body));
    await juliet.sends(`<r xmlns="urn:xmpp:sm:3"/>`);
    await juliet.receives(`<a xmlns="urn:xmpp:sm:3" h="3"/>`);
  });
});

describe("a snapshot", () => {
  test("brings back a fault that is over, with as many times left as there were, and its chance", async () => {
    await using server = await start({ seed: 5 });
    const twice = server.faults.add({ on: { ...toJuliet, body: "x" }, action: "drop", times: 2 });
    server.faults.add({ on: toJuliet, action: "drop", probability: 0.5 });
    const run = async () => {
      const romeo = await server.client("romeo");
      const juliet = await server.client("juliet");
      for (let index = 0; index < 12; index++) await romeo.sends(chat("juliet", String(index)));
      for (let count = 0; count < 2; count++) await romeo.sends(chat("juliet", "x"));
      await server.settle();
      return bodiesOf(juliet.heard);
    };
    const romeo = await server.client("romeo");
    const before = await server.client("juliet");
    await romeo.sends(chat("juliet", "x"));
    await before.disconnects();
    const snapshot = server.snapshot();
    const first = await run();
    expect(twice.hits).toBe(2);
    await snapshot.restore();
    expect(twice.hits).toBe(1);
    expect(await run()).toEqual(first);
    expect(twice.hits).toBe(2);
  });

  test("leaves nothing of what came after it: no fault, nothing late, nothing held, no slow store", async () => {
    await using server = await start();
    const snapshot = server.snapshot();
    const hold = server.faults.add({ on: { ...toJuliet, body: "1" }, action: "hold" });
    server.faults.add({ on: { ...toJuliet, body: "2" }, action: "delay", by: "1m" });
    const romeo = await server.client("romeo");
    await server.client("juliet");
    for (const body of ["1", "2"]) await romeo.sends(chat("juliet", body));
    server.faults.add({ fault: "storage", how: "slow", by: "1h" });
    await romeo.sends(chat("juliet", "3"));
    await snapshot.restore();
    const juliet = await server.client("juliet");
    hold.release();
    await server.clock.advance("2m");
    expect(bodiesOf(juliet.heard)).toEqual([]);
    const again = await server.client("romeo");
    for (const body of ["1", "2"]) await again.sends(chat("juliet", body));
    await server.settle();
    expect(bodiesOf(juliet.heard)).toEqual(["1", "2"]);
    expect(server.errors).toEqual([]);
  });

  test("counts stanzas on from where it was", async () => {
    await using server = await start();
    const romeo = await server.client("romeo");
    let juliet = await server.client("juliet");
    server.faults.add({ fault: "cut", user: "juliet", afterStanza: 2, times: 1 });
    await romeo.sends(chat("juliet", "1"));
    const snapshot = server.snapshot();
    for (let round = 0; round < 2; round++) {
      const friend = await server.client("romeo");
      juliet = await server.client("juliet", { presence: false });
      await friend.sends(`<message to="${juliet.jid}" type="chat"><body>2</body></message>`);
      await server.settle();
      expect(juliet.gone).toBe(true);
      await snapshot.restore();
    }
  });
});

test("two who read the archive backwards at a time get each their own pages", async () => {
  const archive = ["1", "2"].map((body) => ({ from: "nurse", to: "romeo", body }));
  await using server = await start({
    users: [
      { name: "romeo", archive },
      { name: "juliet", archive: archive.map((one) => ({ ...one, to: "juliet" })) },
      "nurse",
    ],
  });
  const pages = server.faults.add({ fault: "archive", how: "backwards", times: 2 });
  const romeo = await server.client("romeo");
  const juliet = await server.client("juliet");
  const query = `<iq type="set" id="q"><query xmlns="urn:xmpp:mam:2"/></iq>`;
  await Promise.all([romeo.sends(query), juliet.sends(query)]);
  await server.settle();
  for (const { heard } of [romeo, juliet]) expect(bodiesOf(heard)).toEqual(["2", "1"]);
  expect(pages.hits).toBe(2);
  await romeo.sends(query);
  await server.settle();
  expect(bodiesOf(romeo.heard)).toEqual(["2", "1", "1", "2"]);
});

describe("a push service that is down", () => {
  test.each(["silent", "error"] as const)(
    "is one that is no client as well: a component, or one elsewhere (%s)",
    async (how) => {
      await using server = await start();
      const heard: string[] = [];
      server.server.component("push.localhost", (stanza) => {
        heard.push(stanza.toString());
        return undefined;
      });
      const romeo = await server.client("romeo/phone");
      for (const service of ["push.localhost", "push.example"]) {
        await romeo.sends(
          `<iq type="set" id="e"><enable xmlns="urn:xmpp:push:0" jid="${service}" node="1"/></iq>`,
        );
        await romeo.receives(`<iq type="result" id="e"/>`);
      }
      await romeo.disconnects();
      const juliet = await server.client("juliet");
      const fault = server.faults.add({ fault: "push", how });
      await juliet.sends(chat("romeo", "Hi"));
      await server.clock.advance("1m");
      expect(fault.hits).toBe(2);
      expect(heard).toEqual([]);
      fault.remove();
      const other = server.faults.add({ fault: "push", service: "push.example" });
      await juliet.sends(chat("romeo", "Ho"));
      await server.settle();
      expect(other.hits).toBe(1);
      expect(heard).toEqual([expect.stringContaining("urn:xmpp:push:0")]);
    },
  );
});

/** What the server says that it offered (XEP-0474 §5.1), and the same of what the client was shown. */
async function offersOf(server: TestServer): Promise<{ told: string | undefined; shown: string }> {
  const client = server.rig.raw();
  await client.opens({ to: "localhost" });
  const features = await client.receivesAny();
  const mechanisms = features.getChild("mechanisms")?.getChildren("mechanism") ?? [];
  const names = mechanisms.map((mechanism) => mechanism.getText()).sort();
  const first = Buffer.from("n,,n=romeo,r=abc").toString("base64");
  await client.sends(
    `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-1">${first}</auth>`,
  );
  const challenge = Buffer.from((await client.receivesAny()).getText(), "base64").toString();
  return {
    told: /,h=([^,]+)$/.exec(challenge)?.[1],
    shown: createHash("sha1").update(names.join("\x1e")).digest("base64"),
  };
}

test("a downgrade is noticed by a client that compares what it was shown with what it is told", async () => {
  await using server = await start();
  const right = await offersOf(server);
  expect(right.told).toBe(right.shown);
  server.faults.add({ fault: "downgrade", mechanisms: ["SCRAM-SHA-1", "PLAIN"] });
  const weakened = await offersOf(server);
  expect(weakened.told).toBe(right.told);
  expect(weakened.shown).not.toBe(right.shown);
});

test("a server that closes in the middle of everything leaves no handle and no rejection", async () => {
  const child = fileURLToPath(new URL("test-server-faults-child.ts", import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [child], { timeout: 20_000 });
  expect(stderr).toBe("");
  expect(stdout).toBe("closed\n");
});
