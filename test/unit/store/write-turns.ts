/**
 * Writes turns to argv[2] until it is killed or fails: each has three rows in one table and one in another.
 * Prints the number of each turn once it is committed; then why it ended.
 */
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { partSpec, turnSpec } from "./turns.ts";

const store = openSqliteStore({ path: process.argv[2] as string });
const turns = await store.table(turnSpec);
const parts = await store.table(partSpec);
try {
  for (let id = (await turns.count()) + 1; ; id++) {
    for (let part = 0; part < 3; part++) await parts.put({ turn: id, part, text: "x".repeat(500) });
    await turns.put({ id });
    await store.commit();
    writeSync(1, `${id}\n`);
  }
} catch (error) {
  const { name, message } = error as Error;
  writeSync(1, `${name}: ${message}\n`);
  writeSync(1, `dirty ${store.dirty}, ${await turns.count()} turns, ${await parts.count()} parts\n`);
}
