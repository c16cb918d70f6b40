/** XEP-0114 with components that others wrote: the two of docs/components.md, and the gateway biboumi. */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { childElements, createServer, Jid, message, type Server, type Stanza } from "../../src/index.ts";
import { el } from "../../src/xml/element.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { findProgram, findPythonWith, PATIENCE_MS, Program } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";

const root = join(import.meta.dirname, "..", "..");
const SECRET = "between us";
const BOT = "bot.localhost";
const bot = Jid.parse(BOT);

/** The example in that language. */
function example(language: "python" | "js"): string {
  const text = readFileSync(join(root, "docs", "components.md"), "utf8");
  const code = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m").exec(text)?.[1];
  return code ?? expect.unreachable(`no example in ${language}`);
}

function runExample(language: "python" | "js", { directory, server }: RealServer, program: string): Program {
  const file = join(directory, language === "python" ? "bot.py" : "bot.mjs");
  writeFileSync(file, example(language));
  // Where Node looks for what is imported.
  if (language === "js") symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  return new Program({
    file: program,
    args: [file],
    home: directory,
    env: {
      BOT_DOMAIN: BOT,
      BOT_SECRET: SECRET,
      BOT_PORT: String(server.ports.component),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
}

async function isConnected(server: Server, connected: boolean): Promise<void> {
  const state = connected ? "connected" : "away";
  await expect
    .poll(() => server.metrics.snapshot()[`jackdaw_components{domain="${BOT}",state="${state}"}`], {
      timeout: PATIENCE_MS,
    })
    .toBe(1);
}

/** The server goes, and another one comes in its place: so does the component. */
async function comesAgain({ server }: RealServer): Promise<void> {
  const { component } = server.ports;
  await isConnected(server, true);
  await server.close();
  await using next = await createServer({ components: { [BOT]: SECRET }, listen: { component } });
  await next.listen();
  await isConnected(next, true);
}

/** Somebody who talks to the component. */
function partner(server: Server) {
  const heard: Stanza[] = [];
  const tester = server.component("tester.localhost", (stanza) => void heard.push(stanza));
  const from = Jid.parse("juliet@tester.localhost/balcony");
  return {
    async says(text: string): Promise<void> {
      const to = Jid.parse(`echo@${BOT}`);
      await tester.send(message({ from, to, type: "chat" }, el("body", {}, text)));
    },
    async hears(): Promise<Stanza> {
      await expect.poll(() => heard.length, { timeout: PATIENCE_MS }).toBeGreaterThan(0);
      return heard.shift() as Stanza;
    },
    asks: (name: string, namespace: string, attributes = {}) =>
      tester.request("get", bot, el(name, { xmlns: namespace, ...attributes }), PATIENCE_MS, from),
    tells: (payload: ReturnType<typeof el>) => tester.request("set", bot, payload, PATIENCE_MS, from),
  };
}

async function talks(server: Server, program: Program): Promise<void> {
  await isConnected(server, true);
  const { says, hears } = partner(server);
  await says("Wherefore <art> thou?");
  const answer = await hears();
  expect(answer.from?.toString()).toBe(`echo@${BOT}`);
  expect(answer.text("body")).toBe("You said: Wherefore <art> thou?");

  program.signal("SIGKILL");
  await isConnected(server, false);
  await says("Are you there?");
  const refused = await hears();
  expect(refused.type).toBe("error");
  expect(refused.inner).toContain("remote-server-timeout");
}

test.override({ options: { components: { [BOT]: SECRET } } });

describe("slixmpp", () => {
  const python = findPythonWith("slixmpp");

  test("answers as the documentation says, until it is killed", async ({ real, skip }) => {
    if (python === undefined) return skip("python3-slixmpp is not installed");
    await using program = runExample("python", real, python);
    await isConnected(real.server, true);
    await talks(real.server, program);
  });

  test("comes again when the server does", async ({ real, skip }) => {
    if (python === undefined) return skip("python3-slixmpp is not installed");
    await using _ = runExample("python", real, python);
    await comesAgain(real);
  });

  test("tells who it is, and that it is there", async ({ real, skip }) => {
    if (python === undefined) return skip("python3-slixmpp is not installed");
    await using _ = runExample("python", real, python);
    await isConnected(real.server, true);
    const { asks } = partner(real.server);
    expect(await asks("ping", ns.PING)).toBeUndefined();
    const info = await asks("query", ns.DISCO_INFO);
    expect(info?.getChild("identity")?.attrs).toMatchObject({ category: "component" });
  });
});

describe("xmpp.js", () => {
  test("answers as the documentation says, until it is killed", async ({ real }) => {
    await using program = runExample("js", real, process.execPath);
    await talks(real.server, program);
  });

  test("comes again when the server does", async ({ real }) => {
    await using _ = runExample("js", real, process.execPath);
    await comesAgain(real);
  });
});

describe("biboumi", () => {
  const biboumi = findProgram("biboumi");

  test("is a gateway to IRC with its commands", async ({ real, skip }) => {
    if (biboumi === undefined) return skip("biboumi is not installed");
    const file = join(real.directory, "biboumi.cfg");
    const settings = {
      hostname: BOT,
      password: SECRET,
      xmpp_server_ip: "127.0.0.1",
      port: real.server.ports.component,
      db_name: join(real.directory, "biboumi.sqlite"),
      admin: "juliet@tester.localhost",
      identd_port: 0,
    };
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(""),
    );
    await using _ = new Program({ file: biboumi, args: [file], home: real.directory });
    await isConnected(real.server, true);

    const { asks, tells } = partner(real.server);
    const info = await asks("query", ns.DISCO_INFO);
    expect(info?.getChild("identity")?.attrs).toMatchObject({ category: "conference", type: "irc" });
    const COMMANDS = "http://jabber.org/protocol/commands";
    const list = await asks("query", ns.DISCO_ITEMS, { node: COMMANDS });
    const nodes = list ? childElements(list).map(({ attrs }) => String(attrs["node"])) : [];
    expect(nodes).toEqual(expect.arrayContaining(["ping", "hello", "disconnect-user"]));
    const done = await tells(el("command", { xmlns: COMMANDS, node: "ping", action: "execute" }));
    expect(done?.attrs).toMatchObject({ status: "completed" });
    expect(done?.toString()).toContain("Pong");
  });
});
