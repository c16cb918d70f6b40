import { type Browser, chromium } from "playwright-core";
import { test as plainTest, type TestAPI } from "vitest";
import { findProgram } from "../interop/programs.ts";
import { Visits } from "./visits.ts";

interface Fixtures {
  /** One for all tests of a file; undefined where there is none. */
  readonly browser: Browser | undefined;
  readonly visits: Visits;
  readonly newPage: Visits["newPage"];
}

/**
 * vitest's `test` with Chromium; tests that open pages are skipped where it is not installed. What a page complains
 * about and what it asks of another host fails the test, and each page of a failed test leaves a screenshot in
 * `test-artefacts/`.
 */
export const test: TestAPI<Fixtures> = plainTest.extend<{
  $file: { readonly browser: Browser | undefined };
  $test: Omit<Fixtures, "browser">;
}>({
  browser: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern that it needs no other fixture
    async ({}, use) => {
      const browser = await launch();
      await use(browser);
      await browser?.close();
    },
    { scope: "file" },
  ],
  visits: async ({ browser, skip, task }, use) => {
    if (!browser) return skip("chromium is not installed");
    const visits = new Visits(browser);
    await use(visits);
    const { complaints } = visits;
    // Here and not in `onTestFailed`, which comes when the pages are gone.
    if (task.result?.state === "fail" || complaints.length > 0) await visits.keepScreenshots(task.name);
    await visits.close();
    if (complaints.length > 0) throw new Error(`the pages complained:\n${complaints.join("\n")}`);
  },
  newPage: ({ visits }, use) => use(visits.newPage.bind(visits)),
});

async function launch(): Promise<Browser | undefined> {
  const executablePath = findProgram("chromium") ?? findProgram("chromium-browser");
  if (executablePath === undefined) return undefined;
  return chromium.launch({
    executablePath,
    // Chromium's sandbox does not work for root, and what is opened here is our own.
    chromiumSandbox: process.getuid?.() !== 0,
    // No other name has an address, so that no request can leave the machine whatever asks for it.
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
  });
}
