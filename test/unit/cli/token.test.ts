import { expect, test } from "vitest";
import { serverBackend } from "../../../src/cli/server-backend.ts";
import { CliRig } from "./rig.ts";

/** Command lines on a real store, without a server. */
function rig(): (line: string) => Promise<CliRig> {
  const made = new CliRig({ "server.config.json": { domains: ["example.org"], store: "db.sqlite" } });
  return async (line) => {
    made.out = "";
    made.err = "";
    await made.run(line, "sesame", { backend: serverBackend });
    return made;
  };
}

test("a token is printed once, listed without its secret, and revoked", async () => {
  const run = rig();
  const { out: token, err } = await run("token create backup --scope read,accounts --days 3");
  expect(token).toMatch(/^jackdaw_[0-9a-f]{12}_[\w-]{43}\n$/);
  const id = token.slice(8, 20);
  expect(err).toContain(`jackdaw token revoke ${id}`);
  const { out: list } = await run("token list");
  expect(list).toMatch(
    new RegExp(String.raw`^${id}  read,accounts  until \d{4}-\d\d-\d\d  used never  backup\n$`),
  );
  expect((await run(`token revoke ${id}`)).out).toBe(`Took back ${id}\n`);
  expect((await run("token list")).out).toBe("");
});

test("a scope that there is not is refused with those that there are", async () => {
  const { err } = await rig()("token create backup --scope everything");
  expect(err).toContain("Expected some of read, accounts, sessions, rooms, service, admin, metrics.");
});

test("the audit tells what was changed, without secrets", async () => {
  const run = rig();
  await run("user add alice@example.org");
  await run("token create backup --scope read");
  const { out } = await run("audit -n 1");
  expect(out).toMatch(/^\S+Z  command line  token-create  \{"name":"backup","scopes":\["read"\]\}\n$/);
  expect((await run("audit")).out).toMatch(
    /user-add  \{"user":"alice@example.org","password":"\(secret\)"\}\n$/,
  );
});
