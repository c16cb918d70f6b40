import { describe, expect } from "vitest";
import { test } from "./browser.ts";
import { PATIENCE_MS } from "./visits.ts";

describe("the browser of these tests", () => {
  test("renders", async ({ newPage }) => {
    const page = await newPage();
    await page.setContent("<h1>Hello</h1>");
    expect(await page.getByRole("heading").textContent()).toBe("Hello");
  });

  test.for([
    ["an error in the console", `<script>console.error("oh")</script>`, /^console: oh/],
    ["an uncaught exception", `<script>throw new Error("oh")</script>`, /^uncaught: Error: oh/],
    ["a dialog", `<script>alert("oh")</script>`, /^a dialog: oh/],
    [
      "a picture from elsewhere",
      `<img src="https://example.org/x.png">`,
      /^a request to a foreign host: https:\/\/example.org\/x.png$/m,
    ],
    [
      "a socket to elsewhere",
      `<script>new WebSocket("wss://example.org/")</script>`,
      /^a request to a foreign host: wss:/,
    ],
    [
      "what a policy does not allow",
      `<meta http-equiv="Content-Security-Policy" content="style-src 'none'"><p style="color:red">x</p>`,
      /^console: .*Content Security Policy/,
    ],
  ] as const)("notices %s", async ([, content, complaint], { newPage, visits }) => {
    const page = await newPage();
    await page.setContent(content, { waitUntil: "load" });
    await expect.poll(() => visits.complaints.join("\n"), { timeout: PATIENCE_MS }).toMatch(complaint);
    visits.forgive(/./);
  });
});
