/** RFC 6121 §8: what a server does with stanzas for its users. */
import { describe, expect } from "vitest";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const TYPES = ["normal", "chat", "groupchat", "headline"] as const;

/**
 * §8.5.4, table 1, with its letters: S silence, E error, O kept for later, D to the resource named or the only one,
 * M to those of the highest priority, A to all that want messages. Where the table leaves a choice, ours stands
 * here; `O/E` depends on whether anything keeps messages.
 */
type Outcome = "S" | "E" | "O/E" | "D" | "M" | "A";

interface Condition {
  readonly name: string;
  /** Priorities of bob's resources `desk`, `phone` and `tablet`; undefined: connected without presence. */
  readonly priorities?: readonly (number | undefined)[];
  readonly rows: Readonly<Record<string, readonly [Outcome, Outcome, Outcome, Outcome]>>;
}

const BARE = "bob@localhost";
const MATCH = "bob@localhost/desk";
const NO_MATCH = "bob@localhost/car";

const conditions: readonly Condition[] = [
  {
    name: "the account does not exist",
    rows: { [BARE]: ["E", "E", "E", "S"], [NO_MATCH]: ["E", "E", "E", "E"] },
  },
  {
    name: "no resources",
    priorities: [],
    rows: { [BARE]: ["O/E", "O/E", "E", "S"], [NO_MATCH]: ["E", "O/E", "E", "E"] },
  },
  {
    name: "a resource that is connected and not available",
    priorities: [undefined],
    rows: {
      [BARE]: ["O/E", "O/E", "E", "S"],
      [MATCH]: ["D", "D", "D", "D"],
      [NO_MATCH]: ["E", "O/E", "E", "E"],
    },
  },
  {
    name: "negative resources only",
    priorities: [-1, -5],
    rows: {
      [BARE]: ["O/E", "O/E", "E", "S"],
      [MATCH]: ["D", "D", "D", "D"],
      [NO_MATCH]: ["E", "O/E", "E", "E"],
    },
  },
  {
    name: "one non-negative resource",
    priorities: [0, -1],
    rows: {
      [BARE]: ["D", "D", "E", "D"],
      [MATCH]: ["D", "D", "D", "D"],
      [NO_MATCH]: ["E", "D", "E", "E"],
    },
  },
  {
    name: "several non-negative resources of different priorities",
    priorities: [1, 5, -1],
    rows: {
      [BARE]: ["M", "M", "E", "A"],
      [MATCH]: ["D", "D", "D", "D"],
      [NO_MATCH]: ["E", "M", "E", "E"],
    },
  },
  {
    name: "several resources of the highest priority",
    priorities: [5, 5, 0],
    rows: {
      [BARE]: ["M", "M", "E", "A"],
      [MATCH]: ["D", "D", "D", "D"],
      [NO_MATCH]: ["E", "M", "E", "E"],
    },
  },
];

const cases = conditions.flatMap(({ name, priorities, rows }) =>
  Object.entries(rows).flatMap(([to, outcomes]) =>
    TYPES.map((type, index) => ({ name, priorities, to, type, outcome: outcomes[index] as Outcome })),
  ),
);

/** Indexes of those that get it. */
function recipients(outcome: Outcome, priorities: readonly (number | undefined)[]): number[] {
  if (outcome === "D") return [0];
  const highest = Math.max(...priorities.map((priority) => priority ?? -1));
  const lowest = outcome === "M" ? highest : outcome === "A" ? 0 : Number.POSITIVE_INFINITY;
  return priorities.flatMap((priority, index) => ((priority ?? -1) >= lowest ? [index] : []));
}

describe("messages (§8.5.4)", () => {
  test.for(cases)(
    "$name, $type to $to: $outcome",
    async ({ priorities, to, type, outcome }, { connect, user }) => {
      const alice = await connect("alice/phone");
      const bobs: PipeClient[] = [];
      if (priorities) await user("bob");
      for (const [index, priority] of (priorities ?? []).entries()) {
        const presence = priority === undefined ? { presence: false } : { priority };
        bobs.push(await connect(`bob/${["desk", "phone", "tablet"][index]}`, presence));
      }
      const message = `<message to="${to}" type="${type}" id="m1"><body>Hi</body></message>`;
      await alice.sends(message);

      const takers = recipients(outcome, priorities ?? []);
      for (const [index, bob] of bobs.entries()) {
        // §8.5.2.1.1: the address stays as it was written.
        if (takers.includes(index)) await bob.receives(message);
        await bob.receivesNothing();
      }
      const bounce = `
      <message from="${to}" to="alice@localhost/phone" type="error" id="m1">
        <body>Hi</body>
        <error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>
      </message>`;
      if (outcome === "E") await alice.receives(bounce);
      else if (outcome === "O/E") await isKeptOrBounced();
      await alice.receivesNothing();

      async function isKeptOrBounced() {
        if (alice.heard.includes(`type="error"`)) return alice.receives(bounce);
        const late = await connect("bob/late");
        const kept = await late.receivesAny();
        expect(kept.getChildText("body")).toBe("Hi");
        return undefined;
      }
    },
  );

  test("a message without a type is a normal one (§5.2.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
    await bob.receives(`<message><body>Hi</body></message>`);
  });

  test("so is one of a type that nobody knows (§5.2.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="bob@localhost" type="unheard-of"><body>Hi</body></message>`);
    await bob.receives(`<message type="{any}"><body>Hi</body></message>`);
  });

  test.for([BARE, NO_MATCH, "nobody@localhost", "nobody@localhost/x"])(
    "an error to %s is ignored (§8.5.2.1.1, §8.5.3.2.1)",
    async (to, { connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await alice.sends(`
        <message to="${to}" type="error"><error type="cancel">
          <gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`);
      await bob.receivesNothing();
      await alice.receivesNothing();
    },
  );

  test("an error to a resource reaches it (§8.5.3.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const error = `<message to="bob@localhost/desk" type="error"><error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;
    await alice.sends(error);
    await bob.receives(error);
  });

  test("priorities change with presence (§4.7.2.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const desk = await connect("bob/desk", { priority: 5 });
    const phone = await connect("bob/phone", { priority: 1 });
    const isPresence = (element: { getName(): string }) => element.getName() === "presence";
    const message = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;
    await phone.sends("<presence><priority>9</priority></presence>");
    for (const bob of [desk, phone]) bob.forget(isPresence);
    await alice.sends(message);
    await phone.receives(message);
    await phone.sends(`<presence type="unavailable"/>`);
    for (const bob of [desk, phone]) bob.forget(isPresence);
    await alice.sends(message);
    await desk.receives(message);
    await phone.receivesNothing();
  });
});

describe("presence", () => {
  test("available and unavailable reach the resource that is named (§8.5.3.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    for (const presence of [
      `<presence to="bob@localhost/desk"><status>Hi</status></presence>`,
      `<presence to="bob@localhost/desk" type="unavailable"/>`,
    ]) {
      await alice.sends(presence);
      await bob.receives(presence.replace("to=", `from="alice@localhost/phone" to=`));
    }
  });

  test("to a bare address they reach all available resources (§8.5.2.1.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const desk = await connect("bob/desk", { priority: -1 });
    const phone = await connect("bob/phone");
    const deaf = await connect("bob/deaf", { presence: false });
    await alice.sends(`<presence to="bob@localhost"/>`);
    for (const bob of [desk, phone])
      await bob.receives(`<presence from="alice@localhost/phone" to="bob@localhost"/>`);
    await deaf.receivesNothing();
  });

  test.for(["bob@localhost", "bob@localhost/car", "nobody@localhost", "nobody@localhost/x"])(
    "to %s, where nobody is, they are ignored (§8.5.1, §8.5.2.2.2, §8.5.3.2.2)",
    async (to, { connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await alice.sends(`<presence to="${to}"/><presence to="${to}" type="unavailable"/>`);
      await alice.receivesNothing();
      const late = await connect("bob/late");
      await late.receivesNothing();
    },
  );

  test.for(["subscribe", "subscribed", "unsubscribe", "unsubscribed"])(
    "%s to an account that does not exist is ignored (§8.5.1)",
    async (type, { connect }) => {
      const alice = await connect("alice/phone");
      await alice.sends(`<presence to="nobody@localhost" type="${type}"/>`);
      alice.forget((element) => element.getName() === "iq");
      await alice.receivesNothing();
    },
  );

  test("another type is an error (§4.7.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence to="bob@localhost" type="invisible" id="p"/>`);
    await alice.receives(
      `<presence type="error" id="p"><error type="modify"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`,
    );
  });
});

const UNAVAILABLE = `<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
const QUERY = `<query xmlns="urn:example:unknown"><item/></query>`;

describe("requests", () => {
  test.for([
    "bob@localhost",
    "bob@localhost/car",
    "nobody@localhost",
    "nobody@localhost/x",
    "localhost",
    "localhost/x",
  ])("to %s, what nobody can answer is service-unavailable (§8.5.1 to §8.5.3)", async (to, { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    for (const type of ["get", "set"]) {
      await alice.sends(`<iq to="${to}" type="${type}" id="q-${type}">${QUERY}</iq>`);
      await alice.receives(`<iq from="${to}" type="error" id="q-${type}">${QUERY}${UNAVAILABLE}</iq>`);
    }
    await bob.receivesNothing();
  });

  test("reach a resource of somebody else, and the answer comes back", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<iq to="${bob.jid}" type="set" id="q">${QUERY}</iq>`);
    await bob.receives(`<iq from="${alice.jid}" to="${bob.jid}" type="set" id="q">${QUERY}</iq>`);
    await bob.sends(`<iq to="${alice.jid}" type="result" id="q"/>`);
    await alice.receives(`<iq from="${bob.jid}" to="${alice.jid}" type="result" id="q"/>`);
  });

  describe("where strangers may not ask", () => {
    test.override({ options: { config: { modules: { presence: { iqFromStrangers: false } } } } });

    test("to a resource that knows nothing of the sender they are refused (§8.5.3.1)", async ({
      connect,
    }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await alice.sends(`<iq to="${bob.jid}" type="get" id="q">${QUERY}</iq>`);
      await alice.receives(`<iq from="${bob.jid}" type="error" id="q">${QUERY}${UNAVAILABLE}</iq>`);
      await bob.receivesNothing();
    });

    test("directed presence opens the way, and the answer comes back (§8.5.3.1)", async ({ connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await bob.sends(`<presence to="${alice.jid}"/>`);
      await alice.receives(`<presence from="${bob.jid}"/>`);
      await alice.sends(`<iq to="${bob.jid}" type="get" id="q">${QUERY}</iq>`);
      await bob.receives(`<iq from="${alice.jid}" to="${bob.jid}" type="get" id="q">${QUERY}</iq>`);
      await bob.sends(`<iq to="${alice.jid}" type="result" id="q"/>`);
      await alice.receives(`<iq from="${bob.jid}" to="${alice.jid}" type="result" id="q"/>`);
    });
  });

  test("one's own resources may always be asked", async ({ connect }) => {
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    await phone.sends(`<iq to="${laptop.jid}" type="get" id="q">${QUERY}</iq>`);
    await laptop.receives(`<iq from="${phone.jid}" type="get" id="q">${QUERY}</iq>`);
    await laptop.sends(`<iq to="${phone.jid}" type="error" id="q">${QUERY}${UNAVAILABLE}</iq>`);
    await phone.receives(`<iq from="${laptop.jid}" type="error" id="q">${QUERY}${UNAVAILABLE}</iq>`);
  });

  test.for(["bob@localhost", "bob@localhost/car", "nobody@localhost", "localhost"])(
    "answers to %s that nobody waits for are ignored (RFC 6120 §8.3.1)",
    async (to, { connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await alice.sends(
        `<iq to="${to}" type="result" id="1"/><iq to="${to}" type="error" id="2">${UNAVAILABLE}</iq>`,
      );
      await alice.receivesNothing();
      await bob.receivesNothing();
    },
  );
});
