/** XEP-0045 Multi-User Chat, version 1.35.5, §7.8, §7.9: invitations. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { enter, failed, forget, grants, MUC, makeRoom, ROOM, USER } from "./muc-client.ts";

const asks = (inner: string) => `<message to="${ROOM}" id="i1"><x xmlns="${USER}">${inner}</x></message>`;
const REASON = "<reason>This is the place!</reason>";

describe("an invitation through the room", () => {
  test("comes from the room, names who invites, and carries the password (§7.8.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { passwordprotectedroom: "1", roomsecret: "cauldronburn" });
    await alice.sends(asks(`<invite to="bob@localhost">${REASON}</invite>`));
    await bob.receives(`<message from="${ROOM}" id="i1">
      <x xmlns="${USER}"><invite from="alice@localhost">${REASON}</invite><password>cauldronburn</password></x>
      <x xmlns="jabber:x:conference" jid="${ROOM}" password="cauldronburn" reason="This is the place!"/></message>`);
    await alice.receivesNothing();
  });

  test("may go on with another chat, and go to several (§7.9)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first");
    await alice.sends(
      asks(
        `<invite to="bob@localhost/desk"><continue thread="e0ff"/></invite><invite to="carol@localhost"><continue/></invite>`,
      ),
    );
    const old = `<x xmlns="jabber:x:conference" jid="${ROOM}"/>`;
    await bob.receives(
      `<message><x xmlns="${USER}"><invite from="alice@localhost"><continue thread="e0ff"/></invite></x>${old}</message>`,
    );
    await carol.receives(
      `<message><x xmlns="${USER}"><invite from="alice@localhost"><continue/></invite></x>${old}</message>`,
    );
  });

  test.for([
    [`<invite to="nobody@localhost"/>`, "cancel", "item-not-found"],
    [`<invite to="@"/>`, "modify", "jid-malformed"],
    ["<invite/>", "modify", "jid-malformed"],
    [`<invite to="bob@localhost"/>`.repeat(21), "modify", "policy-violation"],
  ] as const)("%s is refused (§7.8.2)", async ([inner, type, condition], { connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(asks(inner));
    await alice.receives(
      failed("message", `id="i1" from="${ROOM}"`, `<x xmlns="${USER}">${inner}</x>`, type, condition),
    );
  });

  test("waits for somebody who is away (XEP-0160)", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    await alice.receivesNothing();
    const bob = await connect("bob/desk");
    expect((await bob.receivesAny()).toString()).toContain(`<invite from="alice@localhost"/>`);
  });

  test("is not for those outside to send", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    const inner = `<invite to="alice@localhost"/>`;
    await bob.sends(asks(inner));
    await bob.receives(
      failed(
        "message",
        `id="i1" from="${ROOM}"`,
        `<x xmlns="${USER}">${inner}</x>`,
        "cancel",
        "not-acceptable",
      ),
    );
    await alice.receivesNothing();
  });

  test("to a members-only room makes a member, and is for admins to send unless members may (§9.5)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first", { membersonly: "1" });
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    await bob.receivesAny();
    expect(await enter(bob, "second")).toHaveLength(2);
    await bob.sends(asks(`<invite to="carol@localhost"/>`));
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
    await alice.sends(`<iq type="set" id="c1" to="${ROOM}"><query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">
      <field var="FORM_TYPE"><value>${MUC}#roomconfig</value></field>
      <field var="muc#roomconfig_allowinvites"><value>1</value></field></x></query></iq>`);
    await bob.sends(asks(`<invite to="carol@localhost"/>`));
    expect((await carol.receivesAny()).toString()).toContain("<invite ");
    expect(await enter(carol, "third")).toHaveLength(3);
  });

  test("to an open room makes no member (§9.5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    forget(bob);
    expect((await enter(bob, "second")).join("")).not.toContain(`affiliation="member"`);
  });

  test("is declined through the room (§7.8.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    for (const to of ["alice@localhost", "alice@localhost/phone", `${ROOM}/first`]) {
      await alice.sends(asks(`<invite to="bob@localhost"/>`));
      await bob.sends(asks(`<decline to="${to}"><reason>Too busy</reason></decline>`));
      await alice.receives(
        `<message from="${ROOM}" id="i1"><x xmlns="${USER}"><decline from="bob@localhost"><reason>Too busy</reason></decline></x></message>`,
      );
    }
  });

  test("is no way to write to just anybody", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first");
    await grants(alice, `<item affiliation="member" jid="carol@localhost"/>`);
    // Nor does it tell who belongs to the room.
    for (const to of ["carol@localhost", "alice@localhost", "nobody@localhost"]) {
      await bob.sends(asks(`<decline to="${to}"><reason>Buy now</reason></decline>`));
      expect((await bob.receivesAny()).toString()).toContain("<item-not-found ");
    }
    await carol.receivesNothing();
    // One answer to one invitation.
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    forget(alice, bob);
    for (const _ of [1, 2]) await bob.sends(asks(`<decline to="alice@localhost"/>`));
    await alice.receives(
      `<message from="${ROOM}" id="i1"><x xmlns="${USER}"><decline from="bob@localhost"/></x></message>`,
    );
    await alice.receivesNothing();
  });

  test("given directly is none of the room's business (XEP-0249 §2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const x = `<x xmlns="jabber:x:conference" jid="${ROOM}" password="pw" reason="Come" continue="true" thread="t"/>`;
    await alice.sends(`<message to="bob@localhost">${x}</message>`);
    await bob.receives(`<message from="alice@localhost/phone">${x}</message>`);
  });
});
