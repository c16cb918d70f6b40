import { expect, test } from "vitest";
import { serverBackend } from "../../../src/cli/server-backend.ts";
import { CliRig } from "./rig.ts";

/** Command lines on a real store, without a server. */
function rig(): (line: string) => Promise<{ code: number; out: string; err: string }> {
  const made = new CliRig({
    "server.config.json": { domains: ["example.org", "example.net"], store: "db.sqlite" },
  });
  return async (line) => {
    made.out = "";
    made.err = "";
    const code = await made.run(line, "sesame", { backend: serverBackend });
    return { code, out: made.out, err: made.err };
  };
}

test("what was uploaded is told for each domain, or for one account", async () => {
  const run = rig();
  await run("user add alice@example.org");
  expect((await run("upload usage")).out).toBe("example.org: 0 files, 0 B\nexample.net: 0 files, 0 B\n");
  expect((await run("upload usage alice@example.org")).out).toBe("alice@example.org: 0 files, 0 B of 5 GB\n");
  expect(await run("upload list")).toEqual({ code: 0, out: "", err: "" });
});

test("files are removed by id or by account, and what is not there is told", async () => {
  const run = rig();
  await run("user add alice@example.org");
  expect((await run("upload remove alice@example.org")).out).toBe("Removed 0 files of alice@example.org\n");
  expect(await run("upload remove 0123")).toMatchObject({ code: 1, err: "jackdaw: there is no file 0123\n" });
  expect(await run("upload list not/a/domain")).toMatchObject({ code: 2 });
});
