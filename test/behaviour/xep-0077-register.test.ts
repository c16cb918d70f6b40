/** XEP-0077 In-Band Registration, version 2.4: making an account. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { logIn } from "../../src/testing/log-in.ts";
import { test } from "../../src/testing/rig.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const FEATURE = "http://jabber.org/features/iq-register";
const QUERY = `<query xmlns="jabber:iq:register"/>`;
const HOUR = 3_600_000;

/** Opens a stream; whether registration is offered on it. */
async function isOffered(client: Client): Promise<boolean> {
  await client.opens();
  const features = await client.receives("<stream:features>{any}</stream:features>");
  return features.getChild("register", FEATURE) !== undefined;
}

async function registers(client: Client, username: string, password = "Calliope"): Promise<void> {
  await client.sends(
    `<iq type="set" id="reg2"><query xmlns="jabber:iq:register"><username>${username}</username><password>${password}</password></query></iq>`,
  );
}

async function submits(client: Client, fields: string): Promise<void> {
  await client.sends(`<iq type="set" id="reg2"><query xmlns="jabber:iq:register">
    <x xmlns="jabber:x:data" type="submit">${fields}</x></query></iq>`);
}

function field(name: string, value: string): string {
  return `<field var="${name}"><value>${value}</value></field>`;
}

/** The answer has the error and nothing else: what was sent may hold a password. */
async function isRefused(client: Client, condition: string, type: string): Promise<void> {
  await client.receives(
    `<iq type="error" id="{any}"><error type="${type}"><${condition} xmlns="${STANZAS}"/></error></iq>`,
  );
}

describe("unless it is open", () => {
  test("registration is not offered, and who asks all the same gets <service-unavailable/> (§3.1)", async ({
    raw,
    server,
  }) => {
    const bill = raw();
    expect(await isOffered(bill)).toBe(false);
    await bill.sends(`<iq type="get" id="reg1" to="localhost">${QUERY}</iq>`);
    await isRefused(bill, "service-unavailable", "cancel");
    await registers(bill, "bill");
    await isRefused(bill, "service-unavailable", "cancel");
    expect(await server.host().accounts.list("localhost")).toEqual([]);
  });
});

describe("when it is open", () => {
  test.override({ options: { config: { modules: { register: { open: true, perHour: 3 } } } } });

  test("it is offered before authentication (§8) and not afterwards", async ({ raw, authenticated }) => {
    expect(await isOffered(raw())).toBe(true);
    const alice = await authenticated("alice");
    expect(alice.heard.split("<success")[1]).not.toContain(FEATURE);
  });

  test("whoever asks learns which fields are required (§3.1)", async ({ raw }) => {
    const bill = raw();
    await isOffered(bill);
    await bill.sends(`<iq type="get" id="reg1" to="localhost">${QUERY}</iq>`);
    await bill.receives(`
      <iq type="result" id="reg1"><query xmlns="jabber:iq:register">
        <instructions>{any}</instructions><username/><password/>
        <x xmlns="jabber:x:data" type="form">
          <title>{any}</title><instructions>{any}</instructions>
          <field var="FORM_TYPE" type="hidden"><value>jabber:iq:register</value></field>
          <field var="username" type="text-single" label="{any}"><required/></field>
          <field var="password" type="text-private" label="{any}"><required/></field>
        </x></query></iq>`);
  });

  test("the form makes an account as well (§4), and what is in it is masked where traffic is shown", async ({
    raw,
    rig,
  }) => {
    const bill = raw();
    await isOffered(bill);
    await submits(bill, `${field("username", "bill")}${field("password", "pässwörd")}`);
    await bill.receives(`<iq type="result" id="reg2"/>`);
    await logIn(raw(), { domain: "localhost", user: "bill", password: "pässwörd" });
    expect(rig.transcript.toString()).not.toContain("pässwörd");
  });

  test("people may take a minute over it", async ({ raw, clock }) => {
    const bill = raw();
    await isOffered(bill);
    await bill.sends(`<iq type="get" id="reg1" to="localhost">${QUERY}</iq>`);
    await bill.receives(`<iq type="result" id="reg1">{...}</iq>`);
    await clock.advance(60_000);
    await registers(bill, "bill");
    await bill.receives(`<iq type="result" id="reg2"/>`);
  });

  test("the form takes precedence over the fields (§4)", async ({ raw, server }) => {
    const bill = raw();
    await isOffered(bill);
    await bill.sends(`<iq type="set" id="reg2"><query xmlns="jabber:iq:register">
      <username>old</username><password>old</password>
      <x xmlns="jabber:x:data" type="submit">${field("username", "bill")}${field("password", "new")}</x></query></iq>`);
    await bill.receives(`<iq type="result" id="reg2"/>`);
    expect((await server.host().accounts.list("localhost")).map(String)).toEqual(["bill@localhost"]);
  });

  test.for([
    ["without a password", field("username", "bill"), "not-acceptable"],
    ["with an empty user name", `${field("username", "")}${field("password", "Calliope")}`, "not-acceptable"],
    ["of another type", field("FORM_TYPE", "jabber:iq:search"), "bad-request"],
  ] as const)("a form %s is refused", async ([, fields, condition], { raw, server }) => {
    const bill = raw();
    await isOffered(bill);
    await submits(bill, fields);
    await isRefused(bill, condition, "modify");
    expect(await server.host().accounts.list("localhost")).toEqual([]);
  });

  test("an account is made, and its owner logs in on the same stream (§3.1.1)", async ({ raw, rig }) => {
    const bill = raw();
    await isOffered(bill);
    await registers(bill, "Bill", "pässwörd");
    await bill.receives(`<iq type="result" id="reg2"/>`);
    const message = Buffer.from("\0bill\0pässwörd").toString("base64");
    await bill.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`);
    await bill.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    expect(rig.transcript.toString()).not.toContain("pässwörd");
  });

  test("a name that is taken is a <conflict/>, however it is written, and the account stays as it is", async ({
    raw,
    user,
  }) => {
    await user("bill", "Urania");
    const other = raw();
    await isOffered(other);
    await registers(other, "BILL");
    await isRefused(other, "conflict", "cancel");
    await logIn(raw(), { domain: "localhost", user: "bill", password: "Urania" });
  });

  test.for([
    ["no password", "<username>bill</username>"],
    ["an empty password", "<username>bill</username><password/>"],
    ["no user name", "<password>Calliope</password>"],
    ["nothing", ""],
  ] as const)("%s is <not-acceptable/> (§3.1)", async ([, fields], { raw, server }) => {
    const bill = raw();
    await isOffered(bill);
    await bill.sends(`<iq type="set" id="reg2"><query xmlns="jabber:iq:register">${fields}</query></iq>`);
    await isRefused(bill, "not-acceptable", "modify");
    expect(await server.host().accounts.list("localhost")).toEqual([]);
  });

  test("neither is a password that cannot be one, nor does it come back", async ({ raw }) => {
    const bill = raw();
    await isOffered(bill);
    await registers(bill, "bill", `tab&#9;${"x".repeat(20)}`);
    await isRefused(bill, "not-acceptable", "modify");
    expect(bill.heard).not.toContain("xxx");
  });

  test.for(["bill/desk", "bill@example.org", "b ill"])("%s is no user name", async (name, { raw }) => {
    const bill = raw();
    await isOffered(bill);
    await registers(bill, name);
    await isRefused(bill, "jid-malformed", "modify");
  });

  test("a second account on one stream is <not-acceptable/> (§3.1.1)", async ({ raw }) => {
    const bill = raw();
    await isOffered(bill);
    await registers(bill, "bill");
    await bill.receives(`<iq type="result" id="reg2"/>`);
    await registers(bill, "anne");
    await isRefused(bill, "not-acceptable", "modify");
  });

  test("an address may try so often in an hour, taken names included; then it waits", async ({
    raw,
    user,
    clock,
  }) => {
    await user("taken");
    const remote = "192.0.2.1";
    const tries = async (name: string, from = remote) => {
      const client = raw({ remote: from });
      await isOffered(client);
      await registers(client, name);
      return client;
    };
    await (await tries("one")).receives(`<iq type="result" id="reg2"/>`);
    await isRefused(await tries("taken"), "conflict", "cancel");
    await (await tries("two")).receives(`<iq type="result" id="reg2"/>`);
    await isRefused(await tries("three"), "resource-constraint", "wait");
    await isRefused(await tries("taken"), "resource-constraint", "wait");
    await (await tries("three", "192.0.2.2")).receives(`<iq type="result" id="reg2"/>`);
    await clock.advance(HOUR / 3);
    await (await tries("four")).receives(`<iq type="result" id="reg2"/>`);
  });

  test("an IPv6 network counts as one address", async ({ raw }) => {
    for (let host = 1; host <= 4; host++) {
      const client = raw({ remote: `2001:db8::${host}` });
      await isOffered(client);
      await registers(client, `user${host}`);
      if (host < 4) await client.receives(`<iq type="result" id="reg2"/>`);
      else await isRefused(client, "resource-constraint", "wait");
    }
  });

  test("before TLS, where that is required, it is neither offered nor done (§11)", async ({
    raw,
    server,
  }) => {
    const bill = raw({ startTls: true });
    expect(await isOffered(bill)).toBe(false);
    await registers(bill, "bill");
    await isRefused(bill, "not-authorized", "auth");
    expect(await server.host().accounts.list("localhost")).toEqual([]);
  });

  test("a client that is authenticated binds a resource first (RFC 6120 §7.1)", async ({ authenticated }) => {
    const alice = await authenticated("alice");
    await registers(alice, "anne");
    await alice.closed("not-authorized");
  });

  test("outside of an IQ the query means nothing", async ({ raw }) => {
    const bill = raw();
    await isOffered(bill);
    await bill.sends(QUERY);
    await bill.closed("unsupported-stanza-type");
  });

  test.for([
    [`type="set"`, `${QUERY}${QUERY}`],
    [`type="result"`, QUERY],
  ] as const)("an IQ of %s with %s is refused", async ([type, payload], { raw }) => {
    const bill = raw();
    await isOffered(bill);
    await bill.sends(`<iq ${type} id="reg2">${payload}</iq>`);
    await isRefused(bill, "bad-request", "modify");
  });
});

test("it is announced in disco#info (§10)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(
    `<iq type="get" id="d" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  await alice.receives(
    `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="jabber:iq:register"/></query></iq>`,
  );
});

describe("with two in an hour of all addresses together", () => {
  test.override({ options: { config: { modules: { register: { open: true, perHourInAll: 2 } } } } });

  test("the third has to wait, from wherever it comes (XEP-0205 §4)", async ({ clock, raw, server }) => {
    for (const index of [1, 2, 3]) {
      const one = raw({ remote: `192.0.2.${index}` });
      await isOffered(one);
      await registers(one, `user${index}`);
      if (index < 3) await one.receives(`<iq type="result" id="reg2"/>`);
      else await isRefused(one, "resource-constraint", "wait");
    }
    expect(server.metrics.snapshot()).toMatchObject({
      jackdaw_registrations: 2,
      jackdaw_registrations_refused: 1,
    });
    await clock.advance(1_800_000);
    const late = raw({ remote: "192.0.2.4" });
    await isOffered(late);
    await registers(late, "late");
    await late.receives(`<iq type="result" id="reg2"/>`);
  });
});
