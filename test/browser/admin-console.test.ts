/** The console in a real browser. */
import type { Locator } from "playwright-core";
import { describe, expect } from "vitest";
import { record, runCommand } from "../../src/admin/command.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import { createToken } from "../../src/admin/token-commands.ts";
import { consoleService } from "../../src/modules/admin-console/console-service.ts";
import type { Client } from "../../src/testing/client.ts";
import type { TestServer } from "../../src/testing/index.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { connectComponent } from "../behaviour/component-client.ts";
import { AdminPage } from "./admin-page.ts";
import { test as siteTest } from "./site.ts";

siteTest.override({
  siteOptions: {
    users: ["admin", "alice", "bob"],
    config: {
      admins: ["admin@localhost"],
      components: { "bridge.localhost": { secret: "between us", name: "Bridge" } },
    },
  },
});

const test = siteTest.extend<{ admin: AdminPage }>({
  admin: async ({ newPage, site, url }, use) => {
    const page = new AdminPage(await newPage(), url);
    await page.logsIn("admin", site.user("admin").password);
    await page.page.getByRole("heading", { name: "Overview" }).waitFor();
    await use(page);
  },
});

describe("the log-in", () => {
  test("takes the password of an administrator and nobody else's", async ({ newPage, site, url, visits }) => {
    const admin = new AdminPage(await newPage(), url);
    visits.forgive(/status of 40[13]/);
    await admin.logsIn("admin", "wrong");
    await admin.shows("wrong address or password");
    await admin.logsIn("alice@localhost", site.user("alice").password);
    await admin.shows("alice@localhost is no administrator");
    await admin.logsIn("admin@localhost", site.user("admin").password);
    await admin.page.getByRole("heading", { name: "Overview" }).waitFor();
    await admin.clicks("Log out");
    await admin.page.getByLabel("Password").waitFor();
    expect(await admin.page.context().cookies()).toEqual([]);
  });

  test("takes a link once, and leaves nothing of it in the address", async ({ newPage, site }) => {
    const { url } = site.server.host().use(consoleService).makeLink(undefined);
    const page = await newPage();
    await page.goto(url);
    await page.getByText("whoever has the machine").waitFor();
    expect(page.url()).not.toContain("link=");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Strict", path: "/admin" });
  });

  test("ends with the administrator's rights", async ({ newPage, site, url, visits }) => {
    visits.forgive(/status of 401/);
    const host = site.server.host();
    await host.setAdmin(Jid.parse("alice@localhost"), true);
    const admin = new AdminPage(await newPage(), url);
    await admin.logsIn("alice", site.user("alice").password);
    await admin.shows("Since the start");
    await host.setAdmin(Jid.parse("alice@localhost"), false);
    await admin.page.getByLabel("Password").waitFor();
  });
});

describe("an administrator", () => {
  test("sees what the server does, live", async ({ admin, site }) => {
    const alice = await site.client("alice/phone");
    await admin.page.getByRole("img", { name: /^Stanzas: messages \d/ }).waitFor();
    for (let count = 0; count < 20; count++) {
      await alice.sends(`<message to="bob@localhost" type="chat"><body>${count}</body></message>`);
    }
    await admin.page.getByRole("img", { name: /^Stanzas: messages [1-9]/ }).waitFor();
    for (const name of [
      /^Streams/,
      /^Processor per stanza/,
      /^Delay of the event loop/,
      /^Writes/,
      /^Memory/,
    ]) {
      await admin.page.getByRole("img", { name }).waitFor();
    }
  });

  test("creates, disables and deletes an account", async ({ admin, site }) => {
    const { accounts } = site.server.host();
    const carol = Jid.parse("carol@localhost");
    await admin.opens("accounts");
    await admin.clicks("Create an account");
    await admin.page.getByLabel("Name").fill("carol");
    await admin.clicks("Make one up");
    const password = await admin.page.getByLabel("Password").inputValue();
    expect(password).toMatch(/^[a-z2-9-]{23}$/);
    await admin.clicks("Create");
    await admin.page.getByRole("link", { name: "carol@localhost" }).click();
    expect(await accounts.verifyPassword(carol, password)).toBe(true);

    await admin.clicks("Disable");
    await admin.page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
    await admin.page.getByText("disabled", { exact: true }).waitFor();
    expect(await accounts.status(carol)).toBe("disabled");

    await admin.clicks("Delete");
    const confirm = admin.page.getByRole("dialog").getByRole("button", { name: "Delete" });
    expect(await confirm.isDisabled()).toBe(true);
    await admin.page.getByLabel("Type carol@localhost to confirm").fill("carol@localhost");
    await confirm.click();
    await admin.page.getByRole("heading", { name: "Accounts" }).waitFor();
    expect(await accounts.exists(carol)).toBe(false);
  });

  test("exports an account", async ({ admin }) => {
    await admin.opens("accounts/bob@localhost");
    const loading = admin.page.waitForEvent("download");
    await admin.clicks("Export");
    expect((await loading).suggestedFilename()).toBe("bob@localhost.xml");
  });

  test("finds a session and ends it", async ({ admin, site }) => {
    const bob = await site.client("bob/desk");
    await admin.opens("sessions");
    await admin.page.getByLabel("Search").fill("desk");
    await admin.clicks("End bob@localhost/desk");
    await admin.page.getByRole("dialog").getByRole("button", { name: "End" }).click();
    await admin.shows("No such sessions.");
    expect(bob.gone).toBe(true);
  });

  test("finds a component, watches it and ends its connection", async ({ admin, site }) => {
    const bridge = await connectComponent(site.rig, "bridge.localhost", "between us");
    await admin.opens("components");
    await admin.page.getByRole("link", { name: "Watch" }).click();
    await expect.poll(() => admin.page.url()).toContain("#/inspector/bridge.localhost");
    await expect
      .poll(async () => {
        const ping = `<iq type="get" id="p" from="bridge.localhost" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`;
        await bridge.sends(ping);
        return admin.page.getByText("bridge.localhost", { exact: true }).count();
      })
      .toBeGreaterThan(1);
    await admin.opens("components");
    await admin.clicks("End the connection of bridge.localhost");
    await admin.page.getByRole("dialog").getByRole("button", { name: "End" }).click();
    await expect.poll(() => site.server.components.all[0]?.speaker).toBeUndefined();
    const end = admin.page.getByRole("button", { name: "End the connection of bridge.localhost" });
    await expect.poll(() => end.count()).toBe(0);
  });

  test("puts a list in order, and is told what cannot be seen in it", async ({ admin, site }) => {
    const { server } = site;
    const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
    for (const name of ["b10", "b9", "a\u202egnp.exe"]) {
      await runCommand(createToken, context, { name, scopes: ["read"] });
    }
    await admin.opens("tokens");
    const names = async () => (await admin.page.locator("tbody td:first-child").allTextContents()).join(" ");
    await admin.page.getByRole("button", { name: "Name" }).click();
    expect(await names()).toBe("aU+202Egnp.exe b9 b10");
    await admin.page.getByRole("button", { name: "Name" }).press("Enter");
    expect(await names()).toBe("b10 b9 aU+202Egnp.exe");
    await admin.page
      .getByRole("columnheader", { name: "Name" })
      .and(admin.page.locator("[aria-sort=descending]"))
      .waitFor();
    for (const name of ["b10", "b9", "a\u202egnp.exe"]) {
      await admin.clicks(`Revoke ${name}`);
      // Enter twice by mistake takes nothing back.
      expect(await admin.focused()).toBe("Cancel");
      await admin.page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await admin.page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });

  test("goes on to what is older, and sees what others do when coming back", async ({ admin, site }) => {
    const { server } = site;
    const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
    for (let count = 0; count < 101; count++) await record(context, `deed-${count}.`, {});
    await admin.opens("audit");
    await admin.shows("deed-100.");
    expect(await admin.page.getByText("deed-0.").count()).toBe(0);
    await admin.clicks("More");
    await admin.shows("deed-0.");
    await admin.shows("deed-100.");

    await admin.opens("tokens");
    await admin.shows("There are none.");
    await runCommand(createToken, context, { name: "of somebody else", scopes: ["read"] });
    await admin.page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
    await admin.clicks("Revoke of somebody else");
    await admin.page.getByRole("dialog").getByRole("button", { name: "Revoke" }).press("Enter");
    await admin.shows("There are none.");
    await expect.poll(() => admin.focused()).toBe("main");
  });

  test("hears when somebody else logged in, or the visit is over", async ({ admin, site, visits }) => {
    visits.forgive(/status of 40[13]/);
    const other = new AdminPage(await admin.page.context().newPage(), site.server.host().http.url);
    await other.opens("tokens");
    await other.page.getByRole("heading", { name: "Tokens" }).waitFor();
    await admin.clicks("Log out");
    await admin.logsIn("admin", site.user("admin").password);
    await admin.shows("Since the start");
    await other.opens("rooms");
    await other.shows("Somebody logged in anew");
    await other.clicks("Try again");
    await other.shows("There are none.");
    await admin.clicks("Log out");
    await other.opens("sessions");
    await other.shows("You were logged out");
  });

  test("makes a token, sees it once, and takes it back", async ({ admin, site, url }) => {
    await admin.opens("tokens");
    await admin.clicks("Make a token");
    await admin.page.getByLabel("Name").fill("backup");
    await admin.clicks("Make");
    const token = await admin.page.locator("output").textContent();
    const headers = { authorization: `Bearer ${token}` };
    expect((await site.rig.request(`${url}/api/v1/status`, { headers })).status).toBe(200);
    await admin.clicks("Close");
    await admin.clicks("Revoke backup");
    await admin.page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await admin.shows("There are none.");
    expect((await site.rig.request(`${url}/api/v1/status`, { headers })).status).toBe(401);
  });

  test("watches an account's traffic, filters it, and sees no secrets", async ({ admin, site }) => {
    const alice = await site.client("alice/tablet");
    await admin.opens("inspector");
    await admin.page.getByLabel("Account or room").fill("alice@localhost");
    await admin.clicks("Watch");
    await admin.shows("Watching. Secrets are masked.");
    await alice.sends(`<message to="bob@localhost" type="chat" id="m1"><body>a &lt;b&gt; c</body></message>`);
    await alice.sends(
      `<iq type="set" id="r1"><query xmlns="jabber:iq:auth"><username>alice</username><password>sesame</password></query></iq>`,
    );
    const list = admin.page.getByRole("listbox");
    await list.getByRole("option", { name: /iq set sent by.*jabber:iq:auth/ }).click();
    const chosen = admin.page.getByRole("region", { name: "The chosen one" });
    await chosen.getByText("(masked)").first().waitFor();
    expect(await chosen.textContent()).not.toContain("sesame");
    await list.getByText("a <b> c").waitFor();
    expect(await admin.page.getByRole("button", { name: "Send" }).count()).toBe(0);

    await admin.page.getByLabel("iq", { exact: true }).uncheck();
    await expect.poll(() => list.textContent()).not.toContain("iq:auth");
    await admin.page.getByLabel("iq", { exact: true }).check();
    await admin.page.getByLabel("Namespace").fill("iq:auth");
    await expect.poll(() => list.textContent()).not.toContain("a <b> c");
    await admin.clicks("Clear");
    await expect.poll(() => list.textContent()).toBe("");
  });
});

/** What would do something if it were anything but text. */
const EVIL = `"'><blink>x</blink><img src=x onerror=alert(1)><script>alert(2)</script>`;
const ESCAPED = EVIL.replaceAll("<", "&lt;").replaceAll('"', "&quot;");
/** A slash would end it. */
const EVIL_FILE = "&lt;img src=x onerror=alert(1)&gt;";
const ROOM = "evil@conference.localhost";

/** Puts it into every field that somebody else than an administrator controls. */
async function attack(site: TestServer): Promise<Client> {
  const { server } = site;
  const eve = await site.client(`alice/${EVIL}`);
  await eve.sends(`<presence><status>${ESCAPED}</status></presence>`);
  await eve.sends(`<iq type="set" id="v"><vCard xmlns="vcard-temp"><FN>${ESCAPED}</FN></vCard></iq>`);
  await eve.sends(`<presence to="${ROOM}/${ESCAPED}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
  const field = (name: string, value: string) => `<field var="${name}"><value>${value}</value></field>`;
  await eve.sends(`
    <iq type="set" id="c" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner">
      <x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig")}
        ${field("muc#roomconfig_roomname", ESCAPED)}${field("muc#roomconfig_roomdesc", ESCAPED)}</x></query></iq>`);
  await eve.sends(`<message to="${ROOM}" type="groupchat"><subject>${ESCAPED}</subject></message>`);
  await eve.sends(`
    <iq type="set" id="b"><block xmlns="urn:xmpp:blocking"><item jid="spam@example.org/${ESCAPED}">
      <report xmlns="urn:xmpp:reporting:1" reason="urn:xmpp:${ESCAPED}"><text>${ESCAPED}</text></report>
    </item></block></iq>`);
  await eve.sends(`
    <iq type="get" id="u" to="upload.localhost">
      <request xmlns="urn:xmpp:http:upload:0" filename="${EVIL_FILE}" size="3" content-type="text/plain"/></iq>`);
  await expect.poll(() => eve.heard).toMatch(/<put url="/);
  const put = /<put url="([^"]+)"/.exec(eve.heard)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const headers = { "content-type": "text/plain", "content-length": "3" };
  expect((await site.rig.request(put, { method: "PUT", body: "abc", headers })).status).toBe(201);
  const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
  await runCommand(createToken, context, { name: EVIL.slice(0, 60), scopes: ["read"] });
  server.log.warn(EVIL, { [EVIL]: EVIL });
  return eve;
}

describe("what users write", () => {
  test("is text everywhere in the console", async ({ admin, site }) => {
    const eve = await attack(site);
    await admin.opens("sessions");
    await admin.page.getByLabel("Search").fill("onerror");
    await admin.clicks(`Details of alice@localhost/${EVIL}`);
    // XEP-0092: the client is asked what it is.
    const asked = () => /<iq[^>]* id="([^"]+)"[^>]*><query xmlns="jabber:iq:version"/.exec(eve.heard)?.[1];
    await expect.poll(asked).toBeDefined();
    await eve.sends(
      `<iq type="result" id="${asked()}" to="localhost"><query xmlns="jabber:iq:version"><name>${ESCAPED}</name><version>${ESCAPED}</version></query></iq>`,
    );
    await expect.poll(() => countEvil(admin.page.getByRole("dialog"))).toBe(4);
    await admin.isOnlyText();
    await admin.clicks("Close");

    for (const [view, times] of [
      ["accounts/alice@localhost", 2],
      ["rooms", 1],
      [`rooms/${ROOM}`, 4],
      ["uploads", 1],
      ["reports", 3],
      ["log", 3],
      ["audit", 1],
      ["tokens", 1],
    ] as const) {
      await admin.opens(view);
      const main = admin.page.locator("main");
      await expect.poll(() => countEvil(main), { message: view }).toBeGreaterThanOrEqual(times);
      await admin.isOnlyText();
    }

    await admin.opens("inspector/alice@localhost");
    await admin.shows("Watching.");
    await eve.sends(`<presence><status>${ESCAPED}</status></presence>`);
    await admin.page.getByRole("option", { name: /presence sent by/ }).click();
    // In the resource and in the status.
    await expect.poll(() => countEvil(admin.page.getByRole("region"))).toBe(2);
    await admin.isOnlyText();
  });
});

async function countEvil(place: Locator): Promise<number> {
  return ((await place.textContent()) ?? "").split("onerror=alert(1)").length - 1;
}

describe("on a small screen", () => {
  test("nothing is wider than 360 pixels, in light and in dark", async ({ newPage, site, url }) => {
    await site.client("bob/a-device-with-a-name-that-is-longer-than-anybody-would-want-to-read-0123456789");
    for (const colorScheme of ["light", "dark"] as const) {
      const small = new AdminPage(await newPage({ viewport: { width: 360, height: 740 }, colorScheme }), url);
      await small.logsIn("admin", site.user("admin").password);
      await small.shows("Since the start");
      for (const view of [
        "overview",
        "sessions",
        "accounts",
        "accounts/bob@localhost",
        "rooms",
        "components",
        "log",
        "audit",
      ]) {
        await small.opens(view);
        await small.page.getByRole("heading", { level: 1 }).waitFor();
        expect(await small.overflow()).toBe(0);
      }
    }
  });

  test("everything is reached with the keyboard", async ({ newPage, site, url }) => {
    const small = new AdminPage(await newPage(), url);
    const { page } = small;
    await page.goto(`${url}/admin`);
    await page.getByLabel("Address").focus();
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type(site.user("admin").password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await expect.poll(() => small.focused()).toBe("main");
    await page.getByText("Skip to the content").focus();
    await page.keyboard.press("Enter");
    expect(await small.focused()).toBe("main");
    await page.getByRole("link", { name: "Accounts" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Create an account" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await expect.poll(() => small.focused()).toBe("Create an account");
  });
});
