/** XEP-0401 Ad-hoc Account Invitation Generation, version 0.6.0, §5.2: the landing page. */
import { describe, expect } from "vitest";
import type { InvitationWish } from "../../src/modules/invites/invitation.ts";
import { invitesService } from "../../src/modules/invites/invites.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { test as rigTest } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const HOUR = 3_600_000;
const PEER = { remote: "192.0.2.1" };

interface Visit {
  /** The path of the page. */
  readonly path: string;
  /** The `xmpp:` link. */
  readonly uri: string;
  readonly token: string;
}

const test = rigTest.extend<{
  /** Makes an invitation: by the domain, for one account, unless `wish` says otherwise. */
  invite(wish?: Partial<InvitationWish>): Promise<Visit>;
  page(path: string, headers?: Record<string, string>, peer?: Parameters<Rig["request"]>[2]): Promise<Page>;
  /** Sends the form of the page, as a browser does. */
  fillIn(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Page>;
}>({
  invite: ({ server }, use) =>
    use(async (wish) => {
      const host = server.host();
      const { uri } = await host.use(invitesService).create({
        kind: "account",
        inviter: host.jid,
        username: undefined,
        befriend: false,
        mayRegister: true,
        uses: 1,
        lifetime: HOUR,
        ...wish,
      });
      const token = /preauth=(\w+)/.exec(uri)?.[1] ?? "";
      return { uri, token, path: `/invite/${token}` };
    }),
  page: ({ request }, use) =>
    use(async (path, headers = {}, peer = PEER) => readPage(await request(path, { headers }, peer))),
  fillIn: ({ request }, use) =>
    use(async (path, fields, headers = { "Sec-Fetch-Site": "same-origin" }) =>
      readPage(await request(path, { method: "POST", headers, body: new URLSearchParams(fields) }, PEER)),
    ),
});

interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function readPage(response: Response): Promise<Page> {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const chosen = { username: "juliet", password: "secret of juliet", again: "secret of juliet" };

describe("the page of an invitation", () => {
  test("says who invites, where to, and until when", async ({ invite, page, user, clock }) => {
    await user("romeo");
    const inviter = Jid.parse("romeo@localhost");
    const { path, uri } = await invite({ kind: "contact", inviter, befriend: true });
    const { status, headers, text } = await page(path);
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(text).toContain("<h1>romeo invites you to chat</h1>");
    expect(text).toContain("<bdi>romeo@localhost</bdi>");
    expect(text).toContain(`<time datetime="${new Date(clock.now() + HOUR).toISOString()}">`);
    expect(uri).toMatch(/^xmpp:romeo@localhost\?roster;preauth=\w+;ibr=y$/);
    expect(text).toContain(`href="${uri}"`);
    expect(text).toContain("<svg xmlns");
    expect(text).toContain(`<form method="post"`);
  });

  test("recommends applications for the device of whoever comes", async ({ invite, page }) => {
    const { path } = await invite();
    const beginning = async (agent: string) =>
      (await page(path, { "User-Agent": agent })).text.split("<details>")[0];
    const android = await beginning("Mozilla/5.0 (Linux; Android 14; Pixel 8)");
    expect(android).toContain("Conversations");
    expect(android).not.toContain("Gajim");
    expect(await beginning("Mozilla/5.0 (Windows NT 10.0; Win64; x64)")).toContain("Gajim");
    expect(await beginning("curl/8")).toContain("Dino");
  });

  test("has no form where no account can be made", async ({ invite, page, user }) => {
    const inviter = Jid.parse(await user("romeo"));
    const { path, uri } = await invite({ kind: "contact", inviter, mayRegister: false });
    const { text } = await page(path);
    expect(text).not.toContain("<form");
    expect(text).toContain(`href="${uri}"`);
    expect(text).toContain(`href="/chat#accept=${encodeURIComponent(uri)}"`);
  });

  test("runs no scripts, is framed by nobody, kept nowhere, and tells no other site its address", async ({
    invite,
    page,
  }) => {
    const { headers, text } = await page((await invite()).path);
    expect(text).not.toContain("<script");
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src|unsafe|https:/);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Referrer-Policy")).toBe("same-origin");
  });

  test("asks nothing secret where others can read along", async ({ invite, page, request }) => {
    const { path } = await invite();
    const overheard = { remote: "192.0.2.1", secure: false };
    expect((await page(path, {}, overheard)).text).not.toContain("<form");
    const body = new URLSearchParams(chosen);
    expect((await request(path, { method: "POST", body }, overheard)).status).toBe(403);
    expect((await page(path, {}, { remote: "127.0.0.1", secure: false })).text).toContain("<form");
  });
});

describe("a link that is no invitation", () => {
  test("looks the same whether it ended, was used, was taken back, or never was", async ({
    invite,
    page,
    fillIn,
    server,
    clock,
  }) => {
    const [ended, used, revoked] = [await invite({ lifetime: 60_000 }), await invite(), await invite()];
    await clock.advance(60_000);
    expect((await fillIn(used.path, chosen)).status).toBe(200);
    const service = server.host().use(invitesService);
    const [left] = await service.list();
    await service.revoke(left?.id ?? "");
    const answers = [];
    for (const path of [
      ended.path,
      used.path,
      revoked.path,
      "/invite/aaaaaaaaaaaaaaaaaaaaaaaa",
      "/invite/%00",
    ]) {
      const { status, text } = await page(path);
      answers.push({ status, text });
    }
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.status).toBe(404);
  });

  describe("tried too often", () => {
    test.override({ options: { config: { modules: { invitePage: { wrongPerHour: 2 } } } } });

    test("keeps its network out for a while, and nobody else", async ({ invite, page, clock }) => {
      const { path } = await invite();
      for (let count = 0; count < 3; count++) expect((await page("/invite/guess")).status).toBe(404);
      const { status, headers } = await page(path);
      expect(status).toBe(429);
      expect(headers.get("Retry-After")).toBe("1800");
      expect((await page(path, {}, { remote: "192.0.2.2" })).status).toBe(200);
      await clock.advance(HOUR / 2);
      expect((await page(path)).status).toBe(200);
    });
  });
});

describe("the form", () => {
  test("makes the account, once", async ({ invite, fillIn, server, connect }) => {
    const { path } = await invite();
    const { status, text } = await fillIn(path, chosen);
    expect(status).toBe(200);
    expect(text).toContain("juliet@localhost");
    expect(text).toContain(`href="/chat#user=juliet"`);
    expect(text).not.toContain(chosen.password);
    expect((await server.host().accounts.list("localhost")).map(String)).toEqual(["juliet@localhost"]);
    expect((await fillIn(path, { ...chosen, username: "nurse" })).status).toBe(404);
    await connect("juliet/desk");
  });

  test("makes contacts of the two (§5.5)", async ({ invite, fillIn, connect }) => {
    const romeo = await connect("romeo/orchard");
    const { path } = await invite({ kind: "contact", inviter: Jid.parse("romeo@localhost"), befriend: true });
    await fillIn(path, chosen);
    await romeo.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    await romeo.receives(
      `<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}"><item jid="juliet@localhost" subscription="both"/></query></iq>`,
    );
  });

  test("takes the name of the invitation, whatever was sent", async ({ invite, page, fillIn }) => {
    const { path } = await invite({ username: "juliet" });
    expect((await page(path)).text).toMatch(/<input id="username"[^>]* value="juliet"[^>]* readonly/);
    expect((await fillIn(path, { ...chosen, username: "admin" })).text).toContain("juliet@localhost");
  });

  test.for([
    ["no name", { username: " " }, 400, /Choose a user name/],
    ["a name that cannot be", { username: "a@b" }, 400, /cannot be a user name/],
    ["a name that is taken", { username: "ROMEO" }, 409, /name is taken/],
    ["a short password", { password: "short", again: "short" }, 400, /too short: it needs 8/],
    [
      "a password that cannot be",
      { password: "x\u0000yyyyyyy", again: "x\u0000yyyyyyy" },
      400,
      /cannot be used/,
    ],
    ["two passwords", { again: "secret of romeo" }, 400, /not the same/],
    ["a field too little", { password: undefined }, 400, /too short/],
  ] as const)(
    "explains %s, and keeps the invitation",
    async ([, change, status, reason], { invite, fillIn, user }) => {
      await user("romeo");
      const { path } = await invite();
      const fields = Object.entries({ ...chosen, ...change }).filter(([, value]) => value !== undefined);
      const rejected = await fillIn(path, Object.fromEntries(fields) as Record<string, string>);
      expect(rejected.status).toBe(status);
      expect(rejected.text).toMatch(reason);
      expect(rejected.text).toContain(`role="alert"`);
      expect(rejected.text).toContain(`aria-invalid="true"`);
      expect(rejected.text).not.toContain("secret of");
      expect((await fillIn(path, chosen)).status).toBe(200);
    },
  );

  test("is missed in a body that is none", async ({ invite, request }) => {
    const { path } = await invite();
    for (const [type, body] of [
      ["multipart/form-data", "garbage"],
      ["multipart/form-data; boundary=x", "--x\r\n"],
      ["application/x-www-form-urlencoded", "%%%=&&=%ff"],
      ["text/plain", "username=juliet"],
    ] as const) {
      const response = await request(path, { method: "POST", headers: { "Content-Type": type }, body }, PEER);
      expect(response.status).toBe(400);
    }
  });

  test("is taken from this page alone", async ({ invite, fillIn }) => {
    const { path } = await invite();
    for (const headers of [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
    ]) {
      expect((await fillIn(path, chosen, headers as unknown as Record<string, string>)).status).toBe(403);
    }
    expect((await fillIn(path, chosen, { Origin: "https://localhost" })).status).toBe(200);
  });

  test("lets one of two in who come at the same time", async ({ invite, fillIn, server }) => {
    const { path } = await invite();
    const answers = await Promise.all(
      ["juliet", "nurse"].map((username) => fillIn(path, { ...chosen, username })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404]);
    expect(await server.host().accounts.list("localhost")).toHaveLength(1);
  });

  describe("with a limit of attempts", () => {
    test.override({ options: { config: { modules: { register: { perHour: 2 } } } } });

    test("is refused when it is sent too often (XEP-0077 as much as here)", async ({
      invite,
      fillIn,
      user,
    }) => {
      await user("romeo");
      const { path } = await invite();
      const statuses = [];
      for (let count = 0; count < 3; count++) {
        statuses.push((await fillIn(path, { ...chosen, username: "romeo" })).status);
      }
      expect(statuses).toEqual([409, 409, 429]);
    });
  });

  test("escapes what was typed", async ({ invite, fillIn }) => {
    const { path } = await invite();
    const { text } = await fillIn(path, { ...chosen, username: `"><script>alert(1)</script>` });
    expect(text).not.toContain("<script");
    expect(text).toContain("&quot;&gt;&lt;script&gt;");
  });
});

describe("where accounts cannot be made", () => {
  test.override({ options: { config: { modules: { register: false } } } });

  test("nobody makes one by sending the form all the same", async ({ invite, fillIn, user, server }) => {
    const inviter = Jid.parse(await user("romeo"));
    const { path } = await invite({ kind: "contact", inviter });
    expect((await fillIn(path, chosen)).status).toBe(404);
    expect(await server.host().accounts.list("localhost")).toHaveLength(1);
  });
});

describe("the link", () => {
  test("is that of the server's own page once it listens", async () => {
    await using rig = await createRig({ listen: { c2s: false, c2sTls: false, https: 0 } });
    const host = rig.server.host();
    const invite = () =>
      host.use(invitesService).create({
        kind: "account",
        inviter: host.jid,
        username: undefined,
        befriend: false,
        mayRegister: true,
        uses: 1,
        lifetime: HOUR,
      });
    expect((await invite()).landingUrl).toBeUndefined();
    await rig.server.listen();
    const { uri, landingUrl } = await invite();
    const token = /preauth=(\w+)/.exec(uri)?.[1];
    expect(landingUrl).toBe(`https://localhost:${rig.server.ports.https}/invite/${token}`);
  });
});
