import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { InvitationWish } from "../../src/modules/invites/invitation.ts";
import { invitesService } from "../../src/modules/invites/invites.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { test as siteTest } from "./site.ts";

siteTest.override({ siteOptions: { users: ["alice", "bob"] } });

const test = siteTest.extend<{ invite(wish?: Partial<InvitationWish>): Promise<string> }>({
  /** Makes an invitation; the address of its page. */
  invite: ({ site }, use) =>
    use(async (wish) => {
      const made = await site.server
        .host()
        .use(invitesService)
        .create({
          kind: "account",
          inviter: Jid.parse("alice@localhost"),
          username: undefined,
          befriend: true,
          mayRegister: true,
          uses: 1,
          lifetime: 3_600_000,
          ...wish,
        });
      return made.landingUrl ?? "";
    }),
});

async function fillIn(page: Page, name: string, password: string, again = password): Promise<void> {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("Repeat the password").fill(again);
  await page.getByRole("button").click();
}

describe("the page of an invitation", () => {
  test("makes an account once, without scripts, in the dark and on a narrow screen", async ({
    newPage,
    invite,
    site,
    visits,
  }) => {
    visits.forgive(/status of 404/);
    const page = await newPage({
      javaScriptEnabled: false,
      colorScheme: "dark",
      viewport: { width: 360, height: 640 },
    });
    await page.goto(await invite());
    await fillIn(page, "carol", "four words that rhyme");
    expect(await page.getByRole("heading").textContent()).toBe("Your account is ready");
    expect(await site.server.host().accounts.exists(Jid.parse("carol@localhost"))).toBe(true);
    await page.reload();
    expect(await page.getByRole("heading").textContent()).toBe("This invitation is not valid");
  });

  test("keeps what was typed when something is wrong, and begins there", async ({
    newPage,
    invite,
    visits,
  }) => {
    visits.forgive(/status of 40[09]/);
    const page = await newPage();
    await page.goto(await invite());
    await fillIn(page, "bob", "four words that rhyme");
    expect(await page.getByRole("alert").textContent()).toContain("This name is taken");
    const field = page.getByLabel("User name");
    expect(await field.inputValue()).toBe("bob");
    expect(await page.locator(":focus").getAttribute("id")).toBe("username");
    await fillIn(page, "bobby", "four words that rhyme", "four words that don't");
    expect(await page.getByRole("alert").textContent()).toContain("not the same");
    await fillIn(page, "bobby", "four words that rhyme");
    expect(await page.getByRole("heading").textContent()).toBe("Your account is ready");
  });

  test("can be filled in with the keyboard alone", async ({ newPage, invite }) => {
    const page = await newPage();
    await page.goto(await invite());
    await page.getByLabel("User name").focus();
    for (const text of ["dora", "four words that rhyme", "four words that rhyme"]) {
      await page.keyboard.type(text);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByText("dora@localhost").waitFor();
  });

  test("fits a narrow screen, with the longest names there are", async ({ newPage, invite }) => {
    const page = await newPage({ viewport: { width: 320, height: 640 } });
    await page.goto(await invite({ username: "x".repeat(200) }));
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  });
});

test("what somebody types is text on the page, whatever it is", async ({ newPage, invite, visits }) => {
  visits.forgive(/status of 400/);
  const name = `"><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const page = await newPage();
  await page.goto(await invite());
  await fillIn(page, name, "four words that rhyme");
  expect(await page.getByLabel("User name").inputValue()).toBe(name);
  expect(await page.locator("script, img").count()).toBe(0);
});
