/** XEP-0077 2.4 §3.2: an account that its user removes leaves nothing behind. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { createRig } from "../../src/testing/create-rig.ts";
import { folder } from "../unit/transfer/files.ts";

const USER = "alice@localhost";
const PUBSUB = "http://jabber.org/protocol/pubsub";

/** The tables in which the user is named anywhere but in what is bob's. */
function tablesWith(file: string): readonly string[] {
  const db = new Database(file, { readonly: true });
  const names = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  const found = names.filter((name) =>
    db
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .some(
        (row) => JSON.stringify(row).includes(USER) && (row as { user?: unknown }).user !== "bob@localhost",
      ),
  );
  db.close();
  return found;
}

const REQUESTS = [
  `<query xmlns="jabber:iq:roster"><item jid="eve@far.example"/></query>`,
  `<query xmlns="jabber:iq:private"><a xmlns="urn:a"/></query>`,
  `<vCard xmlns="vcard-temp"><FN>Alice</FN></vCard>`,
  `<block xmlns="urn:xmpp:blocking"><item jid="spam.example"/></block>`,
  `<prefs xmlns="urn:xmpp:mam:2" default="always"><always/><never/></prefs>`,
  `<pubsub xmlns="${PUBSUB}"><publish node="urn:n"><item id="a"><n xmlns="urn:n"/></item></publish></pubsub>`,
  `<enable xmlns="urn:xmpp:push:0" jid="push.example" node="secret"/>`,
];

test("of one that used everything no row stays", async () => {
  const file = join(folder(), "db.sqlite");
  const rig = await createRig({ store: { sqlite: file }, config: { admins: ["root@localhost"] } });
  onTestFinished(() => rig.close());
  const { server, clock } = rig;
  const bob = await rig.connect("bob/desk");
  await bob.sends(
    `<iq type="set" id="1"><prefs xmlns="urn:xmpp:mam:2" default="never"><always/><never/></prefs></iq>`,
  );
  const alice = await rig.connect("alice/desk");
  for (const request of REQUESTS) {
    await alice.sends(`<iq type="set" id="s">${request}</iq>`);
    alice.forget((element) => element.attrs.type === "set" || element.is("message"));
    await alice.receives(`<iq type="result" id="s">{...}</iq>`);
    alice.forget(() => true);
  }
  await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
  await bob.sends(`<presence type="subscribed" to="alice@localhost"/>`);
  await bob.sends(
    `<iq type="set" id="2"><query xmlns="jabber:iq:roster"><item jid="${USER}" subscription="remove"/></query></iq>`,
  );
  alice.forget(() => true);
  await alice.closes();
  await bob.sends(`<message to="${USER}" type="chat"><body>later</body></message>`);
  await clock.advance(1000);
  await server.commit();
  expect(tablesWith(file).length).toBeGreaterThan(10);
  const again = await rig.connect("alice/desk");
  again.forget(() => true);
  await again.sends(`<iq type="set" id="r"><query xmlns="jabber:iq:register"><remove/></query></iq>`);
  await again.receives(`<iq type="result" id="r"/>`);
  await again.closed("not-authorized");
  await clock.advance(1000);
  await server.commit();
  expect(tablesWith(file)).toEqual([]);
});
