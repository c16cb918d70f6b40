import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exportPie } from "../../../src/admin/transfer/export-pie.ts";
import { writeNewFile } from "../../../src/cli/new-file.ts";
import type { Rig } from "../../../src/testing/create-rig.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { exportFrom, files, folder, importInto, rig } from "./files.ts";

/** Two friends with everything that a server keeps of them. */
async function inhabited(): Promise<Rig> {
  const made = await rig();
  const alice = await made.connect("alice/phone");
  const bob = await made.connect("bob/desk");
  const does = async (request: string) => {
    await alice.sends(`<iq type="set" id="1">${request}</iq>`);
    alice.forget(() => true);
  };
  await does(
    `<query xmlns="jabber:iq:roster"><item jid="bob@example.org" name="B &lt; &quot;b&quot;"><group>G</group></item></query>`,
  );
  await alice.sends(`<presence type="subscribe" to="bob@example.org"/>`);
  await bob.sends(`<presence type="subscribed" to="alice@example.org"/>`);
  await bob.sends(
    `<presence type="subscribe" to="alice@example.org"><nick xmlns="urn:nick">Bob</nick></presence>`,
  );
  await does(`<query xmlns="jabber:iq:private"><a xmlns="urn:a" b="&amp;"><c/></a></query>`);
  await does(`<vCard xmlns="vcard-temp"><FN>Alice</FN></vCard>`);
  await does(`<block xmlns="urn:xmpp:blocking"><item jid="spam.example"/></block>`);
  await does(`<prefs xmlns="urn:xmpp:mam:2" default="roster"><always/><never/></prefs>`);
  for (const id of ["one", "two"]) await does(publish("urn:notes", id, "whitelist"));
  await does(publish("urn:mood", "current", "open"));
  await alice.sends(
    `<iq type="set" id="1"><pubsub xmlns="http://jabber.org/protocol/pubsub#owner"><affiliations node="urn:notes"><affiliation jid="bob@example.org" affiliation="member"/></affiliations></pubsub></iq>`,
  );
  for (let time = 0; time < 30; time++) {
    await bob.sends(`<message to="alice@example.org" type="chat"><body>${time} &lt;</body></message>`);
    await made.clock.advance(time % 3);
  }
  alice.forget(() => true);
  await alice.closes();
  await bob.sends(`<message to="alice@example.org" type="chat"><body>later</body></message>`);
  return made;
}

function publish(node: string, id: string, access: string): string {
  const options = { persist_items: "true", max_items: "max", access_model: access };
  const fields = Object.entries(options).map(
    ([name, value]) => `<field var="pubsub#${name}"><value>${value}</value></field>`,
  );
  return `<pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${node}"><item id="${id}"><note xmlns="urn:note">${id} &lt;</note></item></publish><publish-options><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/pubsub#publish-options</value></field>${fields.join("")}</x></publish-options></pubsub>`;
}

test("what one server exports another one imports and exports again, the same", async () => {
  const first = await inhabited();
  const text = await exportFrom(first);
  for (const part of [
    "urn:xmpp:pie:0#scram",
    "<offline-messages>",
    "<archive ",
    "<vCard ",
    "urn:a",
    "spam.example",
    "urn:nick",
    'node="urn:notes"',
    '<item id="two"><note xmlns="urn:note">two &lt;</note></item>',
    'affiliation="member"',
    '<prefs xmlns="urn:xmpp:mam:2" default="roster">',
  ]) {
    expect(text).toContain(part);
  }
  const second = await rig();
  const report = await importInto(second, files({ "a.xml": text }));
  expect(report.leftOut).toEqual([]);
  expect(report.tallies.get("accounts")).toEqual({ added: 2, present: 0 });
  const again = await exportFrom(second);
  expect(withoutIds(again)).toBe(withoutIds(text));
  const repeated = await importInto(second, files({ "a.xml": text }));
  expect([...repeated.tallies].filter(([, { added }]) => added > 0)).toEqual([]);
  expect(await exportFrom(second)).toBe(again);
  const alice = await second.connect("alice/phone", { presence: false });
  await alice.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
  await alice.receives(
    `<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}"><item jid="bob@example.org" subscription="to" name="B &lt; &quot;b&quot;"><group>G</group></item></query></iq>`,
  );
});

/** Each server has ids of its own for what is in its archives. */
function withoutIds(text: string): string {
  return text.replaceAll(/(<result xmlns="[^"]*" id=")[^"]*/g, "$1").replaceAll(/<stanza-id [^>]*\/>/g, "");
}

test("one account alone", async () => {
  const made = await inhabited();
  let text = "";
  const write = async (xml: string) => void (text += xml);
  expect(await exportPie(write, made.server.hosts.values(), { only: Jid.parse("bob@example.org") })).toBe(1);
  const other = await rig();
  await importInto(other, files({ "bob.xml": text }));
  const { accounts } = other.server.host();
  expect(await accounts.list("example.org")).toEqual([Jid.parse("bob@example.org")]);
});

describe("a new file", () => {
  test("is its owner's alone, and none is overwritten (§7)", async () => {
    const file = join(folder(), "a.xml");
    await writeNewFile(file, (write) => write("<a/>"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await expect(writeNewFile(file, async () => {})).rejects.toThrow("EEXIST");
    expect(readFileSync(file, "utf8")).toBe("<a/>");
  });

  test("does not stay when it cannot be written to its end", async () => {
    const file = join(folder(), "a.xml");
    const work = async (write: (text: string) => Promise<void>) => {
      await write("<a>");
      throw new Error("the server is gone");
    };
    await expect(writeNewFile(file, work)).rejects.toThrow("the server is gone");
    expect(existsSync(file)).toBe(false);
  });
});
