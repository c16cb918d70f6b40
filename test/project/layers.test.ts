import { describe, expect, test } from "vitest";
import { fileAt, filesBelow, type LocalImport, localImports, type SourceFile } from "./source-files.ts";

/** Who stands on whom, docs/architecture.md; what is not listed is at the top and may import anything. */
const levels: readonly (readonly string[])[] = [
  ["util", "browser"],
  ["xml", "store", "config", "html"],
  ["xmpp", "net"],
  ["auth", "stream", "http"],
  ["session", "routing"],
  ["core", "components"],
  ["modules", "admin"],
];
const top = levels.length;

/** Folders that meet no other of their level. */
const alone = new Set(["browser", "xml", "store", "config", "html", "xmpp", "net", "http"]);

/** What a module meets through its Host alone: it knows their types, and calls nothing of them. */
const behindHost = new Set(["net", "http", "auth", "stream", "session", "routing", "store"]);

/** Undefined when the import is in order, else what is wrong with it. */
function fault(file: SourceFile, imported: LocalImport): string | undefined {
  const [from, to] = [folderOf(file.path), folderOf(imported.target)];
  if (from === to) return from === "modules" ? moduleFault(file, imported) : undefined;
  if (from === "stream" && to === "session" && imported.isTypeOnly) return undefined;
  if (levelOf(to) > levelOf(from)) return `${to} is above ${from}`;
  if (levelOf(to) === levelOf(from) && alone.has(from)) return `${from} and ${to} do not know each other`;
  if (from === "modules" && behindHost.has(to) && !imported.isTypeOnly) return `${to} is behind the Host`;
  if (from === "net" && imported.target === "src/xmpp/stanza.ts") return "net handles strings, never stanzas";
  return undefined;
}

/** Of another module only types, service tokens and, for `requires`, the module itself. */
function moduleFault(file: SourceFile, imported: LocalImport): string | undefined {
  const isSame = moduleOf(file.path) === moduleOf(imported.target);
  if (isSame || imported.isTypeOnly || moduleOf(file.path) === "index") return undefined;
  const { text } = fileAt(imported.target);
  const foreign = imported.values.filter((name) => !isOffered(name, text));
  return foreign.length > 0 ? `${foreign.join(", ")} belongs to another module` : undefined;
}

/** Whether a file declares this name as a module or as a service token. */
function isOffered(name: string, text: string): boolean {
  const declaration = new RegExp(String.raw`^export const ${name}\b[^=;]*=\s*\w*`, "m").exec(text)?.[0] ?? "";
  return /:\s*(Service|Module)\b|=\s*define(Service|Module)$/.test(declaration);
}

/** "src/xml/parser.ts" is in "xml", "src/server.ts" in none: "". */
function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? "";
}

/** "src/modules/mam/query.ts" and "src/modules/mam.ts" are of the module "mam". */
function moduleOf(path: string): string {
  return /^src\/modules\/([^/.]+)/.exec(path)?.[1] ?? "";
}

function levelOf(folder: string): number {
  const level = levels.findIndex((folders) => folders.includes(folder));
  return level === -1 ? top : level;
}

test("a file imports its own level or lower ones only", () => {
  const faults = filesBelow("src", [".ts"]).flatMap((file) =>
    localImports(file).map((imported) => ({ file, imported, why: fault(file, imported) })),
  );
  const printed = faults.flatMap(({ file, imported, why }) =>
    why === undefined ? [] : [`${file.path} imports ${imported.target}: ${why}`],
  );
  expect(printed).toEqual([]);
});

describe("the rule itself", () => {
  const cases: [string, string, boolean][] = [
    ["src/xml/parser.ts", `import { LRU } from "../util/lru.ts";`, true],
    ["src/util/lru.ts", `import type { Element } from "../xml/element.ts";`, false],
    ["src/util/lru.ts", `export * from "../xml/element.ts";`, false],
    ["src/util/lru.ts", `const late = await import("../xml/element.ts");`, false],
    ["src/util/lru.ts", `import "../xml/element.ts";`, false],
    ["src/util/lru.ts", `import {\n  a,\n  b,\n} from "../xml/element.ts";`, false],
    ["src/config/load.ts", `import { Store } from "../store/store.ts";`, false],
    ["src/net/tcp.ts", `import { StreamError } from "../xmpp/errors.ts";`, false],
    ["src/stream/features/bind.ts", `import type { Session } from "../../session/session.ts";`, true],
    ["src/stream/features/bind.ts", `import { Session } from "../../session/session.ts";`, false],
    ["src/stream/client-stream.ts", `import { type Session } from "../session/session.ts";`, true],
    ["src/stream/features/sasl.ts", `import { Scram } from "../../auth/scram.ts";`, true],
    ["src/core/host.ts", `import { createServer } from "../server.ts";`, false],
    ["src/main.ts", `import { ping } from "./modules/ping.ts";`, true],
    ["src/modules/ping.ts", `import { Session } from "../session/session.ts";`, false],
    ["src/modules/ping.ts", `import type { Session } from "../session/session.ts";`, true],
    ["src/modules/ping.ts", `import type { Archive } from "./mam/archive.ts";`, true],
    ["src/modules/mam/query.ts", `import { page } from "./page.ts";`, true],
    ["src/modules/index.ts", `import { ping } from "./ping.ts";`, true],
  ];
  test.each(cases)("%s: %s", (path, text, isAllowed) => {
    const file = { path, text };
    const [imported] = localImports(file);
    if (imported === undefined) throw new Error("the import was not found");
    expect(fault(file, imported) === undefined).toBe(isAllowed);
  });

  test("modules offer each other themselves and their services, nothing else", () => {
    const text = `
      export const Archive = defineService<Archive>("archive");
      export const Push: Service<Push> = { name: "push" };
      export const mam = defineModule({ name: "mam" });
      export const pageSize = 50;
      export function page() {}`.replaceAll(/^ +/gm, "");
    expect(["Archive", "Push", "mam", "pageSize", "page"].filter((name) => isOffered(name, text))).toEqual([
      "Archive",
      "Push",
      "mam",
    ]);
  });
});
