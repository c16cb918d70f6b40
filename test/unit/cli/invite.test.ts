import { expect, test } from "vitest";
import { serverBackend } from "../../../src/cli/server-backend.ts";
import { CliRig } from "./rig.ts";

const config = { domains: ["example.org", "example.net"], store: "db.sqlite" };

/** Command lines on a real store, without a server. */
async function rigWith(...users: string[]): Promise<(line: string) => Promise<CliRig>> {
  const rig = new CliRig({ "server.config.json": config });
  const run = async (line: string) => {
    rig.out = "";
    rig.err = "";
    await rig.run(line, "sesame", { backend: serverBackend });
    return rig;
  };
  for (const user of users) await run(`user add ${user}`);
  return run;
}

test("an invitation is a link; what goes with it does not get in its way", async () => {
  const run = await rigWith();
  const { out, err } = await run("invite");
  expect(out).toMatch(/^xmpp:example\.org\?register;preauth=[a-z2-7]{24}\n$/);
  expect(err).toMatch(
    /^For one person, until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Take it back with: jackdaw invite revoke [0-9a-f]{12}\n$/,
  );
});

test.each([
  ["invite --domain example.net", /^xmpp:example\.net\?register;preauth=\w+\n$/],
  ["invite --username Juliet", /^xmpp:juliet@example\.org\?register;preauth=\w+\n$/],
  ["invite --contact alice@example.net", /^xmpp:alice@example\.net\?roster;preauth=\w+;ibr=y\n$/],
  ["invite --contact alice@example.net --username bob", /^xmpp:bob@example\.net\?register;preauth=\w+\n$/],
])("%s", async (line, link) => {
  const run = await rigWith("alice@example.net");
  expect((await run(line)).out).toMatch(link);
});

test("the page of an invitation comes first, where its address is known", async () => {
  const domains = [{ name: "example.org", url: "https://chat.example.org" }];
  const rig = new CliRig({ "server.config.json": { ...config, domains } });
  await rig.run("invite", "", { backend: serverBackend });
  expect(rig.out).toMatch(
    /^https:\/\/chat\.example\.org\/invite\/([a-z2-7]{24})\nxmpp:example\.org\?register;preauth=\1\n$/,
  );
});

test("a QR code is drawn when asked for", async () => {
  const run = await rigWith();
  const lines = (await run("invite --qr")).out.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(15);
  expect(new Set(lines.slice(1).map((line) => line.length)).size).toBe(1);
  expect(lines.slice(1).join("")).toMatch(/^[█▀▄ ]+$/);
});

test("invitations are listed and taken back", async () => {
  const run = await rigWith("alice@example.net");
  await run("invite --uses 3 --expires 1h");
  await run("invite --contact alice@example.net --username bob");
  const { out } = await run("invite list");
  expect(out).toMatch(
    /^[0-9a-f]{12} {2}example\.org {2}3 left {2}until .* UTC\n[0-9a-f]{12} {2}alice@example\.net {2}for bob {2}until .* UTC\n$/,
  );
  const id = out.slice(0, 12);
  expect((await run(`invite revoke ${id}`)).out).toBe(`Took back ${id}\n`);
  expect((await run(`invite revoke ${id}`)).err).toBe(`jackdaw: there is no invitation ${id}\n`);
  expect((await run("invite list example.org")).out).toBe("");
  expect((await run("user add bob@example.net")).err).toBe(
    "jackdaw: an invitation keeps bob@example.net for somebody; revoke it first\n",
  );
});

test.each([
  ["invite --username alice --domain example.net", "there is such an account already"],
  ["invite --username bob --uses 2", "an invitation for one user name is for one person"],
  ["invite --contact eve@example.org", "there is no account eve@example.org"],
  ["invite --domain other.org", "other.org is not served here; the domains are: example.org, example.net"],
])("%s is refused", async (line, message) => {
  const run = await rigWith("alice@example.net");
  expect((await run(line)).err).toBe(`jackdaw: ${message}\n`);
});
