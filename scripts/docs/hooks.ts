/** docs/hooks.md: what modules can listen to, and who does in a server that runs with all of its modules. */
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "../../src/index.ts";
import { type HookListener, STAGES } from "../../src/routing/hooks.ts";
import { XmppServer } from "../../src/server.ts";

const root = new URL("../../src/", import.meta.url);

const INTRODUCTION = `# Hooks

<!-- Generated from the source and a running server by \`npm run docs\`; edit the comments in the source. -->

\`host.hook(name, stage, handler)\` listens to one of these. Handlers run one after another: the stages in the order
${STAGES.map((stage) => `*${stage}*`).join(", ")}, and within a stage in the order of the modules. A handler returns nothing to go on,
\`"handled"\` to stop silently, or throws a \`StanzaError\` to stop and answer. A module adds hooks of its own by declaration
merging, as \`roster\` does with \`roster:removed\`.

| hook | when | listeners, by stage |
|---|---|---|
`;

export async function hooksDocs(): Promise<string> {
  const listeners = await runningListeners();
  const descriptions = hooksIn();
  const unknown = listeners.filter(({ hook }) => !descriptions.has(hook));
  if (unknown.length > 0)
    throw new Error(`hooks without a description: ${unknown.map((each) => each.hook).join(", ")}`);
  const rows = [...descriptions].map(([hook, description]) => {
    const cells = [`\`${hook}\``, description, whoListens(listeners.filter((each) => each.hook === hook))];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  });
  return INTRODUCTION + rows.join("");
}

async function runningListeners(): Promise<readonly HookListener[]> {
  await using server = await createServer({ listen: { c2s: false, c2sTls: false } });
  if (!(server instanceof XmppServer)) throw new Error("createServer made something else");
  return server.hosts.get("localhost")?.listeners ?? [];
}

function whoListens(listeners: readonly HookListener[]): string {
  return STAGES.flatMap((stage) => {
    const names = new Set(listeners.filter((each) => each.stage === stage).map(({ by }) => by));
    return names.size === 0 ? [] : [`*${stage}:* ${[...names].join(", ")}`];
  }).join("; ");
}

/** The comments of all hooks that `interface Hooks` declares, here and where modules add to it. */
function hooksIn(): Map<string, string> {
  const hooks = new Map<string, string>();
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  for (const file of files.toSorted((a, b) => Number(isOwn(b)) - Number(isOwn(a)) || a.localeCompare(b))) {
    const text = readFileSync(new URL(file, root), "utf8");
    for (const [, body = ""] of text.matchAll(/interface Hooks \{([^]*?)\n {0,2}\}\n/g)) {
      for (const [, comment = "", name = ""] of body.matchAll(
        /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*"([\w:-]+)":/g,
      )) {
        hooks.set(name, comment.replaceAll(/\s*\n\s*\*?\s*/g, " ").trim());
      }
    }
  }
  return hooks;
}

function isOwn(file: string): boolean {
  return file === "routing/hooks.ts";
}
