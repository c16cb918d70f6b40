import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { storeContract } from "./store.contract.ts";
import { storeModelContract } from "./store-model.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "jackdaw-contract-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const open = () => openSqliteStore({ path: join(folder, `${files++}.db`), synchronous: "normal" });

storeContract("sqlite", open);
storeModelContract("sqlite", open);
