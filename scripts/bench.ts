/**
 * Runs test/bench/*.bench.ts one after another, each in a process of its own, and prints their results as one table.
 * A benchmark prints a JSON object a line; whatever else it prints goes to stderr. `--json` passes the lines on as
 * they are; other arguments select the files whose name contains one of them.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

type Row = Record<string, unknown>;

const args = process.argv.slice(2);
const isRaw = args.includes("--json");
const wanted = args.filter((argument) => argument !== "--json");
const folder = join("test", "bench");
const files = readdirSync(folder)
  .filter((file) => file.endsWith(".bench.ts"))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

let hasFailed = false;
const rows: Row[] = [];
for (const file of files) {
  process.stderr.write(`${file}\n`);
  if (!(await runBenchmark(join(folder, file)))) hasFailed = true;
}
if (!isRaw) console.log(asTable(rows));
process.exitCode = hasFailed || files.length === 0 ? 1 : 0;

/** Resolves to whether the benchmark ended well. */
async function runBenchmark(file: string): Promise<boolean> {
  const child = spawn(process.execPath, ["--expose-gc", file], { stdio: ["ignore", "pipe", "inherit"] });
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.on("close", resolve);
  for await (const line of createInterface({ input: child.stdout })) {
    const row = parseRow(line);
    if (row === undefined) process.stderr.write(`${line}\n`);
    else if (isRaw) console.log(line);
    else {
      rows.push(row);
      process.stderr.write(`  ${line}\n`);
    }
  }
  return (await ended) === 0;
}

function parseRow(line: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** A column for every key that occurs; numbers to the right. */
function asTable(results: readonly Row[]): string {
  const keys = [...new Set(results.flatMap((row) => Object.keys(row)))];
  const lines = [keys, ...results.map((row) => keys.map((key) => asCell(row[key])))];
  const widths = keys.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isNumeric = keys.map((key) => results.some((row) => typeof row[key] === "number"));
  const pad = (cell: string, column: number) =>
    isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

function asCell(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "number")
    return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 3 : 0 });
  return typeof value === "string" ? value : JSON.stringify(value);
}
