import { describe, expect, onTestFinished, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { StoreError } from "../../src/store/store.ts";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import type { Element } from "../../src/xml/element.ts";
import { type Arrival, type Peer, pipeDriver, type TransportDriver } from "./transport-peers.ts";

const tls = await selfSigned(["localhost"], { now: Date.now() });
const CREDENTIALS = Buffer.from("\0alice\0secret of alice").toString("base64");
const STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams";

async function serverFor(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({
    listen: { c2s: 0, c2sTls: 0, https: 0, http: 0 },
    tls,
    ...options,
    config: {
      tls: { required: false },
      auth: { plainWithoutTls: true },
      proxies: { trusted: ["127.0.0.1"] },
      ...options.config,
    },
  });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  await rig.user("alice");
  return rig;
}

function element(arrival: Arrival): Element {
  if (typeof arrival === "string") throw new Error(`expected an element, got the ${arrival}`);
  return arrival;
}

/** The next element of that name; others are let pass. */
async function take(peer: Peer, name: string): Promise<Element> {
  for (;;) {
    const arrival = element(await peer.next());
    if (arrival.getName() === name) return arrival;
  }
}

/** RFC 6120 §6, §7. */
async function logIn(peer: Peer): Promise<void> {
  peer.open();
  expect(element(await peer.next()).getName()).toBe("features");
  peer.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${CREDENTIALS}</auth>`);
  expect(element(await peer.next()).getName()).toBe("success");
  peer.open();
  expect(element(await peer.next()).getChild("bind")).toBeDefined();
  peer.send(
    `<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>here</resource></bind></iq>`,
  );
  expect((await take(peer, "iq")).attrs["type"]).toBe("result");
}

const chat = (to: string, body: string) =>
  `<message xmlns="jabber:client" to="${to}" type="chat"><body>${body}</body></message>`;

/** What every transport owes the streams on it. */
export function transportContract(driver: TransportDriver): void {
  describe(`a stream over ${driver.name}`, () => {
    test("is negotiated, and carries stanzas both ways in their order", async () => {
      const rig = await serverFor();
      const bob = await rig.connect("bob/pipe");
      const peer = await driver.connect(rig);
      await logIn(peer);
      const bodies = Array.from({ length: 20 }, (_, n) =>
        `${n} & <Grüße> 😀`.replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
      );
      peer.send(...bodies.map((body) => chat("bob@localhost", body)));
      for (const body of bodies) await bob.receives(`<message type="chat"><body>${body}</body></message>`);
      for (const body of bodies) await bob.sends(chat("alice@localhost/here", body));
      for (let n = 0; n < bodies.length; n++) {
        expect((await take(peer, "message")).getChildText("body")).toBe(`${n} & <Grüße> 😀`);
      }
    });

    test("knows what carries it", async () => {
      const rig = await serverFor();
      const peer = await driver.connect(rig);
      await logIn(peer);
      const [stream] = rig.server.streams;
      expect(stream?.transport.kind).toBe(driver.kind);
      expect(stream?.state).toBe("bound");
    });

    test("is logged in at once with SASL2 and Bind 2", async () => {
      const rig = await serverFor();
      const peer = await driver.connect(rig);
      peer.open();
      if (element(await peer.next()).getChild("authentication") === undefined) {
        // XEP-0388 §4: not in clear.
        expect(driver.kind).toBe("tcp");
        return;
      }
      peer.send(
        `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="PLAIN"><initial-response>${CREDENTIALS}</initial-response><bind xmlns="urn:xmpp:bind:0"><tag>here</tag></bind></authenticate>`,
      );
      const success = await take(peer, "success");
      expect(success.getChildText("authorization-identifier")).toMatch(/^alice@localhost\/here/);
      expect((await take(peer, "features")).getNS()).toBe("http://etherx.jabber.org/streams");
    });

    test("takes its input a byte at a time", async () => {
      const rig = await serverFor();
      const bob = await rig.connect("bob/pipe");
      const peer = await driver.connect(rig);
      await logIn(peer);
      await peer.sendBytes(chat("bob@localhost", "Grüße 😀"));
      await expect.poll(() => bob.heard).toContain("<body>Grüße 😀</body>");
    });

    test("tells of an error, then ends, and the connection goes", async () => {
      const rig = await serverFor();
      const peer = await driver.connect(rig);
      await logIn(peer);
      peer.send(`<unknown xmlns="urn:example"/>`);
      const error = await take(peer, "error");
      expect(error.getChild("unsupported-stanza-type", STREAM_ERRORS)).toBeDefined();
      expect(await peer.next()).toBe("end");
      expect(await peer.next()).toBe("gone");
      await expect.poll(() => rig.server.streams.size).toBe(0);
    });

    test("is answered at its end by the client", async () => {
      const rig = await serverFor();
      const peer = await driver.connect(rig);
      await logIn(peer);
      peer.end();
      expect(await peer.next()).toBe("end");
      expect(await peer.next()).toBe("gone");
      await expect.poll(() => [rig.server.streams.size, rig.server.host().sessions.size]).toEqual([0, 0]);
    });

    test("ends with the server", async () => {
      const rig = await serverFor();
      const peer = await driver.connect(rig);
      await logIn(peer);
      peer.send(`<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
      await take(peer, "iq");
      const closed = rig.close();
      expect((await take(peer, "error")).getChild("system-shutdown", STREAM_ERRORS)).toBeDefined();
      expect(await peer.next()).toBe("end");
      await closed;
    });

    test("says nothing of what could not be committed", async () => {
      const store = createMemoryStore();
      const commit = store.commit.bind(store);
      let isBroken = false;
      store.commit = () => {
        if (!isBroken || !store.dirty) return commit();
        void store.rollback();
        throw new StoreError("the disk is full");
      };
      const rig = await serverFor({ store });
      const peer = await driver.connect(rig);
      await logIn(peer);
      isBroken = true;
      peer.send(
        `<iq xmlns="jabber:client" type="set" id="lost"><query xmlns="jabber:iq:roster"><item jid="bob@localhost"/></query></iq>`,
      );
      const arrivals: Arrival[] = [];
      while (arrivals.at(-1) !== "gone") arrivals.push(await peer.next());
      expect(
        arrivals.filter((arrival) => typeof arrival !== "string" && arrival.attrs["id"] === "lost"),
      ).toEqual([]);
      expect(rig.errors.join()).toContain("the disk is full");
    });

    test("that breaks is resumed on a pipe, and one of a pipe on it", async () => {
      const rig = await serverFor();
      const bob = await rig.connect("bob/pipe");
      const first = await driver.connect(rig);
      await logIn(first);
      first.send(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
      const id = (await take(first, "enabled")).attrs["id"] as string;
      await first.cut();
      await expect.poll(() => rig.server.streams.size).toBe(1);
      await bob.sends(chat("alice@localhost/here", "one"));
      const second = await resume(await pipeDriver.connect(rig), id);
      expect((await take(second, "message")).getChildText("body")).toBe("one");
      second.send(`<a xmlns="urn:xmpp:sm:3" h="1"/>`);
      await rig.settle();
      await second.cut();
      await bob.sends(chat("alice@localhost/here", "two"));
      const third = await resume(await driver.connect(rig), id, 1);
      expect((await take(third, "message")).getChildText("body")).toBe("two");
    });
  });
}

/** XEP-0198 §5. */
async function resume(peer: Peer, id: string, handled = 0): Promise<Peer> {
  peer.open();
  await take(peer, "features");
  peer.send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${CREDENTIALS}</auth>`);
  await take(peer, "success");
  peer.open();
  await take(peer, "features");
  peer.send(`<resume xmlns="urn:xmpp:sm:3" previd="${id}" h="${handled}"/>`);
  await take(peer, "resumed");
  return peer;
}
