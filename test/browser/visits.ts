import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, ConsoleMessage, Page } from "playwright-core";

/** For anything in a page; only a failing test waits so long. Milliseconds. */
export const PATIENCE_MS = 15_000;

const ARTEFACTS = join(import.meta.dirname, "..", "..", "test-artefacts");

const OWN_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/** The pages that one test has open, and what went wrong in them. */
export class Visits {
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  readonly #complaints: string[] = [];
  readonly #forgiven: RegExp[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Opens an empty page in a profile of its own, which accepts any certificate. */
  async newPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      ignoreHTTPSErrors: true,
      locale: "en-GB",
      reducedMotion: "reduce",
      ...options,
    });
    this.#contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("request", (request) => this.#checkHost(request.url()));
    context.on("console", (message) => this.#hear(message));
    context.on("weberror", (error) =>
      this.#complaints.push(`uncaught: ${error.error().stack ?? String(error.error())}`),
    );
    context.on("page", (page) => page.on("websocket", (socket) => this.#checkHost(socket.url())));
    // What is on a page that no script of ours asks to be there.
    context.on("dialog", (dialog) => {
      this.#complaints.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    return context.newPage();
  }

  /** Errors in a page's console that this test provokes. */
  forgive(pattern: RegExp): void {
    this.#forgiven.push(pattern);
  }

  /** Errors in consoles, violations of a Content-Security-Policy, uncaught exceptions, requests to other hosts, dialogs. */
  get complaints(): readonly string[] {
    return this.#complaints.filter((complaint) => !this.#forgiven.some((pattern) => pattern.test(complaint)));
  }

  async keepScreenshots(name: string): Promise<void> {
    const file = join(ARTEFACTS, name.replaceAll(/[^\w-]+/g, "-").slice(0, 80));
    mkdirSync(ARTEFACTS, { recursive: true });
    const pages = this.#contexts.flatMap((context) => context.pages());
    for (const [index, page] of pages.entries()) await page.screenshot({ path: `${file}-${index + 1}.png` });
  }

  async close(): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close()));
  }

  #checkHost(url: string): void {
    const { protocol, hostname } = new URL(url);
    const isRemote = /^(https?|wss?):$/.test(protocol);
    if (isRemote && !OWN_HOSTS.includes(hostname))
      this.#complaints.push(`a request to a foreign host: ${url}`);
  }

  #hear(message: ConsoleMessage): void {
    if (message.type() !== "error") return;
    this.#complaints.push(`console: ${message.text()} (${message.location().url})`);
  }
}
