/** The console's side of the server: who comes in, who stays, and what nobody can do in their name. */
import { pbkdf2Sync } from "node:crypto";
import { describe, expect } from "vitest";
import {
  demoteAdmin,
  disableUser,
  promoteAdmin,
  removeUser,
  setPassword,
} from "../../src/admin/account-commands.ts";
import { listAudit } from "../../src/admin/audit-commands.ts";
import { type AdminCommand, runCommand } from "../../src/admin/command.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import { scramKeys } from "../../src/auth/scram-keys.ts";
import { consoleService } from "../../src/modules/admin-console/console-service.ts";
import type { Rig } from "../../src/testing/create-rig.ts";
import { test as rigTest } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { ConsoleBrowser } from "./console-client.ts";

/** With an administrator, alice, and bob, who is none. */
const test = rigTest.extend<{ browser: ConsoleBrowser }>({
  browser: async ({ rig }, use) => {
    await rig.user("alice", "sesame");
    await rig.user("bob", "sesame");
    await run(rig, promoteAdmin, { user: "alice@localhost" });
    await use(new ConsoleBrowser(rig));
  },
});

function contextOf({ server }: Rig) {
  return { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
}

function run<A, R>(rig: Rig, command: AdminCommand<A, R>, args: object): Promise<R> {
  return runCommand(command, contextOf(rig), args);
}

describe("the log-in", () => {
  test("is SCRAM over the account; the server proves itself as well", async ({ browser, rig }) => {
    const answer = await browser.logsIn("alice", "sesame");
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ message: expect.stringMatching(/^v=[A-Za-z0-9+/=]+$/) });
    expect(answer.headers.get("set-cookie")).toMatch(
      /^__Secure-jackdaw-admin=[\w-]{43}; Max-Age=43200; Path=\/admin; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect((await browser.ask("visit")).body).toEqual({
      name: "alice@localhost",
      csrf: expect.any(String),
      domains: ["localhost"],
    });
    const { entries } = await runCommand(listAudit, contextOf(rig), { limit: 1 });
    expect(entries[0]).toMatchObject({ by: "alice@localhost (console)", action: "console-login" });
  });

  test("tells nobody why it failed, but for the log", async ({ browser, server }) => {
    const failures = [
      await browser.logsIn("alice", "wrong"),
      await browser.logsIn("nobody", "sesame"),
      await browser.logsIn("nobody@elsewhere", "sesame"),
      await browser.logsIn("not an address@@", "sesame"),
      await browser.ask("login/begin", { user: "alice", message: "nonsense" }),
      await browser.ask("login/finish", { id: "unknown", message: "c=biws,r=x,p=eA==" }),
    ];
    for (const { status, body, headers } of failures) {
      expect([status, body]).toEqual([401, { error: "wrong address or password" }]);
      expect(headers.get("set-cookie")).toBeNull();
    }
    const lines = server.logTail
      .since(0)
      .filter(({ message }) => message === "a log-in to the console failed");
    expect(lines).toHaveLength(failures.length - 1);
    expect(lines[0]?.data).toMatchObject({ remote: "192.0.2.1", reason: "proof" });
  });

  test("takes the keys that an account has, such as those of an imported one", async ({ rig }) => {
    const salt = Buffer.from("a salt of 16 oct");
    const keys = scramKeys("SHA-1", pbkdf2Sync("sesame", salt, 4096, 20, "sha1"));
    const jid = Jid.parse("dave@localhost");
    await rig.server
      .host()
      .accounts.createWithKeys(jid, new Map([["SHA-1", { salt, iterations: 4096, ...keys }]]));
    await run(rig, promoteAdmin, { user: "dave@localhost" });
    const dave = new ConsoleBrowser(rig);
    const begun = await dave.begins("dave");
    expect(begun.body["hash"]).toBe("SHA-1");
    expect((await dave.finishes("dave", begun, "sesame")).status).toBe(200);
  });

  test("is for administrators whose account is active", async ({ browser, rig }) => {
    expect((await browser.logsIn("bob", "sesame")).status).toBe(403);
    await run(rig, disableUser, { user: "alice@localhost" });
    expect((await browser.logsIn("alice", "sesame")).status).toBe(401);
    expect(browser.cookie).toBe("");
  });

  test("waits for those who failed too often, as on streams", async ({ browser, rig, clock }) => {
    for (let tries = 0; tries < 8; tries++) {
      const failed = browser.logsIn("alice", "wrong");
      await clock.advance(16_000);
      await failed;
    }
    let isDone = false;
    const waiting = new ConsoleBrowser(rig).logsIn("alice", "sesame").then(() => {
      isDone = true;
    });
    await rig.settle();
    expect(isDone).toBe(false);
    await clock.advance(60_000);
    await waiting;
    expect(isDone).toBe(true);
  });

  test("lets no network wait for more than a few guesses at a time, which end with the server", async ({
    browser,
    rig,
    clock,
  }) => {
    for (let tries = 0; tries < 8; tries++) {
      const failed = browser.logsIn("alice", "wrong");
      await clock.advance(16_000);
      await failed;
    }
    const guesses = Array.from({ length: 30 }, () => browser.begins("alice"));
    // Those that are refused are answered at once, and the others not before the server ends.
    const refused = guesses.slice(10).map(async (guess) => (await guess).status);
    expect(await Promise.all(refused)).toEqual(Array(20).fill(429));
    await rig.close();
    const waiting = guesses.slice(0, 10).map(async (guess) => (await guess).status);
    expect(await Promise.all(waiting)).toEqual(Array(10).fill(401));
  });

  test("cannot be kept from anybody by beginning many", async ({ browser, rig }) => {
    const begun = await browser.begins("alice");
    const flood = new ConsoleBrowser(rig, "198.51.100.7");
    for (let count = 0; count < 1100; count++) await flood.begins("alice");
    expect((await browser.finishes("alice", begun, "sesame")).status).toBe(200);
  });

  test("is not there for those whom others may listen to", async ({ rig }) => {
    const init = { headers: { "sec-fetch-site": "same-origin" } };
    const answer = await rig.request("/admin/api/visit", init, { secure: false, remote: "192.0.2.1" });
    expect(answer.status).toBe(403);
    const here = await rig.request("/admin/api/visit", init, { secure: false, remote: "127.0.0.1" });
    expect(here.status).toBe(200);
  });
});

describe("a link", () => {
  test("lets in once, and soon", async ({ browser, rig, clock, server }) => {
    const { makeLink } = server.host().use(consoleService);
    const { url } = makeLink(undefined);
    expect(url).toMatch(/^https:\/\/localhost(:\d+)?\/admin#link=[\w-]{43}$/);
    expect((await browser.comesBy(url)).status).toBe(200);
    expect((await browser.command("status")).status).toBe(200);
    expect((await new ConsoleBrowser(rig).comesBy(url)).status).toBe(401);

    const late = makeLink(undefined);
    await clock.advance(10 * 60_000);
    expect((await new ConsoleBrowser(rig).comesBy(late.url)).status).toBe(401);
  });

  test("for somebody who is no administrator any more lets nobody in", async ({ rig, browser, server }) => {
    const { url } = server.host().use(consoleService).makeLink(Jid.parse("alice@localhost"));
    await run(rig, demoteAdmin, { user: "alice@localhost" });
    expect((await browser.comesBy(url)).status).toBe(403);
  });
});

describe("a visit", () => {
  test.for([
    ["demotion", demoteAdmin, {}],
    ["another password", setPassword, { password: "other" }],
    ["a disabled account", disableUser, {}],
    ["the end of the account", removeUser, {}],
  ] as const)("ends with %s", async ([, command, args], { browser, rig }) => {
    await browser.logsIn("alice", "sesame");
    expect((await browser.command("status")).status).toBe(200);
    await run(rig, command as AdminCommand, { user: "alice@localhost", ...args });
    expect((await browser.command("status")).status).toBe(401);
    expect((await browser.ask("visit")).body).toEqual({});
  });

  test("ends when it is not used, at the latest after its time, and when it is told to", async ({
    browser,
    clock,
  }) => {
    await browser.logsIn("alice", "sesame");
    await clock.advance(30 * 60_000);
    expect((await browser.command("status")).status).toBe(401);

    await browser.logsIn("alice", "sesame");
    for (let hours = 0; hours < 24; hours++) {
      await clock.advance(30 * 60_000 - 1);
      expect((await browser.command("status")).status).toBe(200);
    }
    await clock.advance(24);
    expect((await browser.command("status")).status).toBe(401);

    await browser.logsIn("alice", "sesame");
    const { cookie } = browser;
    expect((await browser.ask("logout", {})).headers.get("set-cookie")).toMatch(/Max-Age=0/);
    browser.cookie = cookie;
    expect((await browser.command("status")).status).toBe(401);
  });
});

describe("a change", () => {
  test("is made in the visitor's name, and the audit says so", async ({ browser, rig }) => {
    await browser.logsIn("alice", "sesame");
    const made = await browser.command("user-add", { user: "carol@localhost", password: "x" });
    expect([made.status, made.body]).toEqual([200, { user: "carol@localhost" }]);
    const { entries } = await runCommand(listAudit, contextOf(rig), { limit: 1 });
    expect(entries[0]).toMatchObject({
      by: "alice@localhost (console)",
      action: "user-add",
      details: { user: "carol@localhost", password: "(secret)" },
    });
  });

  test("says what is wrong with it", async ({ browser }) => {
    await browser.logsIn("alice", "sesame");
    const there = await browser.command("user-add", { user: "bob@localhost", password: "x" });
    expect([there.status, there.body]).toEqual([422, { error: "there is an account bob@localhost already" }]);
    expect((await browser.command("nothing")).status).toBe(404);
  });

  const CROSS_SITE = [
    ["a token that is none", { "x-csrf-token": "guess" }],
    ["no token", { "x-csrf-token": "" }],
    ["another site", { "sec-fetch-site": "cross-site" }],
    ["another name of the same site", { "sec-fetch-site": "same-site" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["a form with text", { "content-type": "text/plain" }],
  ] as const;

  test.for(CROSS_SITE)("cannot come from %s", async ([, headers], { browser, rig }) => {
    await browser.logsIn("alice", "sesame");
    const { status } = await browser.ask("command/user-remove", { user: "bob@localhost" }, headers);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(await rig.server.host().accounts.exists(Jid.parse("bob@localhost"))).toBe(true);
  });

  test("of an old browser cannot come from another site either", async ({ browser, rig }) => {
    await browser.logsIn("alice", "sesame");
    const { cookie, csrf } = browser;
    const post = (origin: string) =>
      rig.request(
        "/admin/api/command/status",
        {
          method: "POST",
          body: "{}",
          headers: {
            cookie,
            origin,
            host: "localhost",
            "x-csrf-token": csrf,
            "content-type": "application/json",
          },
        },
        { remote: "192.0.2.1" },
      );
    expect((await post("https://evil.example")).status).toBe(403);
    expect((await post("null")).status).toBe(403);
    expect((await post("https://localhost")).status).toBe(200);
  });

  test("needs a visit: nothing is told to others", async ({ browser }) => {
    for (const path of ["command/status", "export", "logout"]) {
      const { status, body } = await browser.ask(path, { user: "bob@localhost" });
      expect([status, body]).toEqual([401, { error: "not logged in" }]);
    }
    expect((await browser.ask("traffic?address=bob@localhost")).status).toBe(401);
  });
});

describe("traffic", () => {
  /** Reads server-sent events as they come. */
  async function* eventsOf(answer: Response): AsyncGenerator<{ event: string; data: unknown }> {
    let text = "";
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/s.exec(part) ?? [];
        if (event !== "") yield { event, data: JSON.parse(data) };
      }
    }
  }

  test("is sent as it passes, until the visit ends", async ({ browser, rig, connect }) => {
    await browser.logsIn("alice", "sesame");
    const bob = await connect("carol/desk");
    const answer = await browser.raw("traffic?address=carol@localhost");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const events = eventsOf(answer);
    await bob.sends(`<presence><status>here</status></presence>`);
    expect((await events.next()).value).toMatchObject({
      event: "sighting",
      data: { direction: "in", kind: "presence", session: "carol@localhost/desk" },
    });
    await run(rig, demoteAdmin, { user: "alice@localhost" });
    await bob.sends(`<message to="alice@localhost" type="chat"><body>secret</body></message>`);
    const rest = [];
    for await (const { data } of events) rest.push(JSON.stringify(data));
    expect(rest.join("\n")).not.toContain("secret");
  });

  test("is watched by so many at the same time, and the audit says by whom", async ({ browser, rig }) => {
    await browser.logsIn("alice", "sesame");
    const open = [];
    for (let count = 0; count < 10; count++) open.push(await browser.raw("traffic?address=bob@localhost"));
    expect((await browser.ask("traffic?address=bob@localhost")).status).toBe(503);
    await open[0]?.body?.cancel();
    const again = await browser.raw("traffic?address=bob@localhost");
    expect(again.status).toBe(200);
    for (const answer of [...open.slice(1), again]) await answer.body?.cancel();
    const { entries } = await runCommand(listAudit, contextOf(rig), { limit: 1 });
    expect(entries[0]).toMatchObject({ action: "traffic-watch", details: { address: "bob@localhost" } });
    expect((await browser.ask("traffic?address=localhost")).status).toBe(422);
  });

  test("is not watched by who asks for the header alone, nor by more who ask at once", async ({
    browser,
    rig,
  }) => {
    await browser.logsIn("alice", "sesame");
    const path = "/admin/api/traffic?address=bob@localhost";
    const head = { method: "HEAD", headers: { cookie: browser.cookie } };
    for (let count = 0; count < 10; count++) expect((await rig.request(path, head)).status).toBe(200);
    const all = await Promise.all(
      Array.from({ length: 11 }, () => browser.raw("traffic?address=bob@localhost")),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(all.filter(({ status }) => status === 503)).toHaveLength(1);
    for (const answer of all) await answer.body?.cancel();
  });
});

test("an account is exported as XEP-0227 has it", async ({ browser }) => {
  await browser.logsIn("alice", "sesame");
  const answer = await browser.raw("export", { user: "bob@localhost" });
  expect(answer.headers.get("content-type")).toBe("application/xml");
  const text = await answer.text();
  expect(text).toMatch(/^<\?xml[\s\S]*<user name="bob"[\s\S]*<\/server-data>\s*$/);
  expect(text).not.toContain("alice");
  expect((await browser.ask("export", { user: "nobody@localhost" })).status).toBe(404);
});

describe("the page", () => {
  test("lets nobody put anything into it", async ({ request }) => {
    const page = await request("/admin");
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(await page.text()).toContain(`src="/admin/console.js"`);
    expect((await request("/admin/")).headers.get("location")).toBe("/admin");
  });

  test("is asked for anew, and sent when it has changed", async ({ request }) => {
    const { headers } = await request("/admin/console.js");
    expect(headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const etag = headers.get("etag") ?? "";
    const again = await request("/admin/console.js", { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
  });
});
