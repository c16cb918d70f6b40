import type { Page } from "playwright-core";
import type { TestServer } from "../../src/testing/index.ts";
import { PATIENCE_MS } from "./visits.ts";

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
    return Conversation.logIn(page, site.user(user).password);
  }

  /** On the chat page, where the name is filled in already. */
  static async logIn(page: Page, password: string): Promise<Conversation> {
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.locator("converse-user-profile").waitFor();
    return new Conversation(page);
  }

  /** One of the contacts. */
  async opensChatWith(contact: string): Promise<void> {
    await this.page.locator(`converse-roster a[data-jid^="${contact}@"]`).first().click();
    await this.page.locator(".chat-textarea").waitFor();
  }

  /** Joins a room, which is made when there is none. */
  async joins(room: string, nickname: string): Promise<void> {
    await this.page.locator("converse-rooms-list .dropdown-toggle").click();
    await this.page.locator("converse-rooms-list .show-add-muc-modal").click();
    const form = this.page.locator("form.add-chatroom");
    await form.locator("input[name=chatroom]").fill(room);
    await form.locator("input[name=nickname]").fill(nickname);
    await form.locator("input[type=submit]").click();
    await this.page.locator("converse-muc .chat-textarea").waitFor();
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

  /** Turns the mouse's wheel, which makes Converse ask for what was said before, until the text is in sight. */
  async scrollsBackTo(text: string): Promise<void> {
    const found = this.page.locator(".chat-msg__text", { hasText: text });
    const deadline = Date.now() + PATIENCE_MS;
    await this.page.locator(".chat-content__messages").hover();
    while ((await found.count()) === 0) {
      if (Date.now() > deadline) throw new Error(`${text} was not found`);
      await this.page.mouse.wheel(0, -2000);
      await this.page.waitForTimeout(100);
    }
    await found.scrollIntoViewIfNeeded();
  }

  /** Sends a file to the chat that is open. */
  async sendsFile(name: string, mimeType: string, buffer: Buffer): Promise<void> {
    await this.page.locator(".fileupload").setInputFiles({ name, mimeType, buffer });
  }
}
