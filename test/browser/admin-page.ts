import type { Page } from "playwright-core";
import { expect } from "vitest";

/** The console in a browser, as an administrator uses it. */
export class AdminPage {
  readonly page: Page;
  readonly #url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
  }

  async logsIn(user: string, password: string): Promise<void> {
    const { page } = this;
    await page.goto(`${this.#url}/admin`);
    await page.getByLabel("Address").fill(user);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
  }

  /** Opens a view by its place in the address: `rooms`, `accounts/alice@localhost`. */
  async opens(view: string): Promise<void> {
    const [name = "", ...rest] = view.split("/");
    const path = rest.length > 0 ? `/${encodeURIComponent(rest.join("/"))}` : "";
    await this.page.goto(`${this.#url}/admin#/${name}${path}`);
  }

  async clicks(name: string): Promise<void> {
    await this.page.getByRole("button", { name, exact: true }).click();
  }

  /** Settles when the text is to be seen. */
  async shows(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Nothing that comes from users is anything but text here: the page has its one script, and no pictures. */
  async isOnlyText(): Promise<void> {
    const counts = await this.page.evaluate(`({
      scripts: document.querySelectorAll("script").length,
      others: document.querySelectorAll("img, iframe, object, embed, blink, [onerror], [onload], [onclick]").length,
    })`);
    expect(counts).toEqual({ scripts: 1, others: 0 });
  }

  /** How much wider than the window the page is. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
  }

  /** What has the focus: its id, or its text. */
  focused(): Promise<string> {
    return this.page.evaluate<string>("document.activeElement.id || document.activeElement.textContent");
  }
}
