/** XEP-0045 Multi-User Chat, version 1.35.5, §7.2.13, §7.2.14: what those who enter are shown of what was said. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import type { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { enter, failed, forget, JOIN, MUC, makeRoom, ROOM } from "./muc-client.ts";

/** Says these one after the other, a minute apart. */
async function talk(client: Client, clock: VirtualClock, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await client.sends(`<message to="${ROOM}" type="groupchat" id="${text}"><body>${text}</body></message>`);
    await clock.advance(60_000);
  }
  forget(client);
}

const bodies = (seen: string[]) => seen.flatMap((text) => /<body>(.*?)<\/body>/.exec(text)?.[1] ?? []);

async function historyOf(client: Client, attributes: string): Promise<string[]> {
  return bodies(await enter(client, "second", { inside: `<history ${attributes}/>` }));
}

test("comes after all presence and before the subject, stamped by the room (§7.2.13)", async ({
  connect,
  clock,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first");
  const at = new Date(clock.now()).toISOString();
  await talk(alice, clock, "one");
  await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
  await bob.receivesAny();
  await bob.receivesAny();
  await bob.receives(`<message id="one" from="${ROOM}/first" type="groupchat"><body>one</body>
    <occupant-id xmlns="urn:xmpp:occupant-id:0" id="{any}"/>
    <delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="${at}"/></message>`);
  await bob.receives(`<message from="${ROOM}" type="groupchat"><subject/></message>`);
});

test("has neither subjects, nor typing, nor what is to be kept nowhere", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first");
  for (const inner of [
    "<subject>s</subject>",
    `<composing xmlns="http://jabber.org/protocol/chatstates"/>`,
    `<body>secret</body><no-store xmlns="urn:xmpp:hints"/>`,
  ]) {
    await alice.sends(`<message to="${ROOM}" type="groupchat">${inner}</message>`);
  }
  await talk(alice, clock, "one");
  expect(bodies(await enter(bob, "second"))).toEqual(["one"]);
});

describe("is limited by who enters (§7.2.14)", () => {
  test.for([
    [`maxstanzas="2"`, ["three", "four"]],
    [`maxstanzas="0"`, []],
    [`maxchars="0"`, []],
    [`maxchars="100000"`, ["one", "two", "three", "four"]],
    [`seconds="150"`, ["three", "four"]],
    [`seconds="0"`, []],
    [`since="1970-01-01T00:00:00Z"`, ["one", "two", "three", "four"]],
    [`since="1970-01-01T00:00:00Z" maxstanzas="1"`, ["four"]],
    [`seconds="150" maxstanzas="3"`, ["three", "four"]],
  ] as const)("%s", async ([attributes, expected], { connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await talk(alice, clock, "one", "two", "three", "four");
    expect(await historyOf(bob, attributes)).toEqual(expected);
  });

  test("to complete stanzas of so many characters", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await talk(alice, clock, "one", "two");
    const [, , first = "", second = ""] = await enter(bob, "second");
    await bob.sends(`<presence type="unavailable" to="${ROOM}/second"/>`);
    forget(bob);
    // The client's reading adds a namespace; both messages are of the same length.
    expect(first.length).toBe(second.length);
    const length = first.length - ` xmlns="jabber:client"`.length;
    expect(await historyOf(bob, `maxchars="${2 * length}"`)).toEqual(["one", "two"]);
    expect(await historyOf(bob, `maxchars="${length}"`)).toEqual(["two"]);
    expect(await historyOf(bob, `maxchars="${length - 1}"`)).toEqual([]);
  });

  test("since a moment", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await talk(alice, clock, "one");
    const since = new Date(clock.now()).toISOString();
    await talk(alice, clock, "two");
    expect(await historyOf(bob, `since="${since}"`)).toEqual(["two"]);
  });

  test.for([`maxstanzas="-1"`, `maxchars="many"`, `seconds="1e3"`, `since="yesterday"`])(
    "%s is a bad request, and nobody enters",
    async (attributes, { connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await makeRoom(alice, "first");
      await bob.sends(
        `<presence to="${ROOM}/second"><x xmlns="${MUC}"><history ${attributes}/></x></presence>`,
      );
      await bob.receives(failed("presence", `from="${ROOM}/second"`, JOIN, "modify", "bad-request"));
      await alice.receivesNothing();
    },
  );
});

test("is limited by the room, and by the service", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first", { "muc#maxhistoryfetch": "1" });
  await talk(alice, clock, "one", "two");
  expect(await historyOf(bob, `maxstanzas="5"`)).toEqual(["two"]);
});

describe("is kept within limits", () => {
  test.override({ options: { config: { modules: { muc: { history: 2 } } } } });

  test("of number", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await talk(alice, clock, "one", "two", "three");
    expect(bodies(await enter(bob, "second"))).toEqual(["two", "three"]);
  });
});
