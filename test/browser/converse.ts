import type { Page } from "playwright-core";
import type { TestServer } from "../../src/testing/index.ts";

/** A person who chats on the chat page of a site. */
export class Conversation {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the chat page and logs in. */
  static async open(page: Page, site: TestServer, user: string): Promise<Conversation> {
    await page.goto(`${site.server.host().http.url}/chat`);
    await page.getByLabel("XMPP Address").fill(user);
    await page.getByLabel("Password").fill(site.user(user).password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.locator("converse-user-profile").waitFor();
    return new Conversation(page);
  }

  /** One of the contacts. */
  async opensChatWith(contact: string): Promise<void> {
    await this.page.locator(`converse-roster a[data-jid^="${contact}@"]`).first().click();
    await this.page.locator(".chat-textarea").waitFor();
  }

  async says(text: string): Promise<void> {
    const box = this.page.locator(".chat-textarea");
    await box.fill(text);
    await box.press("Enter");
    await this.hears(text);
  }

  /** Settles when the text is among the messages of the chat that is open. */
  async hears(text: string): Promise<void> {
    await this.page.locator(".chat-msg__text", { hasText: text }).waitFor();
  }
}
