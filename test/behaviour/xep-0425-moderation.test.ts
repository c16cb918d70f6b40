/**
 * XEP-0425 Moderated Message Retraction, version 0.3.0
 * XEP-0424 Message Retraction, version 0.4.2, in rooms
 */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { queryArchive } from "./archive-client.ts";
import { enter, forget, makeRoom, ROOM } from "./muc-client.ts";

const AT_ROOM = { iq: `to="${ROOM}"` };
type Connect = (address: string) => Promise<Client>;

/** Alice's room, in which Bob said something; its id there. */
async function scene(connect: Connect, fields: Record<string, string> = {}) {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first", { persistentroom: "1", ...fields });
  await enter(bob, "second");
  forget(alice);
  await bob.sends(`<message to="${ROOM}" type="groupchat" id="m1"><body>potions!</body></message>`);
  const said = await alice.receivesAny();
  const id = String(said.getChild("stanza-id")?.attrs["id"]);
  forget(alice, bob);
  return { alice, bob, id };
}

async function moderates(client: Client, id: string, inside = ""): Promise<void> {
  await client.sends(
    `<iq type="set" to="${ROOM}" id="r1"><moderate id="${id}" xmlns="${ns.MODERATE}"><retract xmlns="${ns.RETRACT}"/>${inside}</moderate></iq>`,
  );
}

/** What entering shows of what was said. */
async function historyFor(client: Client): Promise<string[]> {
  return (await enter(client, "third")).filter((text) => text.includes("<body>"));
}

describe("a moderator takes back what somebody else said", () => {
  test("and everybody is told who did, and why (§4.1)", async ({ connect }) => {
    const { alice, bob, id } = await scene(connect);
    await moderates(alice, id, "<reason>spam</reason>");
    const told = `<message from="${ROOM}" id="{retraction}" type="groupchat">
      <retract xmlns="${ns.RETRACT}" id="${id}">
        <moderated xmlns="${ns.MODERATE}" by="${ROOM}/first"><occupant-id xmlns="${ns.OCCUPANT_ID}" id="{any}"/></moderated>
        <reason>spam</reason>
      </retract>
      <stanza-id xmlns="${ns.STANZA_ID}" by="${ROOM}" id="{any}"/></message>`;
    await bob.receives(told);
    await alice.receives(told);
    await alice.receives(`<iq type="result" id="r1" from="${ROOM}"/>`);
  });

  test("and a tombstone takes its place in the archive, the retraction behind it (§5)", async ({
    connect,
  }) => {
    const { alice, id } = await scene(connect);
    await moderates(alice, id, "<reason>spam</reason>");
    forget(alice);
    const { results, ids } = await queryArchive(alice, AT_ROOM);
    const [tomb, retraction] = results;
    expect(ids[0]).toBe(id);
    expect(tomb?.body).toBeNull();
    expect(tomb?.message.attrs).toMatchObject({ from: `${ROOM}/second`, id: "m1", type: "groupchat" });
    const retracted = tomb?.message.getChild("retracted", ns.RETRACT);
    expect(retracted?.getChild("moderated", ns.MODERATE)?.attrs["by"]).toBe(`${ROOM}/first`);
    expect(retracted?.getChildText("reason")).toBe("spam");
    expect(retracted?.attrs["id"]).toBe(retraction?.message.attrs["id"]);
    expect(tomb?.message.getChild("occupant-id", ns.OCCUPANT_ID)).toBeDefined();
    expect(retraction?.message.getChild("retract", ns.RETRACT)?.attrs["id"]).toBe(id);
  });

  test("and those who come later are not shown it", async ({ connect }) => {
    const { alice, id } = await scene(connect);
    await moderates(alice, id);
    const carol = await connect("carol/tab");
    expect(await historyFor(carol)).toEqual([]);
  });

  test.for([
    ["unknown", "nothing", "item-not-found"],
    ["of another kind", "!", "item-not-found"],
  ] as const)("unless its id is %s", async ([, id, condition], { connect }) => {
    const { alice } = await scene(connect);
    await moderates(alice, id);
    expect((await alice.receivesAny()).toString()).toContain(condition);
  });

  test("once", async ({ connect }) => {
    const { alice, id } = await scene(connect);
    await moderates(alice, id);
    forget(alice);
    await moderates(alice, id);
    expect((await alice.receivesAny()).toString()).toContain("<item-not-found");
  });

  test("and that stays (XEP-0424 §5)", async ({ connect }) => {
    const { alice, id } = await scene(connect);
    await moderates(alice, id);
    forget(alice);
    const retraction = (await queryArchive(alice, AT_ROOM)).ids[1] ?? "";
    await moderates(alice, retraction);
    expect((await alice.receivesAny()).toString()).toContain("<not-allowed");
    const { results } = await queryArchive(alice, AT_ROOM);
    expect(results[1]?.message.getChild("retract", ns.RETRACT)?.attrs["id"]).toBe(id);
  });

  test("which nobody else says (§6)", async ({ connect }) => {
    const { alice, bob, id } = await scene(connect);
    const claim = `<retract xmlns="${ns.RETRACT}" id="${id}"><moderated xmlns="${ns.MODERATE}" by="${ROOM}/first"/></retract>`;
    await bob.sends(
      `<message to="${ROOM}" type="groupchat"><body>x</body><retract xmlns="${ns.RETRACT}" id="0"/>${claim}</message>`,
    );
    await alice.receives(
      `<message from="${ROOM}/second" type="groupchat"><body>x</body><occupant-id xmlns="${ns.OCCUPANT_ID}" id="{any}"/>
        <stanza-id xmlns="${ns.STANZA_ID}" by="${ROOM}" id="{any}"/></message>`,
    );
    expect((await queryArchive(alice, AT_ROOM)).bodies).toEqual(["potions!", "x"]);
  });

  test("others do not (§4.2)", async ({ connect }) => {
    const { alice, bob, id } = await scene(connect);
    const carol = await connect("carol/tab");
    for (const client of [bob, carol]) {
      await moderates(client, id);
      const error = (await client.receivesAny()).getChild("error");
      expect(error?.attrs["type"]).toBe("modify");
      expect(error?.getChild("forbidden", ns.STANZA_ERRORS)).toBeDefined();
    }
    await alice.receivesNothing();
  });

  test("with a reason of some length", async ({ connect }) => {
    const { alice, id } = await scene(connect);
    await moderates(alice, id, `<reason>${"x".repeat(1001)}</reason>`);
    expect((await alice.receivesAny()).toString()).toContain("<policy-violation");
  });
});

describe("an occupant takes back what it said (XEP-0424)", () => {
  const RETRACTION = (id: string) =>
    `<message to="${ROOM}" type="groupchat" id="ret"><retract xmlns="${ns.RETRACT}" id="${id}"/></message>`;

  test("and a tombstone takes its place", async ({ connect }) => {
    const { alice, bob, id } = await scene(connect);
    await bob.sends(RETRACTION(id));
    expect((await alice.receivesAny()).getChild("retract", ns.RETRACT)?.attrs["id"]).toBe(id);
    const { results } = await queryArchive(alice, AT_ROOM);
    expect(results[0]?.message.getChild("retracted", ns.RETRACT)?.attrs["id"]).toBe("ret");
    expect(results.map(({ body }) => body)).toEqual([null, null]);
    const carol = await connect("carol/tab");
    expect(await historyFor(carol)).toEqual([]);
  });

  test("and cannot take that back (§5)", async ({ connect }) => {
    const { alice, bob, id } = await scene(connect);
    await bob.sends(RETRACTION(id));
    forget(bob);
    await bob.sends(RETRACTION((await queryArchive(bob, AT_ROOM)).ids[1] ?? ""));
    forget(alice, bob);
    const { results } = await queryArchive(alice, AT_ROOM);
    expect(results[1]?.message.getChild("retract", ns.RETRACT)?.attrs["id"]).toBe(id);
  });

  test("and nobody else does", async ({ connect }) => {
    const { alice, id } = await scene(connect);
    await alice.sends(RETRACTION(id));
    forget(alice);
    const { bodies } = await queryArchive(alice, AT_ROOM);
    expect(bodies).toEqual(["potions!", null]);
  });
});
