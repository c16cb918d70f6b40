/** XEP-0357 §7.1: push services that refuse, or cannot be reached. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { connectComponent } from "./component-client.ts";
import { confirms, does, enable, isTold, refuses } from "./push-client.ts";

const hi = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;
const HOUR = 3_600_000;
const SECRET = "between us";
const APP = "push.localhost";

test.override({ options: { config: { limits: { idleTime: "off" } } } });

/** Bob is away, his phone has enabled a service; Alice may write to him. */
async function away(
  connect: (address: string) => Promise<Client>,
  service?: string,
): Promise<{ alice: Client }> {
  const bob = await connect("bob/phone");
  await does(bob, enable("n1", "", service));
  await bob.closes();
  return { alice: await connect("alice/desk") };
}

test("a service that refuses five times in a row is disabled", async ({ connect, server }) => {
  const service = await connect("push/app");
  const { alice } = await away(connect);
  for (let round = 0; round < 5; round++) {
    await alice.sends(hi);
    await refuses(service, "cancel", "item-not-found");
  }
  await alice.sends(hi);
  await service.receivesNothing();
  const { jackdaw_push_failed, jackdaw_push_sent } = server.metrics.snapshot();
  expect([jackdaw_push_failed, jackdaw_push_sent]).toEqual([5, 0]);
});

test("one that takes a notification in between is not", async ({ connect }) => {
  const service = await connect("push/app");
  const { alice } = await away(connect);
  for (let round = 0; round < 3; round++) {
    for (let refusal = 0; refusal < 4; refusal++) {
      await alice.sends(hi);
      await refuses(service, "auth", "forbidden");
    }
    await alice.sends(hi);
    await confirms(service);
  }
});

test.for([
  ["wait", "resource-constraint"],
  ["wait", "item-not-found"],
  ["cancel", "internal-server-error"],
  ["cancel", "service-unavailable"],
] as const)(
  "one that says %s, %s is asked again for a day",
  async ([type, condition], { connect, clock }) => {
    const service = await connect("push/app");
    const { alice } = await away(connect);
    for (let round = 0; round < 24; round++) {
      await alice.sends(hi);
      await refuses(service, type, condition);
      await clock.advance(HOUR - 1000);
    }
    await clock.advance(24_000);
    await alice.sends(hi);
    await refuses(service, type, condition);
    await alice.sends(hi);
    await service.receivesNothing();
  },
);

test("one that is enabled again has a day again", async ({ connect, clock }) => {
  const service = await connect("push/app");
  const { alice } = await away(connect);
  await alice.sends(hi);
  await refuses(service, "wait", "resource-constraint");
  await clock.advance(25 * HOUR);
  const bob = await connect("bob/phone");
  bob.forget((element) => element.is("message"));
  await does(bob, enable());
  await bob.closes();
  for (let round = 0; round < 6; round++) {
    await alice.sends(hi);
    await refuses(service, "wait", "resource-constraint");
  }
});

test("one that does not answer is asked again, one notification at a time", async ({ connect, clock }) => {
  const service = await connect("push/app");
  const { alice } = await away(connect);
  for (let round = 0; round < 8; round++) {
    await alice.sends(hi);
    await isTold(service);
    await alice.sends(hi);
    await service.receivesNothing();
    await clock.advance(30_000);
    await confirms(service);
  }
});

test("an answer of somebody else counts for nothing", async ({ connect }) => {
  const service = await connect("push/app");
  const { alice } = await away(connect);
  for (let round = 0; round < 6; round++) {
    await alice.sends(hi);
    const request = await isTold(service);
    const id = String(request.attrs.id);
    await alice.sends(`<iq type="error" to="localhost" id="${id}"><error type="cancel"/></iq>`);
    await alice.sends(hi);
    await service.receivesNothing();
    await service.sends(`<iq type="result" to="localhost" id="${id}"/>`);
    await confirms(service);
  }
});

describe("a component", () => {
  test.override({
    options: { components: { [APP]: SECRET }, config: { limits: { idleTime: "off" } } },
  });

  test("that goes away and comes back is still enabled", async ({ connect, rig }) => {
    const app = await connectComponent(rig, APP, SECRET);
    const { alice } = await away(connect, APP);
    await alice.sends(hi);
    await confirms(app, "n1", APP);
    await app.disconnects();
    for (let count = 0; count < 10; count++) await alice.sends(hi);
    await alice.receivesNothing();
    const back = await connectComponent(rig, APP, SECRET);
    await alice.sends(hi);
    await confirms(back, "n1", APP);
  });

  test("that is gone for a day is disabled", async ({ connect, clock, rig }) => {
    const { alice } = await away(connect, APP);
    for (let hours = 0; hours <= 24; hours += 4) {
      await alice.sends(hi);
      await alice.receivesNothing();
      await clock.advance(4 * HOUR);
    }
    const app = await connectComponent(rig, APP, SECRET);
    await alice.sends(hi);
    await app.receivesNothing();
  });
});
