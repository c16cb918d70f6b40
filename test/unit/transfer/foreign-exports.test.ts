import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importPie } from "../../../src/admin/transfer/import-pie.ts";
import { readPie } from "../../../src/admin/transfer/pie-reader.ts";
import { TransferReport } from "../../../src/admin/transfer/report.ts";
import type { Rig } from "../../../src/testing/create-rig.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { fixtures, importInto, rig } from "./files.ts";

const ejabberd = join(fixtures, "ejabberd-23.01", "20241123-141957.xml");
const prosody = join(fixtures, "prosody-0.12");

async function importProsody({ server }: Rig): Promise<TransferReport> {
  const report = new TransferReport();
  for (const file of readdirSync(prosody)) {
    await importPie(
      readPie(join(prosody, file)),
      { hosts: server.hosts, commit: () => server.commit() },
      report,
    );
  }
  return report;
}

const jid = (name: string) => Jid.parse(`${name}@example.org`);

/** Imported keys prove the passwords that they were made from. */
async function hasPasswords({ server }: Rig): Promise<void> {
  const { accounts } = server.host();
  expect(await accounts.verifyPassword(jid("romeo"), "wherefore art thou")).toBe(true);
  expect(await accounts.verifyPassword(jid("juliet"), "o romeo")).toBe(true);
  expect(await accounts.verifyPassword(jid("juliet"), "wherefore art thou")).toBe(false);
}

/** What Romeo has in either. */
async function hasRomeosData(made: Rig): Promise<void> {
  await made.server.host().accounts.setPassword(jid("romeo"), "secret of romeo");
  const romeo = await made.connect("romeo/window", { presence: false });
  await romeo.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
  const roster = await romeo.receivesAny();
  const items = roster.getChild("query")?.getChildElements() ?? [];
  const states = items.map(({ attrs }) => `${attrs.jid} ${attrs.subscription} ${attrs.ask ?? ""}`.trim());
  expect(states.toSorted()).toEqual([
    "juliet@example.org both",
    "mercutio@example.org none subscribe",
    "nurse@example.net none",
  ]);
  const juliet = items.find(({ attrs }) => attrs.jid === "juliet@example.org");
  expect(juliet?.attrs.name).toBe("Juliet & co");
  expect(
    juliet
      ?.getChildren("group")
      .map((group) => group.getText())
      .toSorted(),
  ).toEqual(["Friends", "Verona"]);
  await romeo.sends(
    `<iq type="get" id="p"><query xmlns="jabber:iq:private"><exodus xmlns="exodus:prefs"/></query></iq>`,
  );
  await romeo.receives(
    `<iq type="result" id="p"><query xmlns="jabber:iq:private"><exodus xmlns="exodus:prefs"><defaultnick>Hamlet</defaultnick></exodus></query></iq>`,
  );
  await romeo.sends("<presence/>");
  await romeo.receivesInAnyOrder([
    "<presence>{...}</presence>",
    `<presence type="subscribe" from="tybalt@example.org">{...}</presence>`,
  ]);
}

describe("an export of ejabberd 23.01", () => {
  test("is imported with everything in it", async () => {
    const made = await rig();
    const report = await importInto(made, ejabberd);
    expect(Object.fromEntries(report.tallies)).toEqual({
      accounts: { added: 4, present: 0 },
      contacts: { added: 5, present: 0 },
      "subscription requests": { added: 2, present: 0 },
      "blocked addresses": { added: 2, present: 0 },
      "pieces of private XML": { added: 2, present: 0 },
      "offline messages": { added: 2, present: 0 },
      vCards: { added: 2, present: 0 },
    });
    expect(report.leftOut).toEqual([]);
    expect(report.hasWeakKeys).toBe(true);
    await hasPasswords(made);
    await hasRomeosData(made);
  });

  test("changes nothing when it is imported again", async () => {
    const made = await rig();
    await importInto(made, ejabberd);
    const { tallies } = await importInto(made, ejabberd);
    expect([...tallies.values()].reduce((sum, { added }) => sum + added, 0)).toBe(0);
    expect(tallies.get("offline messages")).toEqual({ added: 0, present: 2 });
  });

  test("brings messages that wait, with the time when they were sent", async () => {
    const made = await rig();
    await importInto(made, ejabberd);
    await made.server.host().accounts.setPassword(jid("juliet"), "secret of juliet");
    const juliet = await made.connect("juliet/balcony");
    juliet.forget((stanza) => !stanza.is("message"));
    await juliet.receives(
      `<message type="chat" id="m3">{...}<delay xmlns="urn:xmpp:delay" from="example.org" stamp="2024-11-23T14:19:52.940955Z">Offline storage</delay><body>Good night</body></message>`,
    );
    await juliet.receives(
      `<message type="chat" id="m4">{...}<body>Parting is such sweet sorrow</body></message>`,
    );
    await juliet.receivesNothing();
  });
});

describe("an export of Prosody 0.12", () => {
  test("is imported with everything in it that there is a place for", async () => {
    const made = await rig();
    const report = await importProsody(made);
    expect(Object.fromEntries(report.tallies)).toMatchObject({
      accounts: { added: 4, present: 0 },
      contacts: { added: 5, present: 0 },
      "subscription requests": { added: 2, present: 0 },
      "pieces of private XML": { added: 2, present: 0 },
      "archived messages": { added: 8, present: 0 },
      "PEP nodes": { added: 6, present: 0 },
      "PEP items": { added: 7, present: 0 },
    });
    expect(report.leftOut).toEqual([]);
    await hasPasswords(made);
    await hasRomeosData(made);
  });

  test("brings the nodes of PEP, to be seen by those who could see them", async () => {
    const made = await rig();
    await importProsody(made);
    await made.server.host().accounts.setPassword(jid("romeo"), "secret of romeo");
    const romeo = await made.connect("romeo/window", { presence: false });
    const tybalt = await made.connect("stranger/x", { presence: false });
    const asks = (node: string) =>
      `<iq type="get" id="i" to="romeo@example.org"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${node}"/></pubsub></iq>`;
    await romeo.sends(asks("urn:xmpp:bookmarks:1"));
    const answer = await romeo.receivesAny();
    const items = answer.getChild("pubsub")?.getChild("items")?.getChildren("item") ?? [];
    expect(items.map(({ attrs }) => attrs.id)).toEqual([
      "theplay@rooms.example.net",
      "orchard@rooms.example.net",
    ]);
    await tybalt.sends(asks("urn:xmpp:bookmarks:1"));
    await tybalt.receives(`<iq type="error" id="i">{...}</iq>`);
    await tybalt.sends(asks("urn:xmpp:avatar:metadata"));
    await tybalt.receives(`<iq type="result" id="i">{...}</iq>`);
  });

  test("brings the archive in its order, once", async () => {
    const made = await rig();
    await importProsody(made);
    const again = await importProsody(made);
    expect(again.tallies.get("archived messages")).toEqual({ added: 0, present: 8 });
    await made.server.host().accounts.setPassword(jid("juliet"), "secret of juliet");
    const juliet = await made.connect("juliet/balcony", { presence: false });
    await juliet.sends(`<iq type="set" id="q"><query xmlns="urn:xmpp:mam:2"/></iq>`);
    const bodies: (string | null | undefined)[] = [];
    for (let count = 0; count < 4; count++) {
      const forwarded = (await juliet.receivesAny()).getChild("result")?.getChild("forwarded");
      bodies.push(forwarded?.getChild("message")?.getChildText("body"));
    }
    expect(bodies).toEqual([
      "By a name I know not how to tell thee who I am",
      "My ears have not yet drunk a hundred words & more",
      "Good night",
      "Parting is such sweet sorrow",
    ]);
  });
});
