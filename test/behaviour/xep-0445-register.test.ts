/** XEP-0445 Pre-Authenticated In-Band Registration, version 0.2.0: making an account with an invitation. */
import { describe, expect } from "vitest";
import type { InvitationWish } from "../../src/modules/invites/invitation.ts";
import { invitesService } from "../../src/modules/invites/invites.ts";
import type { XmppServer } from "../../src/server.ts";
import { logIn } from "../../src/testing/log-in.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { isTurnedDown, joins, offered, PARS, registers, shows } from "./invite-client.ts";

const HOUR = 3_600_000;
const LOCALHOST = Jid.parse("localhost");
const ALICE = Jid.parse("alice@localhost");

/** The token of a new invitation. */
async function invited(server: XmppServer, wish: Partial<InvitationWish> = {}): Promise<string> {
  const usual = { kind: "account", inviter: LOCALHOST, befriend: false, mayRegister: true } as const;
  const { uri } = await server
    .host()
    .use(invitesService)
    .create({ ...usual, uses: 1, lifetime: HOUR, ...wish });
  return /preauth=(\w+)/.exec(uri)?.[1] ?? "";
}

describe("the stream feature (§3)", () => {
  test("is offered as long as there is an invitation, and registration with it", async ({
    raw,
    server,
    clock,
  }) => {
    expect(await offered(raw())).toEqual({ register: false, token: false });
    await invited(server);
    expect(await offered(raw())).toEqual({ register: true, token: true });
    await clock.advance(HOUR);
    expect(await offered(raw())).toEqual({ register: false, token: false });
  });

  test("is not offered after authentication, nor before TLS where that is required", async ({
    authenticated,
    raw,
    server,
  }) => {
    const token = await invited(server);
    const alice = await authenticated("alice");
    expect(alice.heard.split("<success")[1]).not.toContain("ibr-token");
    const late = raw({ startTls: true });
    expect(await offered(late)).toEqual({ register: false, token: false });
    await shows(late, token);
    await isTurnedDown(late, "not-authorized", "auth");
  });
});

describe("a token (§4)", () => {
  test("is accepted, and its owner makes an account and logs in", async ({ raw, server, rig }) => {
    const token = await invited(server);
    const juliet = raw();
    await joins(juliet, token, "juliet");
    await logIn(raw(), { domain: "localhost", user: "juliet", password: "sesame" });
    expect(rig.transcript.toString().split(token)).toHaveLength(2);
  });

  test.for([
    ["unknown", "abcdefghijklmnopqrstuvwx"],
    ["empty", ""],
  ])("that is %s is not found", async ([, token], { raw, server }) => {
    await invited(server);
    const juliet = raw();
    await offered(juliet);
    await shows(juliet, token as string);
    await isTurnedDown(juliet, "item-not-found", "cancel");
    await registers(juliet, "juliet");
    await isTurnedDown(juliet, "not-allowed", "cancel");
    expect(await server.host().accounts.list("localhost")).toEqual([]);
  });

  test("that has expired is not found", async ({ raw, server, clock }) => {
    const token = await invited(server);
    await invited(server, { lifetime: 2 * HOUR });
    await clock.advance(HOUR);
    const juliet = raw();
    await offered(juliet);
    await shows(juliet, token);
    await isTurnedDown(juliet, "item-not-found", "cancel");
  });

  test("that was shown in time MUST NOT be refused afterwards for its end", async ({
    raw,
    server,
    clock,
  }) => {
    const token = await invited(server, { lifetime: 10_000 });
    const juliet = raw();
    await offered(juliet);
    await shows(juliet, token);
    await juliet.receives(`<iq type="result" id="pa1"/>`);
    await clock.advance(11_000);
    await registers(juliet, "juliet");
    await juliet.receives(`<iq type="result" id="reg"/>`);
  });

  test("is not used up before the account is made", async ({ raw, server, user }) => {
    await user("taken");
    const token = await invited(server);
    const first = raw();
    await offered(first);
    await shows(first, token);
    await first.receives(`<iq type="result" id="pa1"/>`);
    await registers(first, "taken");
    await isTurnedDown(first, "conflict", "cancel");
    await joins(raw(), token, "juliet");
  });

  test("for one person is good for one account, also when two show it", async ({ raw, server }) => {
    const token = await invited(server);
    const [first, second] = [raw(), raw()];
    for (const client of [first, second]) {
      await offered(client);
      await shows(client, token);
      await client.receives(`<iq type="result" id="pa1"/>`);
    }
    await registers(first, "juliet");
    await first.receives(`<iq type="result" id="reg"/>`);
    await registers(second, "romeo");
    await isTurnedDown(second, "not-acceptable", "modify");
    const third = raw();
    await offered(third);
    await shows(third, token);
    await isTurnedDown(third, "item-not-found", "cancel");
    await registers(third, "romeo");
    await isTurnedDown(third, "service-unavailable", "cancel");
    expect(await server.host().accounts.list("localhost")).toEqual([Jid.parse("juliet@localhost")]);
  });

  test("may be counted", async ({ raw, server }) => {
    const token = await invited(server, { uses: 2 });
    await joins(raw(), token, "juliet");
    await joins(raw(), token, "romeo");
    const third = raw();
    await offered(third);
    await shows(third, token);
    await isTurnedDown(third, "item-not-found", "cancel");
  });

  test("that was taken back is not found, also when it had been shown", async ({ raw, server }) => {
    const token = await invited(server);
    const service = server.host().use(invitesService);
    const juliet = raw();
    await offered(juliet);
    await shows(juliet, token);
    await juliet.receives(`<iq type="result" id="pa1"/>`);
    const [invitation] = await service.list();
    expect(await service.revoke(invitation?.id ?? "")).toBe(true);
    expect(await service.revoke(invitation?.id ?? "")).toBe(false);
    await registers(juliet, "juliet");
    await isTurnedDown(juliet, "not-acceptable", "modify");
    await shows(juliet, token);
    await isTurnedDown(juliet, "item-not-found", "cancel");
  });

  test("of somebody who was disabled or removed is not found", async ({ raw, server, user }) => {
    await user("alice");
    const token = await invited(server, { inviter: ALICE });
    await server.host().setDisabled(ALICE, true);
    const juliet = raw();
    await offered(juliet);
    await shows(juliet, token);
    await isTurnedDown(juliet, "item-not-found", "cancel");
  });

  test("cannot be guessed for ever", async ({ raw, server }) => {
    await invited(server);
    const eve = raw();
    await offered(eve);
    for (let count = 0; count < 10; count++) {
      await shows(eve, `guess${count}`);
      await isTurnedDown(eve, "item-not-found", "cancel");
    }
    await shows(eve, "guess10");
    await eve.closed("policy-violation");
  });

  test.for([
    ["no token", `<iq type="set" id="pa1"><preauth xmlns="${PARS}"/></iq>`],
    ["a get", `<iq type="get" id="pa1"><preauth xmlns="${PARS}" token="x"/></iq>`],
  ])("with %s is a <bad-request/>", async ([, xml], { raw }) => {
    const eve = raw();
    await offered(eve);
    await eve.sends(xml as string);
    await isTurnedDown(eve, "bad-request", "modify");
  });
});

describe("a name that was chosen (§5)", () => {
  test("is the only one that the invited may have, and prefilled", async ({ raw, server }) => {
    const token = await invited(server, { username: "juliet" });
    const juliet = raw();
    await offered(juliet);
    await shows(juliet, token);
    await juliet.receives(`<iq type="result" id="pa1"/>`);
    await juliet.sends(`<iq type="get" id="reg"><query xmlns="jabber:iq:register"/></iq>`);
    await juliet.receives(`<iq type="result" id="reg"><query xmlns="jabber:iq:register">
      <instructions>{any}</instructions><username>juliet</username><password/>
      <x xmlns="jabber:x:data" type="form">
        <title>{any}</title><instructions>{any}</instructions>
        <field var="FORM_TYPE" type="hidden"><value>jabber:iq:register</value></field>
        <field var="username" type="text-single" label="{any}"><required/><value>juliet</value></field>
        <field var="password" type="text-private" label="{any}"><required/></field>
      </x></query></iq>`);
    await registers(juliet, "romeo");
    await isTurnedDown(juliet, "not-acceptable", "modify");
    await registers(juliet, "juliet");
    await juliet.receives(`<iq type="result" id="reg"/>`);
  });

  describe("where everybody may register", () => {
    test.override({
      options: { config: { admins: ["root@localhost"], modules: { register: { open: true } } } },
    });

    test("is kept for the invited, as are the addresses of administrators", async ({ raw, server }) => {
      const token = await invited(server, { username: "juliet" });
      await invited(server);
      const eve = raw();
      await offered(eve);
      for (const name of ["juliet", "root"]) {
        await registers(eve, name);
        await isTurnedDown(eve, "conflict", "cancel");
      }
      await shows(eve, "unknown");
      await isTurnedDown(eve, "item-not-found", "cancel");
      await registers(eve, "eve");
      await eve.receives(`<iq type="result" id="reg"/>`);
      await joins(raw(), token, "juliet");
      await joins(raw(), await invited(server, { username: "root" }), "root");
    });
  });
});

test("attempts are counted by invitation and given back, so that many can come from one address", async ({
  raw,
  server,
  user,
}) => {
  await user("taken");
  const token = await invited(server, { uses: 30 });
  for (let count = 0; count < 12; count++) await joins(raw({ remote: "192.0.2.1" }), token, `user${count}`);
  const prober = raw({ remote: "192.0.2.1" });
  await offered(prober);
  await shows(prober, token);
  await prober.receives(`<iq type="result" id="pa1"/>`);
  for (let count = 0; count < 10; count++) {
    await registers(prober, "taken");
    await isTurnedDown(prober, "conflict", "cancel");
  }
  await registers(prober, "taken");
  await isTurnedDown(prober, "resource-constraint", "wait");
});

describe("whoever comes by a user's invitation (XEP-0401 §5.5)", () => {
  test("becomes a contact, which the inviter's clients are told at once", async ({
    connect,
    raw,
    server,
  }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    await alice.receives(`<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}"/></iq>`);
    const token = await invited(server, { kind: "contact", inviter: ALICE, befriend: true });
    await joins(raw(), token, "juliet");
    await alice.receives(`<iq type="set"><query xmlns="jabber:iq:roster" ver="{any}">
      <item jid="juliet@localhost" subscription="both"/></query></iq>`);
    const juliet = raw();
    await logIn(juliet, { domain: "localhost", user: "juliet", password: "sesame" });
    await juliet.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq><presence/>`);
    await juliet.receives(`<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}">
      <item jid="alice@localhost" subscription="both"/></query></iq>`);
    juliet.forget((element) => String(element.attrs["from"]).startsWith("juliet@"));
    await juliet.receives(`<presence from="alice@localhost/phone">{...}</presence>`);
    await alice.receives(`<presence from="${juliet.jid}"/>`);
  });

  test("does not where that was not wanted", async ({ raw, server, user, connect }) => {
    await user("alice");
    await joins(raw(), await invited(server, { inviter: ALICE }), "juliet");
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    await alice.receives(`<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}"/></iq>`);
  });
});
