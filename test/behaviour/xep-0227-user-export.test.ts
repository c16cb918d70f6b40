/** XEP-0227 1.1: what users take along of their own. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { COMMANDS } from "./admin-client.ts";
import { befriend } from "./befriend.ts";

const NODE = "export-account";
const PIE = "urn:xmpp:pie:0";

async function asks(client: Client): Promise<void> {
  await client.sends(`<iq type="set" id="e"><command xmlns="${COMMANDS}" node="${NODE}"/></iq>`);
}

describe("a user's own export", () => {
  test("is in the answer where nothing is fetched from the web, without the keys of the password", async ({
    connect,
    server,
    user,
  }) => {
    await user("bob");
    await befriend(server, "alice@localhost", "bob@localhost");
    const alice = await connect("alice/desk");
    await asks(alice);
    const answer = await alice.receives(`
      <iq type="result" id="e"><command xmlns="${COMMANDS}" node="${NODE}" sessionid="{any}" status="completed"
        xml:lang="en"><server-data xmlns="${PIE}">{...}<host jid="localhost">{...}<user name="alice">
          <query xmlns="jabber:iq:roster"><item jid="bob@localhost" subscription="both"/></query>{...}
        </user>{...}</host>{...}</server-data></command></iq>`);
    expect(String(answer)).not.toContain("scram");
    expect(String(answer)).not.toContain('name="bob"');
  });

  test("that is too much for an answer is refused, and says so", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const piece = `<a xmlns="urn:a">${"x".repeat(50_000)}</a>`;
    for (const name of ["a", "b", "c"]) {
      await alice.sends(
        `<iq type="set" id="p"><query xmlns="jabber:iq:private">${piece.replaceAll("urn:a", `urn:${name}`)}</query></iq>`,
      );
      await alice.receives(`<iq type="result" id="p"/>`);
    }
    await asks(alice);
    await alice.receives(`
      <iq type="error" id="e"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
        <text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">{any}</text></error></iq>`);
  });

  test("is of nobody else's account", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/desk");
    await alice.sends(
      `<iq type="set" id="e" to="bob@localhost"><command xmlns="${COMMANDS}" node="${NODE}"/></iq>`,
    );
    await alice.receives(`
      <iq type="error" id="e">{...}<error type="cancel">
        <service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`);
  });
});

describe("over HTTPS", () => {
  test.override({ options: { listen: { c2s: false, c2sTls: false, https: 0 } } });

  /** The path of the address that the answer names. */
  async function receivesAddress(client: Client): Promise<string> {
    const answer = await client.receives(`
      <iq type="result" id="e"><command xmlns="${COMMANDS}" node="${NODE}" sessionid="{any}" status="completed"
        xml:lang="en"><x xmlns="jabber:x:data" type="result">{...}</x></command></iq>`);
    const [, path = ""] = /https:\/\/localhost:\d+(\/export\/[\w-]{22})</.exec(String(answer)) ?? [];
    expect(path).not.toBe("");
    return path;
  }

  test("it is fetched under an address that nobody can guess, for a while", async ({
    connect,
    clock,
    rig,
    server,
  }) => {
    await server.listen();
    const alice = await connect("alice/desk");
    await asks(alice);
    const path = await receivesAddress(alice);
    const answer = await rig.request(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Content-Disposition")).toMatch(/^attachment/);
    const text = await answer.text();
    expect(text).toMatch(/^<\?xml [^]*<user name="alice">[^]*<\/server-data>\n$/);
    expect(text).not.toContain("scram");
    expect((await rig.request("/export/AAAAAAAAAAAAAAAAAAAAAA")).status).toBe(404);
    await clock.advance(15 * 60_000);
    expect((await rig.request(path)).status).toBe(404);
  });

  test("an address holds until the next one is asked for", async ({ connect, rig, server }) => {
    await server.listen();
    const alice = await connect("alice/desk");
    await asks(alice);
    const first = await receivesAddress(alice);
    await asks(alice);
    const second = await receivesAddress(alice);
    expect((await rig.request(first)).status).toBe(404);
    const answer = await rig.request(second, { method: "HEAD" });
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    const running = await rig.request(second);
    expect((await rig.request(second)).status).toBe(429);
    await running.body?.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await rig.request(second)).status).toBe(200);
  });

  test("an account that is disabled or gone is not handed out any more", async ({ connect, rig, server }) => {
    await server.listen();
    const alice = await connect("alice/desk");
    await asks(alice);
    const path = await receivesAddress(alice);
    const host = server.host();
    const user = Jid.parse("alice@localhost");
    await host.setDisabled(user, true);
    expect((await rig.request(path)).status).toBe(404);
    await host.setDisabled(user, false);
    expect((await rig.request(path)).status).toBe(200);
    await host.removeUser(user);
    expect((await rig.request(path)).status).toBe(404);
  });
});
