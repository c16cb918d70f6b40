import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { addUser, listUsers } from "../../../src/admin/account-commands.ts";
import { AdminError } from "../../../src/admin/command.ts";
import {
  type Control,
  callControl,
  controlPath,
  startControl,
  streamControl,
} from "../../../src/admin/control.ts";
import { status } from "../../../src/admin/service-commands.ts";
import type { Pipe } from "../../../src/admin/stream-command.ts";
import { exportAccounts, importAccounts } from "../../../src/admin/transfer/transfer-commands.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { FakeContext } from "./fake-context.ts";

const root = mkdtempSync(join(tmpdir(), "jk-control-"));
const controls: Control[] = [];
const lines: string[] = [];
const write = (message: string, data?: object) => void lines.push(`${message} ${JSON.stringify(data)}`);
const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger };

afterEach(async () => {
  lines.length = 0;
  await Promise.all(controls.splice(0).map((control) => control.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function freshPath(): string {
  return join(mkdtempSync(join(root, "d-")), "jackdaw.sock");
}

async function start(path: string, context = new FakeContext()): Promise<FakeContext> {
  controls.push(await startControl(path, context, logger));
  return context;
}

/** What the server at `path` answers to these bytes. */
async function raw(path: string, bytes: string): Promise<unknown> {
  const socket = createConnection(path);
  socket.write(bytes);
  return JSON.parse(await text(socket));
}

test("a command runs in the server, and its answer comes back", async () => {
  const path = freshPath();
  const context = await start(path);
  const answer = await callControl(path, addUser, { user: "alice@localhost", password: "pässword" });
  expect(answer).toEqual({ result: { user: "alice@localhost" } });
  expect(context.passwords.get("alice@localhost")).toBe("pässword");
  expect(context.events.at(-1)).toBe("commit");
});

test("what changed is logged, the password never", async () => {
  const path = freshPath();
  await start(path);
  await callControl(path, addUser, { user: "alice@localhost", password: "sesame" });
  await callControl(path, status, {});
  await callControl(path, addUser, { user: "alice@localhost", password: "sesame" }).catch(() => {});
  await callControl(path, addUser, { user: "eve@localhost", password: "crash" }).catch(() => {});
  expect(lines).toEqual([
    'administration {"command":"user-add","by":"command line","result":{"user":"alice@localhost"}}',
    expect.stringMatching(/^administration failed .*the disk is on fire/),
  ]);
  expect(lines.join()).not.toMatch(/sesame|"crash"/);
});

test("a refusal comes back as AdminError, a fault of ours without its details", async () => {
  const path = freshPath();
  await start(path);
  await expect(
    callControl(path, listUsers, {
      domain: "no.org",
      after: undefined,
      search: undefined,
      limit: 1,
      states: false,
    }),
  ).rejects.toThrow(new AdminError("no.org is not served here; the domains are: localhost"));
  await expect(callControl(path, addUser, { user: "a@localhost", password: "crash" })).rejects.toThrow(
    new AdminError("the server could not do it; its log says why"),
  );
});

test("only the owner may connect", async () => {
  const path = freshPath();
  await start(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("nobody there is undefined, not an error", async () => {
  expect(await callControl(freshPath(), status, {})).toBeUndefined();
});

test("the socket that a crash left is no server and is replaced", async () => {
  const path = freshPath();
  const crash = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", crash]);
  expect(existsSync(path)).toBe(true);
  expect(await callControl(path, status, {})).toBeUndefined();
  await start(path);
  expect(await callControl(path, status, {})).toBeDefined();
});

test("a second server on the same store is refused and does not disturb the first", async () => {
  const path = freshPath();
  await start(path);
  await expect(start(path)).rejects.toThrow(/another server is running on this store/);
  expect(await callControl(path, status, {})).toBeDefined();
});

test("a file of somebody else's in the way stays as it is", async () => {
  const path = freshPath();
  writeFileSync(path, "mine");
  await expect(start(path)).rejects.toThrow(/is in the way of the control socket/);
  expect(readFileSync(path, "utf8")).toBe("mine");
});

test("closing ends open connections and removes the socket", async () => {
  const path = freshPath();
  const control = await startControl(path, new FakeContext(), logger);
  const silent = createConnection(path);
  await new Promise((resolve) => silent.once("connect", resolve));
  const ended = new Promise((resolve) => silent.once("close", resolve));
  await control.close();
  await ended;
  expect(existsSync(path)).toBe(false);
});

test.each([
  ["no JSON", "hello\n", /not JSON/],
  ["no object", "null\n", /no such command/],
  ["an unknown command", '{"command":"format-disk","args":{}}\n', /no such command/],
  ["wrong arguments", '{"command":"user-list","args":{"domain":5}}\n', /domain: expected a string, got 5/],
  ["an endless line", "x".repeat(70_000), /the line is too long/],
])("%s is answered with an error", async (_, bytes, error) => {
  const path = freshPath();
  const context = await start(path);
  expect(await raw(path, bytes)).toEqual({ error: expect.stringMatching(error) });
  expect(context.events).toEqual([]);
});

test("a second request on one connection is not executed", async () => {
  const path = freshPath();
  const context = await start(path);
  const add = (user: string) => `${JSON.stringify({ command: "user-add", args: { user, password: "x" } })}\n`;
  await raw(path, add("a@localhost") + add("b@localhost"));
  expect([...context.passwords.keys()]).toEqual(["a@localhost"]);
});

test("the socket is beside the store, never the store itself, and short enough for the system", () => {
  expect(controlPath("/srv/data/jackdaw.sqlite", "linux", "/")).toBe("/srv/data/jackdaw.sock");
  expect(controlPath("/srv/x.sock", "linux", "/")).toBe("/srv/x.sock.sock");
  const deep = `/${"d".repeat(60)}/${"e".repeat(60)}`;
  expect(controlPath(`${deep}/a.sqlite`, "linux", deep)).toBe("a.sock");
  expect(() => controlPath(`${deep}/a.sqlite`, "linux", "/")).toThrow(/too long for a socket/);
  expect(controlPath("C:\\data\\a.sqlite", "win32")).toMatch(/^\\\\\.\\pipe\\jackdaw-[0-9a-f]{32}$/);
});

test("what was asked for before is still answered", async () => {
  const path = freshPath();
  const context = new FakeContext();
  const control = await startControl(path, context, logger);
  const commit = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  context.commit = () => {
    begun.resolve();
    return commit.promise;
  };
  const answer = callControl(path, addUser, { user: "alice@localhost", password: "x" });
  await begun.promise;
  const closed = control.close();
  commit.resolve();
  expect(await answer).toEqual({ result: { user: "alice@localhost" } });
  await closed;
});

/** What is handed in, piece by piece, and what came out. */
class Pieces implements Pipe {
  readonly #input: string[];
  output = "";

  constructor(...input: string[]) {
    this.#input = input;
  }

  async read(): Promise<string | undefined> {
    return this.#input.shift();
  }

  async write(text: string): Promise<void> {
    this.output += text;
  }
}

describe("what is too large for an answer", () => {
  const user = (name: string) => `<user name="${name}" password="sesame"/>`;
  const pie = (users: string) =>
    `<server-data xmlns="urn:xmpp:pie:0"><host jid="localhost">${users}</host></server-data>`;

  test("goes in piece by piece, wherever it is cut", async () => {
    const path = freshPath();
    const { passwords, events } = await start(path);
    const long = pie(`${user("alice")}${" ".repeat(200_000)}${user("b😀")}${user("bob")}`);
    const pipe = new Pieces(long.slice(0, 70), long.slice(70));
    const answer = await streamControl(path, importAccounts, {}, pipe);
    expect(answer?.result.report.tallies).toEqual([["accounts", { added: 2, present: 0 }]]);
    expect([...passwords.keys()]).toEqual(["alice@localhost", "bob@localhost"]);
    expect(events.at(-1)).toBe("commit");
    expect(lines).toEqual(['administration {"command":"accounts-import","by":"command line"}']);
  });

  test("comes out piece by piece", async () => {
    const path = freshPath();
    const accounts = Array.from({ length: 3000 }, (_, i) => [`user${i}@localhost`, "x"] as const);
    await start(path, new FakeContext(new Map(accounts)));
    const pipe = new Pieces();
    const answer = await streamControl(path, exportAccounts, { user: undefined }, pipe);
    expect(answer?.result).toEqual({ accounts: 3000 });
    expect(pipe.output.match(/<user name="user\d+"><\/user>/g)?.length).toBe(3000);
  });

  test("is told how far it came when it is broken", async () => {
    const path = freshPath();
    await start(path);
    const broken = pie(user("a")).replace("</host>", "<user");
    const { result } = (await streamControl(path, importAccounts, {}, new Pieces(broken))) ?? {};
    expect(result?.report.tallies).toEqual([["accounts", { added: 1, present: 0 }]]);
    expect(result?.failure).toMatch(/^the export: /);
  });

  test("is moved one at a time", async () => {
    const path = freshPath();
    await start(path);
    let goOn = () => {};
    const waiting = new Promise<void>((resolve) => (goOn = resolve));
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const slow: Pipe = {
      read: async () => {
        begun();
        await waiting;
        return undefined;
      },
      write: async () => {},
    };
    const first = streamControl(path, importAccounts, {}, slow);
    await hasBegun;
    await expect(streamControl(path, importAccounts, {}, new Pieces())).rejects.toThrow(
      new AdminError("another import or export is under way"),
    );
    goOn();
    await first;
    await streamControl(path, importAccounts, {}, new Pieces());
  });

  test("does not hold up the end of the server", async () => {
    const path = freshPath();
    await start(path);
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const stuck: Pipe = {
      read: () => {
        begun();
        return new Promise(() => {});
      },
      write: async () => {},
    };
    void streamControl(path, importAccounts, {}, stuck);
    await hasBegun;
    await Promise.all(controls.splice(0).map((control) => control.close()));
  });
});
