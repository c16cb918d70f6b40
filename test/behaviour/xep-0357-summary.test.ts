/** XEP-0357 §7, §9, §11.3.1: what push services are told. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test as plainTest } from "vitest";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { el } from "../../src/xml/element.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { message } from "../../src/xmpp/stanza.ts";
import { confirms, disable, does, enable, isTold, mayResume } from "./push-client.ts";

const says = (body: string, more = "") =>
  `<message to="bob@localhost" type="chat"><body>${body}</body>${more}</message>`;
const hi = says("Hi");
const OMEMO = `<encrypted xmlns="eu.siacs.conversations.axolotl"/>`;

describe("message-count", () => {
  test("is of the messages that the device has not seen", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await connect("alice/desk");
    for (const count of ["1", "2", "3"]) {
      await alice.sends(hi);
      expect(await confirms(service)).toMatchObject({ "message-count": count });
    }
    const back = await connect("bob/phone");
    for (let count = 0; count < 3; count++) await back.receivesAny();
    await back.closes();
    await alice.sends(hi);
    expect(await confirms(service)).toMatchObject({ "message-count": "1" });
  });

  test("begins anew when the session is resumed, or the service is enabled again", async ({
    connect,
    authenticated,
  }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    const id = await mayResume(bob);
    await bob.disconnects();
    const alice = await connect("alice/desk");
    await alice.sends(hi);
    await confirms(service);
    await alice.sends(hi);
    expect(await confirms(service)).toMatchObject({ "message-count": "2" });
    const resumed = await authenticated("bob");
    await resumed.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
    await resumed.receives(`<resumed xmlns="urn:xmpp:sm:3" previd="${id}" h="{any}"/>`);
    for (let count = 0; count < 2; count++) await resumed.receives(says("Hi"));
    await resumed.receives(`<r xmlns="urn:xmpp:sm:3"/>`);
    await resumed.sends(`<a xmlns="urn:xmpp:sm:3" h="2"/>`);
    await resumed.disconnects();
    await alice.sends(hi);
    expect(await confirms(service)).toMatchObject({ "message-count": "1" });
    const other = await connect("bob/new", { priority: -1 });
    await does(other, enable());
    await other.closes();
    await alice.sends(hi);
    expect(await confirms(service)).toMatchObject({ "message-count": "1" });
  });

  test("is of all that a lost connection leaves behind, in one notification", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await mayResume(bob);
    const alice = await connect("alice/desk");
    for (let count = 0; count < 3; count++) await alice.sends(hi);
    await bob.disconnects();
    expect(await confirms(service)).toMatchObject({ "message-count": "3" });
    await service.receivesNothing();
  });

  test("is of all that came while the service was told of the one before", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await connect("alice/desk");
    await alice.sends(hi);
    const first = await isTold(service);
    for (let count = 0; count < 20; count++) await alice.sends(hi);
    await service.receivesNothing();
    await service.sends(`<iq type="result" to="localhost" id="${String(first.attrs.id)}"/>`);
    expect(await confirms(service)).toMatchObject({ "message-count": "21" });
    await service.receivesNothing();
  });

  test("is of what comes at any moment of the service's answer", async ({ connect, server }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await connect("alice/desk");
    const another = message(
      { type: "chat", from: Jid.parse(String(alice.jid)), to: Jid.parse("bob@localhost") },
      el("body", {}, "Hi"),
    );
    async function comesAfter(steps: number): Promise<void> {
      for (let step = 0; step < steps; step++) await Promise.resolve();
      await server.host().route(another.with({ id: String(steps) }));
    }
    for (let steps = 0; steps < 40; steps++) {
      await alice.sends(hi);
      const first = await isTold(service);
      const comes = comesAfter(steps);
      await service.sends(`<iq type="result" to="localhost" id="${String(first.attrs.id)}"/>`);
      await comes;
      expect(await confirms(service)).toMatchObject({ "message-count": String(2 * steps + 2) });
    }
  });

  test("is told no more when the device came back in the meantime", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await connect("alice/desk");
    await alice.sends(hi);
    const first = await isTold(service);
    await alice.sends(hi);
    await connect("bob/phone");
    await service.sends(`<iq type="result" to="localhost" id="${String(first.attrs.id)}"/>`);
    await service.receivesNothing();
  });

  test("is told no more when the service was disabled in the meantime (§6)", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await connect("alice/desk");
    await alice.sends(hi);
    const first = await isTold(service);
    await alice.sends(hi);
    await does(await connect("bob/desk", { priority: -1 }), disable());
    await service.sends(`<iq type="result" to="localhost" id="${String(first.attrs.id)}"/>`);
    await service.receivesNothing();
  });

  test("is not begun anew when the service of another device is disabled (§6)", async ({ connect }) => {
    const service = await connect("push/app");
    const phone = await connect("bob/phone");
    const tablet = await connect("bob/tablet");
    await does(phone, enable("n1"));
    await does(tablet, enable("n2"));
    await mayResume(phone);
    await phone.disconnects();
    const alice = await connect("alice/desk");
    await alice.sends(hi);
    await confirms(service);
    tablet.forget((element) => element.is("message"));
    await does(tablet, disable("n2"));
    await alice.sends(hi);
    expect(await confirms(service)).toMatchObject({ "message-count": "2" });
  });

  plainTest("is of what waited when the server started, too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jackdaw-push-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const start = () => createRig({ store: { sqlite: join(folder, "db.sqlite") } });
    const first = await start();
    const bob = await first.connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await first.connect("alice/desk");
    for (let count = 0; count < 3; count++) await alice.sends(hi);
    await first.close();
    const second = await start();
    onTestFinished(() => second.close());
    const service = await second.connect("push/app");
    const again = await second.connect("alice/desk");
    for (const count of ["4", "5"]) {
      await again.sends(hi);
      expect(await confirms(service)).toMatchObject({ "message-count": count });
    }
  });
});

describe("of what was written", () => {
  test("nothing is told unless the operator allows it, but that it is something", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    await (await connect("alice/desk")).sends(says("Secret"));
    expect(await confirms(service)).toEqual({ "message-count": "1", "last-message-body": "New message" });
    expect(service.heard).not.toContain("alice");
  });

  describe("and who wrote", () => {
    test.override({ options: { config: { modules: { push: { includeBody: true, includeSender: true } } } } });

    test.for([
      ["the last is told", [says("One"), says("Two")], "Two"],
      [
        "the first thousand characters are told",
        [hi, says(`${"x".repeat(999)}😀`)],
        `${"x".repeat(999)}\uFFFD`,
      ],
      ["nothing is told of what is encrypted", [says("Not for you", OMEMO)], "New message"],
    ] as const)("%s", async ([, messages, body], { connect }) => {
      const service = await connect("push/app");
      const bob = await connect("bob/phone");
      await does(bob, enable());
      await mayResume(bob);
      const alice = await connect("alice/desk");
      for (const message of messages) await alice.sends(message);
      await bob.disconnects();
      expect(await confirms(service)).toEqual({
        "message-count": String(messages.length),
        "last-message-sender": "alice@localhost/desk",
        "last-message-body": body,
      });
    });
  });
});

describe("pending-subscription-count", () => {
  const asks = `<presence type="subscribe" to="bob@localhost"/>`;

  test("is of the requests that wait, and each new one wakes", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    const alice = await connect("alice/desk");
    await alice.sends(asks);
    expect(await confirms(service)).toEqual({ "pending-subscription-count": "1" });
    await alice.sends(asks);
    await service.receivesNothing();
    await (await connect("carol/desk")).sends(asks);
    expect(await confirms(service)).toEqual({ "pending-subscription-count": "2" });
    await alice.sends(hi);
    expect(await confirms(service)).toEqual({
      "message-count": "1",
      "pending-subscription-count": "2",
      "last-message-body": "New message",
    });
  });

  test("is told of a phone that waits to come back, once", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await mayResume(bob);
    await (await connect("alice/desk")).sends(asks);
    await service.receivesNothing();
    await bob.disconnects();
    expect(await confirms(service)).toEqual({ "pending-subscription-count": "1" });
    await (await connect("carol/desk")).sends(asks);
    expect(await confirms(service)).toEqual({ "pending-subscription-count": "2" });
    await service.receivesNothing();
  });
});
