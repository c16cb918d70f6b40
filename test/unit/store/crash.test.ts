import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { runFixture } from "./child.ts";
import { temporaryFolder } from "./folder.ts";
import { partSpec, turnSpec } from "./turns.ts";

const folder = temporaryFolder();

/** Opens the file, and sees that each turn in it is whole; returns how many there are. */
async function wholeTurns(path: string): Promise<number> {
  const store = openSqliteStore({ path });
  const ids = (await (await store.table(turnSpec)).list()).map(({ id }) => id);
  const parts = await (await store.table(partSpec)).list();
  await store.close();
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  expect(parts.map(({ turn, part }) => [turn, part])).toEqual(
    ids.flatMap((id) => [0, 1, 2].map((part) => [id, part])),
  );
  return ids.length;
}

test("what was committed before a kill is there, and every turn is whole", { timeout: 20_000 }, async () => {
  const path = join(folder, "crash.db");
  let committed = 0;
  for (let round = 0; round < 5; round++) {
    // Counted in turns, not in time: a slow machine kills as far in.
    const enough = 1 + Math.floor(Math.random() * 150);
    const child = runFixture(new URL("./write-turns.ts", import.meta.url), [path], {
      onLine: (running) => {
        if (running.lines.length >= enough) running.kill();
      },
    });
    expect(await child.exit).toBe("SIGKILL");
    const printed = Number(child.lines.at(-1));
    expect(printed).toBeGreaterThan(committed);
    committed = await wholeTurns(path);
    // The kill may come between a commit and its line.
    expect([printed, printed + 1]).toContain(committed);
  }
  const db = new Database(path, { readonly: true });
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  db.close();
});

// Windows has no such limit.
test.skipIf(process.platform === "win32")(
  "a commit that the disk refuses undoes its turn alone",
  async () => {
    const path = join(folder, "limited.db");
    const child = runFixture(new URL("./write-turns.ts", import.meta.url), [path], { maxFileBlocks: 400 });
    expect(await child.exit).toBe(0);
    const [last, failure, state] = child.lines.slice(-3);
    const turns = Number(last);
    expect(turns).toBeGreaterThan(1);
    expect(failure).toMatch(
      /^StoreError: store .*limited\.db: .*(look at the free space|free or grant more space)/,
    );
    expect(state).toBe(`dirty false, ${turns} turns, ${turns * 3} parts`);
    expect(await wholeTurns(path)).toBe(turns);
  },
);
