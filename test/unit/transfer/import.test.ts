import { describe, expect, test } from "vitest";
import { TransferError } from "../../../src/admin/transfer/pie-reader.ts";
import { pepService } from "../../../src/modules/pep/pep-service.ts";
import { el } from "../../../src/xml/element.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { files, importInto, pie, rig } from "./files.ts";

const scram = (mechanism: string, storedKey: string, count = "4096") =>
  `<scram-credentials xmlns="urn:xmpp:pie:0#scram" mechanism="${mechanism}"><iter-count>${count}</iter-count><salt>c2FsdA==</salt><server-key>${storedKey}</server-key><stored-key>${storedKey}</stored-key></scram-credentials>`;
const KEY = Buffer.alloc(20, 1).toString("base64");
const alice = Jid.parse("alice@example.org");

async function importOf(users: string, more: Readonly<Record<string, string>> = {}) {
  const made = await rig();
  const report = await importInto(made, files({ "main.xml": pie(users), ...more }));
  const leftOut = report.leftOut.map(
    ({ what, why, count, example }) => `${count} ${what}: ${why} (${example})`,
  );
  return { made, report, leftOut, accounts: made.server.host().accounts };
}

describe("an account", () => {
  test("with a password gets keys of its own (§4.2)", async () => {
    const { accounts } = await importOf('<user name="alice" password="secret"/>');
    expect(await accounts.verifyPassword(alice, "secret")).toBe(true);
  });

  test("keeps its keys and its password when it is here already", async () => {
    const made = await rig();
    await made.user("alice", "mine");
    const file = files({
      "main.xml": pie(`<user name="alice" password="theirs">${scram("SCRAM-SHA-1", KEY)}</user>`),
    });
    const report = await importInto(made, file);
    expect(report.tallies.get("accounts")).toEqual({ added: 0, present: 1 });
    const { accounts } = made.server.host();
    expect(await accounts.verifyPassword(alice, "mine")).toBe(true);
    expect(await accounts.verifyPassword(alice, "theirs")).toBe(false);
  });

  test("without credentials is made, and nobody can log in to it", async () => {
    const { accounts, leftOut } = await importOf('<user name="alice"/>');
    expect(await accounts.exists(alice)).toBe(true);
    expect(await accounts.verifyPassword(alice, "")).toBe(false);
    expect((await accounts.credentials(alice, "SHA-1")).genuine).toBe(false);
    expect(leftOut).toEqual(["1 credentials: there are none; set a password (alice@example.org)"]);
  });

  test.each([
    ["of another mechanism", scram("SCRAM-MD5", KEY), "SCRAM-MD5 is not known here"],
    ["of the wrong length", scram("SCRAM-SHA-256", KEY), "keys that are not of their mechanism"],
    ["with too many rounds", scram("SCRAM-SHA-1", KEY, "99999999"), "no usable iter-count"],
    ["with leading zeros (§4.3)", scram("SCRAM-SHA-1", KEY, "04096"), "no usable iter-count"],
  ])("does not get keys %s", async (_, credentials, why) => {
    const { leftOut, accounts } = await importOf(
      `<user name="alice" password="secret">${credentials}</user>`,
    );
    expect(leftOut).toEqual([`1 credentials: ${why} (alice@example.org)`]);
    expect(await accounts.verifyPassword(alice, "secret")).toBe(true);
  });

  test("is made last, when all of its data are there", async () => {
    const made = await rig();
    const order: string[] = [];
    made.server.host().hook("user:import", "observe", async ({ user }) => {
      order.push(`data, account: ${await made.server.host().accounts.exists(user)}`);
    });
    await importInto(
      made,
      files({ "main.xml": pie('<user name="alice" password="x"><x xmlns="y"/></user>') }),
    );
    expect(order).toEqual(["data, account: false"]);
    expect(await made.server.host().accounts.exists(alice)).toBe(true);
  });
});

describe("the operator is told (§4, §4.1)", () => {
  test("of domains that are not served", async () => {
    const made = await rig();
    const file = files({ "main.xml": pie('<user name="a"/><user name="b"/>', "other.example") });
    const { leftOut } = await importInto(made, file);
    expect(leftOut).toEqual([
      { what: "accounts", why: "other.example is not served here", count: 2, example: "a@other.example" },
    ]);
  });

  test("of data that nothing here keeps, which does not stop the rest", async () => {
    const { leftOut, accounts } = await importOf(
      '<user name="alice"><x xmlns="urn:unknown"/></user><user name="bob"/>',
    );
    expect(leftOut[0]).toBe('1 <x xmlns="urn:unknown"/>: nothing here keeps it (alice@example.org)');
    expect(await accounts.exists(Jid.parse("bob@example.org"))).toBe(true);
  });

  test("of names that are no addresses, and of contacts and messages that are nothing", async () => {
    const { leftOut } = await importOf(
      `<user name="a b"/><user name="alice" password="x"><query xmlns="jabber:iq:roster"><item jid="@"/><item jid="bob@example.org" subscription="most"/></query><offline-messages><message xmlns="jabber:client" type="headline" from="bob@example.org"/></offline-messages></user>`,
    );
    expect(leftOut.map((line) => line.replace(/ \(.*/, ""))).toEqual([
      expect.stringContaining("1 accounts: not an address"),
      "1 contacts: jid-malformed",
      "1 contacts: subscription is most",
      "1 offline messages: of a kind that does not wait",
    ]);
  });
});

describe("included files (§5)", () => {
  const include = (href: string, more = "") =>
    `<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="${href}"${more}/>`;

  test("stand where they are included, in servers, hosts and users", async () => {
    const { accounts, report } = await importOf(include("alice.xml"), {
      "alice.xml": `<user xmlns="urn:xmpp:pie:0" name="alice" password="x">${include("roster%2exml")}</user>`,
      "roster.xml": `<query xmlns="jabber:iq:roster"><item jid="bob@example.org"/></query>`,
    });
    expect(await accounts.exists(alice)).toBe(true);
    expect(report.tallies.get("contacts")).toEqual({ added: 1, present: 0 });
  });

  test("are not looked for in a user's own data", async () => {
    const { leftOut } = await importOf(
      `<user name="alice" password="x"><query xmlns="jabber:iq:private"><p xmlns="q">${include("none.xml")}</p></query></user>`,
    );
    expect(leftOut).toEqual([]);
  });

  test.each([
    ["outside of the directory", include("../secret.xml"), "outside of the export"],
    ["at an absolute place", include("/etc/passwd"), "outside of the export"],
    ["elsewhere on the net", include("http://example.org/a.xml"), "outside of the export"],
    ["of itself", include("main.xml"), "in which it is included"],
    ["as text", include("a.xml", ' parse="text"'), "not of XEP-0227"],
    ["that are not there", include("missing.xml"), "cannot be read"],
  ])("%s are refused", async (_, element, why) => {
    await expect(importOf(element)).rejects.toThrow(TransferError);
    await expect(importOf(element)).rejects.toThrow(why);
  });
});

test("a file that ends too early, or is none, is told of with its name; what was whole before is there", async () => {
  const made = await rig();
  const text = pie('<user name="alice" password="x"/><user name="bob">').replace("</host></server-data>", "");
  await expect(importInto(made, files({ "main.xml": text }))).rejects.toThrow(/main\.xml: ends before/);
  const { accounts } = made.server.host();
  expect(await accounts.exists(alice)).toBe(true);
  expect(await accounts.exists(Jid.parse("bob@example.org"))).toBe(false);
  await expect(importInto(made, files({ "main.xml": "<oops>" }))).rejects.toThrow(/main\.xml/);
  await expect(importInto(made, "/nowhere/at-all.xml")).rejects.toThrow(
    /at-all\.xml: cannot be read \(ENOENT\)/,
  );
});

test("items that come before the configuration of their node are all kept, and then seen by those who may", async () => {
  const items = ["1", "2"].map((id) => `<item id="${id}"><x xmlns="urn:x"/></item>`).join("");
  const field = (name: string, value: string) =>
    `<field var="pubsub#${name}"><value>${value}</value></field>`;
  const form = (fields: string) => `<x xmlns="jabber:x:data" type="form">${fields}</x>`;
  const configure = `<configure node="n">${form(field("access_model", "open"))}</configure><configure node="o">${form(field("access_model", "friends") + field("urn:other", "x"))}</configure>`;
  const { made, leftOut } = await importOf(
    `<user name="alice" password="x"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="n">${items}</items></pubsub><pubsub xmlns="http://jabber.org/protocol/pubsub#owner">${configure}</pubsub></user>`,
  );
  expect(leftOut).toEqual([
    '1 PEP option pubsub#access_model: "friends" is not possible here (alice@example.org)',
  ]);
  const pep = made.server.host().use(pepService);
  const node = await pep.node(alice, "n");
  expect((await node?.items(10))?.map(({ id }) => id)).toEqual(["2", "1"]);
  expect(node?.accessModel).toBe("open");
  expect((await pep.node(alice, "o"))?.accessModel).toBe("whitelist");
  // What is published later does not push out more than the oldest.
  await pep.publish(alice, "n", "3", el("x", { xmlns: "urn:x" }));
  expect((await node?.items(10))?.map(({ id }) => id)).toEqual(["3", "2"]);
});
