/** What owners of rooms, and the operator, have against those who disturb. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import {
  configure,
  enter,
  failed,
  forget,
  gone,
  grants,
  JOIN,
  makeRoom,
  present,
  ROOM,
  said,
  submission,
  USER,
} from "./muc-client.ts";

const OWN = "{urn:jackdaw:muc}";
const MINUTE = 60_000;

const speech = (body: string) =>
  `<message to="${ROOM}" type="groupchat" id="${body}"><body>${body}</body></message>`;

/** The error that comes next: its type, condition and text. */
async function refusal(client: Client): Promise<string> {
  const error = (await client.receivesAny()).getChild("error");
  const [condition, text] = error?.children ?? [];
  const words = typeof text === "object" ? `: ${text.text()}` : "";
  return `${error?.attrs["type"]} ${(condition as typeof error)?.getName()}${words}`;
}

describe("slow mode", () => {
  test("lets an occupant speak once in a while, whatever client or nickname it has", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { [`${OWN}slow-mode`]: "30" });
    await enter(bob, "second");
    forget(alice, bob);
    await bob.sends(speech("one"));
    await bob.receives(said("second", "<body>one</body>", ' id="one"'));
    await bob.sends(speech("two"));
    expect(await refusal(bob)).toBe("wait policy-violation: slow mode: you may speak again in 30 seconds");
    await bob.sends(`<presence to="${ROOM}/other"/>`);
    await bob.receivesInAnyOrder([
      gone("second", `affiliation="none" role="participant" nick="other"`, { codes: [110, 303] }),
      present("other", `affiliation="none" role="participant"`, { codes: [110] }),
    ]);
    await clock.advance(29_000);
    await bob.sends(speech("three"));
    expect(await refusal(bob)).toBe("wait policy-violation: slow mode: you may speak again in 1 seconds");
    await clock.advance(1000);
    await bob.sends(speech("four"));
    await bob.receives(said("other", "<body>four</body>", ' id="four"'));
  });

  test("concerns words, neither typing nor retractions, and no moderators", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { [`${OWN}slow-mode`]: "30" });
    await enter(bob, "second");
    forget(alice, bob);
    await bob.sends(speech("one"));
    for (const inner of [
      `<composing xmlns="http://jabber.org/protocol/chatstates"/>`,
      `<retract xmlns="urn:xmpp:message-retract:1" id="x"/><body>I take it back.</body>`,
    ]) {
      await bob.sends(`<message to="${ROOM}" type="groupchat">${inner}</message>`);
    }
    await alice.sends(speech("a"));
    await alice.sends(speech("b"));
    for (const _ of [1, 2, 3, 4, 5]) {
      const message = await bob.receivesAny();
      expect(message.attrs["type"]).toBe("groupchat");
    }
  });
});

describe("newcomers", () => {
  test("have no voice until their time has come, and then get it", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { [`${OWN}newcomer-minutes`]: "5" });
    await enter(bob, "second");
    await alice.receives(present("second", `affiliation="none" role="visitor" jid="bob@localhost/phone"`));
    await bob.sends(speech("hello"));
    expect(await refusal(bob)).toBe("auth forbidden: you are new here, and may speak in 5 minutes");
    await clock.advance(5 * MINUTE);
    await bob.receives(present("second", `affiliation="none" role="participant"`, { codes: [110] }));
    await bob.sends(speech("hello"));
    await bob.receives(said("second", "<body>hello</body>", ' id="hello"'));
  });

  test("who leave and come back have waited all the same; members do not wait", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(alice, "first", { [`${OWN}newcomer-minutes`]: "5" });
    await grants(alice, `<item affiliation="member" jid="carol@localhost"/>`);
    await enter(bob, "second");
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    await clock.advance(5 * MINUTE);
    forget(bob);
    expect((await enter(bob, "second")).at(-1)).toContain(`role="participant"`);
    expect((await enter(carol, "third")).at(-1)).toContain(`role="participant"`);
  });

  test("get voice from a moderator, who may as well take it for longer", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(alice, "first", { [`${OWN}newcomer-minutes`]: "5" });
    await enter(bob, "second");
    await enter(carol, "third");
    forget(alice, bob, carol);
    await grants(alice, `<item role="participant" nick="second"/>`);
    await bob.receives(
      present("second", `affiliation="none" role="participant"`, { codes: [110], inside: "{...}" }),
    );
    // Nobody who was given voice is new again.
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    forget(bob);
    expect((await enter(bob, "second")).at(-1)).toContain(`role="participant"`);
    await grants(alice, `<item role="visitor" nick="third"/>`);
    forget(carol);
    await clock.advance(6 * MINUTE);
    await carol.receivesNothing();
  });

  test("get none by waiting where everybody needs it", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { [`${OWN}newcomer-minutes`]: "5" });
    await enter(bob, "second");
    forget(alice);
    await configure(alice, { moderatedroom: "1" });
    forget(bob);
    await clock.advance(6 * MINUTE);
    await bob.receivesNothing();
  });

  test("get voice when there are none any more", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { [`${OWN}newcomer-minutes`]: "5" });
    await enter(bob, "second");
    await alice.sends(submission({ [`${OWN}newcomer-minutes`]: "0" }));
    await bob.receives(present("second", `affiliation="none" role="participant"`, { codes: [110] }));
  });
});

describe("bans by pattern", () => {
  test("keep out whom they fit, and remove those who are in; an affiliation counts for more", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const spam = await connect("spam7/r");
    const good = await connect("spammer-no-more/r");
    await makeRoom(alice, "first");
    await grants(alice, `<item affiliation="member" jid="spammer-no-more@localhost"/>`);
    await enter(spam, "buy");
    await enter(good, "good");
    forget(alice, spam, good);
    await alice.sends(submission({ [`${OWN}banned-patterns`]: ["SPAM*@*", "evil.example"] }));
    await spam.receives(gone("buy", `affiliation="outcast" role="none"`, { codes: [110, 301] }));
    await spam.sends(`<presence to="${ROOM}/buy">${JOIN}</presence>`);
    await spam.receives(failed("presence", `from="${ROOM}/buy"`, JOIN, "auth", "forbidden"));
    await good.sends(speech("hello"));
    await good.receives(gone("buy", `affiliation="outcast" role="none"`, { codes: [301] }));
    await alice.sends(
      `<iq type="get" id="f" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner"/></iq>`,
    );
    for (;;) {
      const answer = await alice.receivesAny();
      if (answer.attrs["id"] !== "f") continue;
      expect(answer.toString()).toContain("<value>spam*@*</value><value>*@evil.example</value>");
      break;
    }
  });

  test("are patterns of addresses, and not too many", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    for (const wrong of ["a b@c", "a@b@c", "a@b/c", "*a*b*c*d*@e", "x".repeat(300)]) {
      await alice.sends(submission({ [`${OWN}banned-patterns`]: wrong }));
      expect(await refusal(alice)).toContain("modify not-acceptable");
    }
    const many = Array.from({ length: 51 }, (_, index) => `a${index}@b`);
    await alice.sends(submission({ [`${OWN}banned-patterns`]: many }));
    expect(await refusal(alice)).toBe("modify not-acceptable: at most 50 patterns are possible");
  });
});

describe("a lock-down", () => {
  test.override({ options: { store: "sqlite" } });

  test("removes whoever is no member, lets nobody else in, and ends as if it had not been", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await enter(bob, "second");
    forget(alice, bob);
    await alice.sends(submission({ [`${OWN}lockdown`]: "1" }));
    await bob.receives(gone("second", `affiliation="none" role="none"`, { codes: [110, 322] }));
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(failed("presence", `from="${ROOM}/second"`, JOIN, "auth", "registration-required"));
    await bob.sends(`<iq type="get" id="r" to="${ROOM}"><query xmlns="jabber:iq:register"/></iq>`);
    expect(await refusal(bob)).toBe("cancel not-allowed");
    forget(alice);
    await configure(alice, { [`${OWN}lockdown`]: "0" });
    expect((await enter(bob, "second")).at(-1)).toContain(`role="participant"`);
  });

  test("leaves it to admins to invite, whatever members may otherwise (§9.5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const invitation = `<message id="i" to="${ROOM}"><x xmlns="${USER}"><invite to="alice@localhost"/></x></message>`;
    await makeRoom(alice, "first", { membersonly: "1", allowinvites: "1" });
    await grants(alice, `<item jid="bob@localhost" affiliation="member"/>`);
    await enter(bob, "second");
    forget(alice);
    await configure(alice, { [`${OWN}lockdown`]: "1" });
    forget(bob);
    await bob.sends(invitation);
    expect(await refusal(bob)).toContain("auth forbidden");
    forget(alice);
    await configure(alice, { [`${OWN}lockdown`]: "0" });
    forget(alice);
    await bob.sends(invitation);
    expect((await alice.receivesAny()).toString()).toContain(`<invite from="bob@localhost"/>`);
  });

  test("leaves those without voice that they had before, and nobody else", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    await enter(bob, "second");
    await enter(carol, "third");
    await grants(alice, `<item nick="second" role="visitor"/><item nick="third" role="visitor"/>`);
    forget(alice);
    await configure(alice, { [`${OWN}lockdown`]: "1" });
    forget(alice, bob);
    await configure(alice, { [`${OWN}lockdown`]: "0" });
    await alice.receives(`<message from="${ROOM}" type="groupchat">{...}</message>`);
    await alice.receivesNothing();
    forget(bob);
    await bob.sends(speech("m"));
    expect(await refusal(bob)).toBe("auth forbidden");
    // The moderator's word also stands for those who had to go.
    expect((await enter(carol, "third")).at(-1)).toContain(`role="visitor"`);
    const dave = await connect("dave/phone");
    expect((await enter(dave, "fourth")).at(-1)).toContain(`role="participant"`);
  });

  test("lasts over a restart", async ({ rig }) => {
    const alice = await rig.connect("alice/phone");
    await makeRoom(alice, "first", { persistentroom: "1", [`${OWN}lockdown`]: "1" });
    await rig.restart({});
    const bob = await rig.connect("bob/phone");
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(failed("presence", `from="${ROOM}/second"`, JOIN, "auth", "registration-required"));
  });
});

describe("too fast", () => {
  const muc = { messagesPerMinute: 6, roomMessagesPerMinute: 8, presencesPerMinute: 3 };
  test.override({ options: { config: { modules: { muc } } } });

  test("is what an occupant sends, to the room or to others", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(bob);
    for (const to of [ROOM, `${ROOM}/second`]) {
      const type = to === ROOM ? "groupchat" : "chat";
      for (const _ of [1, 2, 3])
        await bob.sends(`<message to="${to}" type="${type}"><body>a</body></message>`);
    }
    for (const _ of [1, 2, 3, 4, 5, 6]) await bob.receivesAny();
    await bob.sends(speech("more"));
    expect(await refusal(bob)).toBe("wait policy-violation: you send too many messages");
    await clock.advance(10_000);
    await bob.sends(speech("later"));
    await bob.receives(said("second", "<body>later</body>", ' id="later"'));
  });

  test("is what all together send", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(alice, bob);
    for (const client of [alice, bob]) for (const each of "1234") await client.sends(speech(each));
    forget(bob);
    await bob.sends(speech("5"));
    expect(await refusal(bob)).toBe("wait resource-constraint: too many messages are sent in the room");
  });

  test("is entering and changing presence", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(bob);
    await bob.sends(`<presence to="${ROOM}/second"><show>away</show></presence>`);
    await bob.sends(`<presence to="${ROOM}/third"/>`);
    forget(bob);
    await bob.sends(`<presence to="${ROOM}/fourth"/>`);
    expect(await refusal(bob)).toBe("wait policy-violation: you enter or change presence too often");
    // Whoever wants to go may.
    await bob.sends(`<presence to="${ROOM}/third" type="unavailable"/>`);
    await bob.receives(gone("third", `affiliation="none" role="none"`, { codes: [110] }));
    await clock.advance(20_000);
    await enter(bob, "second");
  });
});
