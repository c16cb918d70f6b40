/** The page of the test server's control API. */
import { expect, onTestFinished } from "vitest";
import { startControlServer } from "../../src/testing/control/control-server.ts";
import { TestServer } from "../../src/testing/index.ts";
import { test } from "./browser.ts";

async function start() {
  const server = await TestServer.start({ users: ["romeo", "juliet"], port: false });
  const control = await startControlServer(server);
  onTestFinished(async () => {
    await control.close();
    await server.close();
  });
  return { server, control };
}

test("shows what passed and passes, sends it again, and sends as anybody", async ({ newPage, visits }) => {
  const { server, control } = await start();
  const juliet = await server.client("juliet");
  const page = await newPage();
  await page.goto(control.url);
  await page.getByText("localhost at ").waitFor();
  await page.getByRole("option", { name: /^\S+ presence got by juliet/ }).waitFor();

  await page.getByLabel("As").fill("romeo");
  await page
    .getByLabel("XML")
    .fill(`<message to="juliet@localhost" type="chat"><body>&lt;b&gt;Hi&lt;/b&gt;\u202e</body></message>`);
  await page.getByLabel("XML").press("Control+Enter");
  await server.expect({ to: "juliet", kind: "message" });

  const got = page.getByRole("option", { name: /message chat got by juliet/ });
  await got.click();
  const chosen = page.getByRole("region", { name: "The chosen one" });
  await chosen.getByText("<b>Hi</b>U+202E").waitFor();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await server.expect({ to: "juliet", kind: "message" });
  await page.getByText("Sent.").waitFor();
  // Ids may have these two letters as well.
  expect(juliet.heard.match(/b&gt;Hi&lt;/g)).toHaveLength(2);

  await page.getByRole("button", { name: "Edit and send" }).click();
  expect(await page.locator(":focus").getAttribute("rows")).toBe("5");
  await page.getByLabel("XML").fill("<message>");
  visits.forgive(/status of 422/);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("alert").waitFor();
});

test("is used with the keyboard, pauses, and says when the rig is gone", async ({ newPage }) => {
  const { server, control } = await start();
  const romeo = await server.client("romeo");
  const page = await newPage();
  await page.goto(control.url);
  await page.getByLabel("presence").uncheck();
  await page.getByLabel("other").uncheck();
  await page.getByLabel("iq").uncheck();
  const list = page.getByRole("listbox");
  const says = async (id: string) => {
    await romeo.sends(`<message to="juliet@localhost" id="${id}"><body>${id}</body></message>`);
  };
  for (const id of ["one", "two", "three"]) await says(id);
  await expect.poll(() => list.getByRole("option").count()).toBe(3);
  await list.press("End");
  await list.press("ArrowUp");
  const chosen = list.getByRole("option", { selected: true });
  expect(await chosen.textContent()).toContain("two");
  await list.press("Enter");
  expect(await page.locator(":focus").textContent()).toContain("two");

  await page.getByRole("button", { name: "Pause" }).click();
  await says("four");
  await page.getByText("Paused; 1 wait.").waitFor();
  expect(await list.textContent()).not.toContain("four");
  await page.getByRole("button", { name: "Go on" }).click();
  await list.getByText("four").waitFor();
  await page.getByLabel("Text").fill("FOUR");
  await expect.poll(() => list.getByRole("option").count()).toBe(1);
  await control.close();
  await page.getByText("The rig is gone.").waitFor();
});
