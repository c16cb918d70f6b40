/** The page of the test server's control API. */
import { expect, onTestFinished } from "vitest";
import { startControlServer } from "../../src/testing/control/control-server.ts";
import { TestServer } from "../../src/testing/index.ts";
import { test } from "./browser.ts";

test("shows what passes, sends it again, and sends as anybody", async ({ newPage }) => {
  const server = await TestServer.start({ users: ["romeo", "juliet"], port: false });
  const control = await startControlServer(server);
  onTestFinished(async () => {
    await control.close();
    await server.close();
  });
  const juliet = await server.client("juliet");
  const page = await newPage();
  await page.goto(control.url);
  await page.getByText("Watching.").waitFor();

  await page.getByLabel("As").fill("romeo");
  await page
    .getByLabel("XML")
    .fill(`<message to="juliet@localhost" type="chat"><body>&lt;b&gt;Hi&lt;/b&gt;</body></message>`);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await server.expect({ to: "juliet", body: "<b>Hi</b>" });

  const item = page.locator("li", { hasText: "←" }).filter({ hasText: "Hi" });
  await item.getByRole("button", { name: "Send again" }).click();
  await server.expect({ to: "juliet", body: "<b>Hi</b>" });
  await page.getByText("Sent.").waitFor();
  expect(juliet.heard.match(/Hi/g)).toHaveLength(2);
});
