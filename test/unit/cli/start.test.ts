import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { callControl } from "../../../src/admin/control.ts";
import { status } from "../../../src/admin/service-commands.ts";
import { ConfigError } from "../../../src/util/schema.ts";
import { CliRig } from "./rig.ts";

afterEach(() => void vi.useRealTimers());

/** A server that runs, and the promise of its exit code. */
async function started(rig: CliRig, line = "start"): Promise<{ code: Promise<number> }> {
  const ready = rig.started();
  const code = rig.run(line);
  await Promise.race([ready, code]);
  return { code };
}

/** Settles when the log has a line that begins so. */
function logged(rig: CliRig, beginning: string): Promise<void> {
  return vi.waitFor(() => expect(rig.log.join("\n")).toContain(beginning), { interval: 1 });
}

test("start says where it listens, where to chat and how to add an account, and SIGTERM ends it with 0", async () => {
  const rig = new CliRig();
  const { code } = await started(rig);
  expect(rig.out).toContain("  port 5222 (clients, STARTTLS)\n");
  expect(rig.out).toContain("Chat in a browser:  https://localhost:5443/chat\n");
  expect(rig.out).toContain("Administer it:      https://localhost:5443/admin\n");
  expect(rig.out).toContain("jackdaw user add alice@localhost\n");
  expect(await callControl(join(rig.directory, "data/jackdaw.sock"), status, {})).toBeDefined();
  rig.signals.emit("SIGTERM");
  expect(await code).toBe(0);
  expect(rig.backend.events).toEqual(["open", "listen", "close"]);
  expect(existsSync(join(rig.directory, "data/jackdaw.sock"))).toBe(false);
  expect(rig.signals.eventNames()).toEqual(["removeListener"]);
});

test("signals that come during the start are obeyed when it is done", async () => {
  const rig = new CliRig();
  rig.backend.listen = () => {
    for (const signal of ["SIGHUP", "SIGTERM", "SIGTERM"]) rig.signals.emit(signal);
  };
  const code = await rig.run("start");
  expect(code).toBe(0);
  expect(rig.backend.events).toEqual(["open", "listen", "close"]);
  expect(rig.log.join("\n")).toContain('info stopping {"by":"SIGTERM"}');
  expect(rig.signals.eventNames()).toEqual([]);
});

test("an empty store gets an administrator whose password is printed once and logged never", async () => {
  const rig = new CliRig();
  const first = await started(rig);
  rig.signals.emit("SIGINT");
  await first.code;
  const password = /admin@localhost with the password ([a-z2-9]{5}(?:-[a-z2-9]{5}){3})\n/.exec(rig.out)?.[1];
  expect(rig.backend.passwords.get("admin@localhost")).toBe(password);
  expect(rig.backend.context.promoted.map(String)).toEqual(["admin@localhost"]);
  expect(rig.log.join()).not.toContain(password);

  rig.out = "";
  const second = await started(rig);
  rig.signals.emit("SIGINT");
  await second.code;
  expect(rig.out).not.toMatch(/password/);
  expect(rig.backend.passwords.size).toBe(1);
});

test("an account of any domain is enough to make no administrator", async () => {
  const rig = new CliRig({ "server.config.json": { domains: ["a.org", "b.org"], store: "memory" } });
  rig.backend.passwords.set("x@b.org", "x");
  const { code } = await started(rig);
  rig.signals.emit("SIGINT");
  expect(await code).toBe(0);
  expect(rig.backend.passwords.size).toBe(1);
});

test("SIGHUP reads the configuration again, tells what needs a restart, and survives a broken file", async () => {
  const rig = new CliRig({ "server.config.json": { store: "memory" } });
  const { code } = await started(rig);
  rig.write("server.config.json", { store: "memory", admins: ["a@b.org"], listen: { c2s: 1 } });
  rig.signals.emit("SIGHUP");
  await logged(rig, 'warn these parts change with the next start only {"parts":["listen"]}');
  rig.write("server.config.json", "{ oops");
  rig.signals.emit("SIGHUP");
  await logged(
    rig,
    'error the configuration stays as it was {"reason":"server.config.json:1:3: expected a key',
  );
  expect(rig.backend.events).toEqual(["open", "listen", "reload a@b.org"]);
  rig.signals.emit("SIGTERM");
  expect(await code).toBe(0);
});

test("an administrator ends it as a signal does", async () => {
  const rig = new CliRig({ "server.config.json": { store: "memory" } });
  const { code } = await started(rig);
  rig.backend.shutDown();
  expect(await code).toBe(0);
  expect(rig.log.join("\n")).toContain('info stopping {"by":"an administrator"}');
  expect(rig.backend.events).toEqual(["open", "listen", "close"]);
});

test("a second SIGINT ends the process at once, a second SIGTERM does not", async () => {
  const rig = new CliRig({ "server.config.json": { store: "memory" } });
  const closing = Promise.withResolvers<void>();
  rig.backend.close = () => closing.promise;
  const { code } = await started(rig);
  rig.signals.emit("SIGTERM");
  rig.signals.emit("SIGTERM");
  expect(rig.exits).toEqual([]);
  rig.signals.emit("SIGINT");
  expect(rig.exits).toEqual([130]);
  closing.resolve();
  expect(await code).toBe(0);
});

test("a SIGINT that arrives twice at once is one", async () => {
  const rig = new CliRig({ "server.config.json": { store: "memory" } });
  const closing = Promise.withResolvers<void>();
  rig.backend.close = () => closing.promise;
  const { code } = await started(rig);
  rig.signals.emit("SIGINT");
  rig.signals.emit("SIGINT");
  expect(rig.exits).toEqual([]);
  closing.resolve();
  expect(await code).toBe(0);
});

test("a server that does not close in 10 seconds is ended", async () => {
  const rig = new CliRig({ "server.config.json": { store: "memory" } });
  rig.backend.close = () => new Promise(() => {});
  const { code } = await started(rig);
  vi.useFakeTimers();
  rig.signals.emit("SIGTERM");
  vi.advanceTimersByTime(9999);
  expect(rig.exits).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rig.exits).toEqual([1]);
  expect(await code).toBe(1);
  expect(rig.log.at(-1)).toMatch(/^error the server did not close in time/);
});

const portInUse = Object.assign(new Error("listen EADDRINUSE"), {
  code: "EADDRINUSE",
  syscall: "listen",
  port: 5222,
});
const notAllowed = Object.assign(new Error("mkdir EACCES"), {
  code: "EACCES",
  syscall: "mkdir",
  path: "/srv/data",
});

test.each([
  ["a port in use", portInUse, /^jackdaw: port 5222 is in use: stop the program that has it/],
  ["a directory that it may not write", notAllowed, /^jackdaw: \/srv\/data: permission denied/],
  ["a mistake that only the server finds", new ConfigError("auth", "no"), /^jackdaw: auth: no\n$/],
  ["a fault of ours", new Error("boom"), /^jackdaw: boom \(--verbose shows where\)\n$/],
])("%s is one line, and nothing is left open", async (_, error, message) => {
  const rig = new CliRig();
  rig.backend.listen = () => {
    throw error;
  };
  const { code } = await started(rig);
  expect(await code).toBe(1);
  expect(rig.err).toMatch(message);
  expect(rig.err.trim().split("\n")).toHaveLength(1);
  expect(rig.backend.events).toEqual(["open", "close"]);
  expect(existsSync(join(rig.directory, "data/jackdaw.sock"))).toBe(false);
});
