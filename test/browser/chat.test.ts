import { describe, expect } from "vitest";
import { chatService } from "../../src/modules/chat/chat.ts";
import { invitesService } from "../../src/modules/invites/invites.ts";
import type { TestServer } from "../../src/testing/index.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { archiveQueriesTo } from "../interop/archive-queries.ts";
import { Conversation } from "./converse.ts";
import { test } from "./site.ts";
import { PATIENCE_MS } from "./visits.ts";

/** A transparent picture of one pixel. */
const DOT = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

test.override({
  siteOptions: {
    users: [
      { name: "alice", roster: [{ contact: "bob" }] },
      { name: "bob", roster: [{ contact: "alice" }] },
      // Converse enters rooms by itself where somebody was before, in front of the chat of a later test.
      { name: "erin", roster: [{ contact: "frank" }] },
      { name: "frank", roster: [{ contact: "erin" }] },
      { name: "guest" },
      { name: "keeper" },
    ],
  },
});

test.beforeEach(({ site, skip }) => {
  if (!site.server.host().find(chatService)) skip("converse.js is not installed");
});

function heardBy(site: TestServer, user: string): (string | undefined)[] {
  return site.archive(user).map(({ body }) => body);
}

describe("Converse on the chat page", () => {
  test("lets two people write to each other, alone and in a room (XEP-0045)", async ({
    newPage,
    site,
    visits,
  }) => {
    visits.forgive(/muclumbus/);
    const erin = await Conversation.open(await newPage(), site, "erin");
    const frank = await Conversation.open(await newPage({ colorScheme: "dark" }), site, "frank");
    await erin.opensChatWith("frank");
    await erin.says("do you hear me?");
    await frank.opensChatWith("erin");
    await frank.hears("do you hear me?");
    await frank.says("loud and clear");
    await erin.hears("loud and clear");
    await erin.joins("kitchen", "Erin");
    await frank.joins("kitchen", "Frank");
    await erin.says("who burnt the toast?");
    await frank.hears("who burnt the toast?");
    await frank.says("not me");
    await erin.hears("not me");
  });

  test("comes back to a room, and pages to what was said first (XEP-0313)", async ({
    newPage,
    site,
    visits,
  }) => {
    visits.forgive(/muclumbus/);
    const room = "attic@conference.localhost";
    const keeper = await site.client("keeper/desk");
    await keeper.sends(
      `<presence to="${room}/Keeper"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
    );
    await keeper.sends(
      `<iq type="set" id="own" to="${room}"><query xmlns="http://jabber.org/protocol/muc#owner">
        <x xmlns="jabber:x:data" type="submit"/></query></iq>`,
    );
    const before = await Conversation.open(await newPage(), site, "guest");
    await before.joins(room, "Guest");
    await before.says("is anybody up here?");
    await before.page.context().close();
    // Far more than the room shows to those who enter, and than Converse asks for at once.
    for (let number = 1; number <= 120; number++) {
      await keeper.sends(`<message to="${room}" type="groupchat"><body>Box ${number}.</body></message>`);
    }

    const queries = archiveQueriesTo(site.server, room);
    const guest = await Conversation.open(await newPage(), site, "guest");
    await guest.joins(room, "Guest");
    await guest.hears("Box 120.");
    expect(await guest.page.locator(".chat-msg__text", { hasText: "is anybody up here?" }).count()).toBe(0);
    await guest.scrollsBackTo("is anybody up here?");
    await guest.hears("Box 1.");
    // Each page by the first message of the one before it.
    const pages = queries.map((query) => /<before>(.*?)<\/before>/.exec(query)?.[1] ?? "");
    expect(new Set(pages).size, queries.join("\n")).toBeGreaterThanOrEqual(3);
  });

  test("resumes its session when the connection is cut, and misses nothing (XEP-0198)", async ({
    newPage,
    site,
    visits,
  }) => {
    // Of the cut, and of what Converse was about to ask.
    visits.forgive(/websocket|not connected|OMEMO/i);
    const alice = await Conversation.open(await newPage(), site, "alice");
    await alice.opensChatWith("bob");
    // The pages of other tests are gone, while their sessions wait for them.
    const sessions = site.server.host().sessions.of(Jid.parse("alice@localhost"));
    const session = sessions.find(({ attached }) => attached);
    site.faults.kill("alice");
    expect(session?.attached).toBe(false);
    const bob = await site.client("bob/desk");
    await bob.sends(`<message to="alice@localhost" type="chat"><body>said in the meantime</body></message>`);
    await alice.hears("said in the meantime");
    expect(session?.attached).toBe(true);
    await alice.says("there was a gap");
  });

  test("goes on with its session when the page is loaded again", async ({ newPage, site }) => {
    const alice = await Conversation.open(await newPage(), site, "alice");
    await alice.opensChatWith("bob");
    await alice.says("before");
    const sessions = site.server.host().sessions.of(Jid.parse("alice@localhost"));
    const session = sessions.find(({ attached }) => attached);
    await alice.page.reload();
    await alice.hears("before");
    await alice.says("after");
    await expect.poll(() => heardBy(site, "bob"), { timeout: PATIENCE_MS }).toContain("after");
    expect(session?.attached).toBe(true);
  });

  test("goes by BOSH where a network lets no WebSocket through", async ({ newPage, site, visits }) => {
    visits.forgive(/WebSocket connection .* failed/);
    const page = await newPage();
    await page.addInitScript(`WebSocket = class extends WebSocket {
      constructor(url, protocols) {
        super(url.replace("xmpp-websocket", "nowhere"), protocols);
      }
    }`);
    const alice = await Conversation.open(page, site, "alice");
    await alice.opensChatWith("bob");
    await alice.says("by letter");
    await expect.poll(() => heardBy(site, "bob"), { timeout: PATIENCE_MS }).toContain("by letter");
  });

  test("sends pictures and files, whose scripts never run (XEP-0363)", async ({ newPage, site }) => {
    const alice = await Conversation.open(await newPage(), site, "alice");
    await alice.opensChatWith("bob");
    await alice.sendsFile("dot.png", "image/png", DOT);
    await alice.page.locator(".chat-msg img[src$='dot.png']").waitFor();
    const script = "<script>alert(document.domain)</script>";
    for (const [name, type, content] of [
      ["page.html", "text/html", script],
      ["drawing.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`],
      ["<img src=x onerror=alert(1)>.txt", "text/plain", script],
    ] as const) {
      await alice.sendsFile(name, type, Buffer.from(content));
      const extension = name.slice(name.lastIndexOf("."));
      const link = await alice.page.locator(`.chat-msg a[href$="${extension}"]`).last().getAttribute("href");
      const opened = await newPage();
      const download = opened.waitForEvent("download");
      await opened.goto(link ?? "").catch(() => {});
      await download;
    }
  });
});

test("what others call themselves, say and feel is text", async ({ newPage, site, visits }) => {
  visits.forgive(/muclumbus/);
  // What gets as far as to be an element, as XHTML-IM does, the policy stops; a dialog fails the test.
  visits.forgive(/inline event handler violates the following Content Security Policy|status of 404/);
  const evil = "<img src=x onerror=alert(1)>";
  const text = evil.replaceAll("<", "&lt;");
  const bob = await site.client("bob/desk");
  const alice = await Conversation.open(await newPage(), site, "alice");
  await alice.joins("parlour", "Alice");
  await bob.sends(`
    <iq type="set" id="v"><vCard xmlns="vcard-temp"><FN>${text}</FN><NICKNAME>${text}</NICKNAME></vCard></iq>`);
  await bob.sends(`<presence><status>${text}</status>
    <nick xmlns="http://jabber.org/protocol/nick">${text}</nick></presence>`);
  await bob.sends(
    `<presence to="parlour@conference.localhost/${text}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
  );
  await alice.page.locator("converse-muc").getByText(evil).first().waitFor();
  await bob.sends(
    `<message to="parlour@conference.localhost" type="groupchat"><body>${text} in the room</body></message>`,
  );
  await alice.hears(`${evil} in the room`);
  await bob.sends(`<message to="alice@localhost" type="chat"><body>${text} to her</body>
    <html xmlns="http://jabber.org/protocol/xhtml-im"><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body></html></message>`);
  await alice.opensChatWith("bob");
  await alice.hears(`${evil} to her`);
  expect(await alice.page.locator("img[src=x]").count()).toBe(0);
  const answer = alice.page.waitForResponse(/nothing$/);
  await alice.page.evaluate(
    `document.body.insertAdjacentHTML("beforeend", "<img src=nothing onerror=alert(1)>")`,
  );
  await answer;
  await alice.says("no script ran");
});

async function invites(site: TestServer, inviter: string, mayRegister: boolean): Promise<string> {
  const { landingUrl } = await site.server
    .host()
    .use(invitesService)
    .create({
      kind: "contact",
      inviter: Jid.parse(site.user(inviter).jid),
      username: undefined,
      befriend: true,
      mayRegister,
      uses: 1,
      lifetime: 3_600_000,
    });
  return landingUrl ?? "";
}

test("an invitation leads to a chat with whoever invited", async ({ newPage, site }) => {
  const page = await newPage();
  await page.goto(await invites(site, "alice", true));
  await page.getByLabel("User name").fill("carol");
  await page.getByLabel("Password", { exact: true }).fill("four words that rhyme");
  await page.getByLabel("Repeat the password").fill("four words that rhyme");
  await page.getByRole("button").click();
  await page.getByRole("link", { name: "Chat in this browser" }).click();
  expect(await page.getByLabel("XMPP Address").inputValue()).toBe("carol");
  const carol = await Conversation.logIn(page, "four words that rhyme");
  await carol.opensChatWith("alice");
  await carol.says("here I am");
  await expect.poll(() => heardBy(site, "alice"), { timeout: PATIENCE_MS }).toContain("here I am");
});

test("an invitation makes contacts of those who have accounts (XEP-0379)", async ({ newPage, site }) => {
  await site.addUser("dave");
  const page = await newPage();
  await page.goto(await invites(site, "alice", false));
  await page.getByRole("link", { name: "Accept in this browser" }).click();
  await page.getByLabel("XMPP Address").fill("dave");
  const dave = await Conversation.logIn(page, site.user("dave").password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await dave.says("may I?");
  await expect
    .poll(() => site.roster("dave"), { timeout: PATIENCE_MS })
    .toMatchObject([{ jid: "alice@localhost", subscription: "both" }]);
  expect(site.roster("alice")).toContainEqual(
    expect.objectContaining({ jid: "dave@localhost", subscription: "both" }),
  );
});
