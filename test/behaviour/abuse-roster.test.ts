/** XEP-0205 §2: what a user may keep in the server's memory. */
import { describe, expect } from "vitest";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const ROSTER = "jabber:iq:roster";

const put = (client: PipeClient, jid: string, name: string) =>
  client.sends(
    `<iq type="set" id="1"><query xmlns="${ROSTER}"><item jid="${jid}" name="${name}"><group>${name}</group></item></query></iq>`,
  );
const DONE = `<iq type="result" id="1"/>`;
const FULL = `<iq type="error" id="1"><query xmlns="${ROSTER}">{any}</query><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">{any}</text></error></iq>`;

describe("the size of a roster", () => {
  test.override({ options: { config: { modules: { roster: { size: "10000 B" } } } } });

  test("is bounded however few contacts it has", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (let contact = 0; contact < 4; contact++) {
      await put(alice, `c${contact}@localhost`, "n".repeat(1000));
      await alice.receives(DONE);
    }
    await put(alice, "c4@localhost", "é".repeat(1000));
    await alice.receives(FULL);
  });

  test("counts what is there now: contacts that shrink or go make room", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (let contact = 0; contact < 4; contact++) {
      await put(alice, `c${contact}@localhost`, "n".repeat(1000));
      await alice.receives(DONE);
    }
    await put(alice, "c3@localhost", "short");
    await alice.receives(DONE);
    await put(alice, "c4@localhost", "é".repeat(900));
    await alice.receives(DONE);
    await put(alice, "c5@localhost", "n".repeat(1000));
    await alice.receives(FULL);
    await alice.sends(
      `<iq type="set" id="1"><query xmlns="${ROSTER}"><item jid="c4@localhost" subscription="remove"/></query></iq>`,
    );
    await alice.receives(DONE);
    await put(alice, "c5@localhost", "n".repeat(1000));
    await alice.receives(DONE);
  });

  test("is known after a log-out as well", async ({ connect, rig }) => {
    const alice = await connect("alice/phone");
    for (let contact = 0; contact < 4; contact++) {
      await put(alice, `c${contact}@localhost`, "n".repeat(1000));
      await alice.receives(DONE);
    }
    await alice.closes();
    // What memory held is read anew.
    rig.server.hosts.get("localhost")?.storeLost();
    const again = await connect("alice/phone");
    await put(again, "c4@localhost", "é".repeat(1000));
    await again.receives(FULL);
    expect(rig.errors).toEqual([]);
  });
});
