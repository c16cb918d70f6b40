import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { expect, test } from "vitest";

// Systems other than Linux have no file that is always full.
test.skipIf(!existsSync("/dev/full"))(
  "where the log cannot be written, whoever has something to say goes on",
  () => {
    const script = `
    import { jsonLogger } from ${JSON.stringify(new URL("../../../src/util/logger.ts", import.meta.url).href)};
    const log = jsonLogger("info");
    for (let line = 0; line < 5000; line++) log.child({ line }).error("x".repeat(1000));
    setTimeout(() => console.log("goes on"), 10);
  `;
    const full = openSync("/dev/full", "w");
    const arguments_ = [
      "--experimental-strip-types",
      "--no-warnings",
      "--input-type=module",
      "--eval",
      script,
    ];
    const { stdout, status } = spawnSync(process.execPath, arguments_, { stdio: ["ignore", "pipe", full] });
    closeSync(full);
    expect([String(stdout), status]).toEqual(["goes on\n", 0]);
  },
);
