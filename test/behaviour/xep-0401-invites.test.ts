/** XEP-0401 Ad-hoc Account Invitation Generation, version 0.6.0: making invitations. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import { invitesService } from "../../src/modules/invites/invites.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { COMMANDS, executes, field, isRefused } from "./admin-client.ts";
import { CREATE_ACCOUNT, INVITE, invites, receivesInvitation, type Shown } from "./invite-client.ts";

const ITEMS = "http://jabber.org/protocol/disco#items";
const WEEK = 7 * 86_400_000;

test.override({ options: { config: { admins: ["root@localhost"] } } });

/** Fills in the form of an account's invitation. */
async function fills(client: Client, ...fields: string[]): Promise<void> {
  await executes(client, CREATE_ACCOUNT);
  await client.receives(`
    <iq type="result"><command xmlns="${COMMANDS}" node="${CREATE_ACCOUNT}" sessionid="{any}" status="executing"
        xml:lang="en"><actions execute="complete"><complete/></actions>
      <x xmlns="jabber:x:data" type="form">{...}
        <field var="username" type="text-single" label="{any}"/>
        <field var="roster-subscription" type="boolean" label="{any}"><value>1</value></field></x></command></iq>`);
  const id = [...client.heard.matchAll(/sessionid="([^"]+)"/g)].at(-1)?.[1];
  await client.sends(`
    <iq type="set" id="a2" to="localhost"><command xmlns="${COMMANDS}" node="${CREATE_ACCOUNT}" sessionid="${id}">
      <x xmlns="jabber:x:data" type="submit">${fields.join("")}</x></command></iq>`);
}

async function invitesAccount(client: Client, ...fields: string[]): Promise<Shown> {
  await fills(client, ...fields);
  return receivesInvitation(client, CREATE_ACCOUNT);
}

describe("the commands (§3)", () => {
  test("are shown to those who may execute them", async ({ connect }) => {
    for (const [name, nodes] of [
      ["alice", [INVITE]],
      ["root", [INVITE, CREATE_ACCOUNT]],
    ] as const) {
      const client = await connect(`${name}/desk`);
      await client.sends(
        `<iq type="get" id="d" to="localhost"><query xmlns="${ITEMS}" node="${COMMANDS}"/></iq>`,
      );
      const answer = String(await client.receivesAny());
      expect([...answer.matchAll(/urn:xmpp:invite#[\w-]+/g)].map(([node]) => node)).toEqual(nodes);
    }
  });

  test("tell people what is what in an invitation", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await invites(alice);
    const labels = [...alice.heard.matchAll(/var="([\w-]+)" type="text-single" label="[^"]+"/g)];
    expect(labels.map(([, name]) => name)).toEqual(["uri", "expire"]);
  });

  test("that make accounts are for administrators", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await executes(alice, CREATE_ACCOUNT);
    await isRefused(alice, "forbidden", "cancel");
  });

  describe("where users may invite people to make accounts", () => {
    test.override({ options: { config: { modules: { invites: { accounts: "users" } } } } });

    test("are for everybody, and an invitation says so", async ({ connect }) => {
      const alice = await connect("alice/desk");
      expect((await invites(alice)).uri).toMatch(/^xmpp:alice@localhost\?roster;preauth=\w+;ibr=y$/);
      await invitesAccount(alice);
    });
  });

  describe("where nobody may register", () => {
    test.override({ options: { config: { admins: ["root@localhost"], modules: { register: false } } } });

    test("leave out ibr=y also for administrators (§5.1)", async ({ connect }) => {
      const root = await connect("root/desk");
      expect((await invites(root)).uri).toMatch(/^xmpp:root@localhost\?roster;preauth=\w+$/);
      await executes(root, CREATE_ACCOUNT);
      await isRefused(root, "forbidden", "cancel");
    });
  });
});

describe("an invitation to become a contact (§5.1)", () => {
  test("is made at once, with a link and its end", async ({ connect, clock }) => {
    const alice = await connect("alice/desk");
    const { uri, expire, landingUrl } = await invites(alice);
    expect(uri).toMatch(/^xmpp:alice@localhost\?roster;preauth=[a-z2-7]{24}$/);
    expect(expire).toBe(new Date(clock.now() + WEEK).toISOString());
    expect(landingUrl).toBeUndefined();
  });

  test("of an administrator lets people register", async ({ connect }) => {
    const root = await connect("root/desk");
    expect((await invites(root)).uri).toMatch(/;ibr=y$/);
  });

  test("each has a token of its own, which is kept nowhere", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jackdaw-invites-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tokens: string[] = [];
    {
      await using rig = await createRig({ store: { sqlite: join(folder, "db.sqlite") } });
      const alice = await rig.connect("alice/desk");
      for (let count = 0; count < 2; count++) tokens.push((await invites(alice)).token);
      expect(await rig.server.host().use(invitesService).list()).toHaveLength(2);
    }
    expect(new Set(tokens).size).toBe(2);
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
    expect(kept.join()).toContain("alice@localhost");
    for (const token of tokens) expect(kept.join()).not.toContain(token);
  });

  test("escapes what has a meaning in a URI (RFC 5122 §2.2)", async ({ connect }) => {
    const odd = await connect("a?b;c/desk");
    expect((await invites(odd)).uri).toMatch(/^xmpp:a%3Fb%3Bc@localhost\?roster;preauth=/);
  });

  describe("with a landing page", () => {
    const landingUrl = "https://example.org/i/#{token}?{uri}";
    test.override({ options: { config: { modules: { invites: { landingUrl, lifetime: "1h" } } } } });

    test("links to it as well", async ({ connect, clock }) => {
      const alice = await connect("alice/desk");
      const { uri, token, landingUrl: page, expire } = await invites(alice);
      expect(page).toBe(`https://example.org/i/#${token}?${encodeURIComponent(uri)}`);
      expect(expire).toBe(new Date(clock.now() + 3_600_000).toISOString());
    });
  });
});

describe("an invitation to make an account (§5.4)", () => {
  test("may name the user, or not", async ({ connect }) => {
    const root = await connect("root/desk");
    expect((await invitesAccount(root, field("username", "Juliet"))).uri).toMatch(
      /^xmpp:juliet@localhost\?register;preauth=[a-z2-7]{24}$/,
    );
    expect((await invitesAccount(root)).uri).toMatch(/^xmpp:localhost\?register;preauth=[a-z2-7]{24}$/);
  });

  test.for([
    ["no local part", "a b", "not-acceptable", "modify"],
    ["a name that is taken", "alice", "conflict", "cancel"],
    ["a name that is kept for somebody", "JULIET", "conflict", "cancel"],
  ] as const)("does not take %s", async ([, name, condition, type], { connect, user }) => {
    await user("alice");
    const root = await connect("root/desk");
    await invitesAccount(root, field("username", "juliet"));
    await fills(root, field("username", name));
    await isRefused(root, condition, type);
  });

  test("makes no account before somebody registers (§6.2)", async ({ connect, server }) => {
    const root = await connect("root/desk");
    await invitesAccount(root, field("username", "juliet"));
    expect(await server.host().accounts.exists(Jid.parse("juliet@localhost"))).toBe(false);
  });

  test("keeps the name until it ends or is taken back", async ({ connect, server, clock }) => {
    const root = await connect("root/desk");
    const service = server.host().use(invitesService);
    const juliet = Jid.parse("juliet@localhost");
    await invitesAccount(root, field("username", "juliet"));
    expect(await service.isReserved(juliet)).toBe(true);
    await clock.advance(WEEK);
    expect(await service.isReserved(juliet)).toBe(false);
  });
});

describe("invitations of a user", () => {
  test.override({ options: { config: { modules: { invites: { perUser: 3, perHour: 4 } } } } });

  test("are limited in number and in time", async ({ connect, clock }) => {
    const alice = await connect("alice/desk");
    for (let count = 0; count < 3; count++) await invites(alice);
    for (let count = 0; count < 2; count++) {
      await executes(alice, INVITE);
      await isRefused(alice, "resource-constraint", "wait");
    }
    const bob = await connect("bob/desk");
    await invites(bob);
    await clock.advance(WEEK);
    const again = await connect("alice/phone");
    for (let count = 0; count < 3; count++) await invites(again);
  });

  test("go with the user", async ({ connect, server }) => {
    const alice = await connect("alice/desk");
    await invites(alice);
    const service = server.host().use(invitesService);
    expect(await service.list()).toHaveLength(1);
    await server.host().removeUser(Jid.parse("alice@localhost"));
    expect(await service.list()).toEqual([]);
  });
});
