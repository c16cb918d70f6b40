import { createHash } from "node:crypto";
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { basename, dirname, extname, join, relative } from "node:path";
import { isMainThread } from "node:worker_threads";
import { makeFolder } from "../util/folder.ts";
import type { Logger } from "../util/logger.ts";
import { type AdminCommand, AdminError } from "./command.ts";
import type { AdminContext } from "./context.ts";
import { type Answer, ask, Line, LineError } from "./control-line.ts";
import { ControlService } from "./control-service.ts";
import type { Pipe, StreamCommand } from "./stream-command.ts";

/** Bytes, and milliseconds. */
const MAX_REQUEST = 64_000;
const REQUEST_TIMEOUT = 10_000;
const MAX_CONNECTIONS = 16;

/** What fits into `sockaddr_un` on every system (104 bytes on some), its final NUL included. */
const MAX_SOCKET_PATH = 103;

/** Takes commands from this machine until it is closed. */
export interface Control {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * The socket of the server that has the store `file`: beside it, `jackdaw.sqlite` → `jackdaw.sock`; a named pipe on
 * Windows. Throws AdminError when the system cannot have so long a path.
 */
export function controlPath(
  file: string,
  platform: NodeJS.Platform = process.platform,
  cwd = process.cwd(),
): string {
  if (platform === "win32")
    return `\\\\.\\pipe\\jackdaw-${createHash("sha256").update(file).digest("hex").slice(0, 32)}`;
  const stem = extname(file) === ".sock" ? basename(file) : basename(file, extname(file));
  const path = join(dirname(file), `${stem}.sock`);
  const shorter = relative(cwd, path);
  const best = [path, shorter].find((candidate) => Buffer.byteLength(candidate) <= MAX_SOCKET_PATH);
  if (best !== undefined) return best;
  throw new AdminError(
    `${path}: too long for a socket (${MAX_SOCKET_PATH} bytes); put the store into a shorter path`,
  );
}

/**
 * Answers commands on the socket `path`, which only the owner can use, one a connection. A socket that a crash left is replaced; throws AdminError when a living server has it.
 */
export async function startControl(path: string, context: AdminContext, logger: Logger): Promise<Control> {
  const connections = new Map<Socket, Connection>();
  const service = new ControlService(context, logger);
  const server = createServer((socket) => {
    const connection: Connection = { isAsked: false, served: Promise.resolve() };
    connections.set(socket, connection);
    socket.once("close", () => connections.delete(socket));
    connection.served = serve(socket, connection, service);
  });
  server.maxConnections = MAX_CONNECTIONS;
  if (!isPipe(path)) makeFolder(dirname(path));
  try {
    await listen(server, path);
  } catch (error) {
    if (codeOf(error) !== "EADDRINUSE") throw error;
    if (await answers(path)) throw new AdminError(`${path}: another server is running on this store`);
    removeStale(path);
    await listen(server, path);
  }
  server.on("error", (error) => logger.error("control socket", { path, error: error.message }));
  return {
    path,
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      // What is being done is done, and answered: one who asked for the end hears of it.
      for (const [socket, { isAsked, served }] of connections) {
        if (isAsked) void served.then(() => socket.destroySoon());
        else socket.destroy();
      }
      await closed;
    },
  };
}

/**
 * Asks the server at `path` to run `command`. Undefined when no server is there. Throws AdminError with what the
 * server answered.
 */
export async function callControl<A, R>(
  path: string,
  command: AdminCommand<A, R>,
  args: A,
): Promise<{ result: R } | undefined> {
  return call(path, (line) => ask<R>(line, command.name, args));
}

/** As `callControl`, for what moves more than fits into an answer. */
export async function streamControl<A, R>(
  path: string,
  command: StreamCommand<A, R>,
  args: A,
  pipe: Pipe,
): Promise<{ result: R } | undefined> {
  return call(path, (line) => ask<R>(line, command.name, args, pipe));
}

async function call<R>(path: string, work: (line: Line) => Promise<R>): Promise<{ result: R } | undefined> {
  const socket = await open(path);
  if (!socket) return undefined;
  try {
    return { result: await work(new Line(socket)) };
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    throw new AdminError(`${path}: no answer from the running server: ${error.message}`);
  } finally {
    socket.destroy();
  }
}

interface Connection {
  /** Whether it has asked for something that is done and answered even when the server ends. */
  isAsked: boolean;
  /** Settles when it is answered. */
  served: Promise<void>;
}

async function serve(socket: Socket, connection: Connection, service: ControlService): Promise<void> {
  const line = new Line(socket);
  let answer: Answer;
  try {
    const request = await line.receive(MAX_REQUEST, REQUEST_TIMEOUT);
    connection.isAsked = !service.isLong(request);
    answer = await service.execute(request, line);
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  socket.end(`${JSON.stringify(answer)}\n`);
  // Unread, the other side's end would never be noticed.
  socket.resume();
}

/** Binds with a mask under which only the owner can connect, from the first moment on. */
function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const restricted = isMainThread && !isPipe(path);
    const mask = restricted ? process.umask(0o177) : 0;
    try {
      server.listen(path, () => {
        server.removeListener("error", reject);
        if (!isPipe(path)) chmodSync(path, 0o600);
        resolve();
      });
    } finally {
      if (restricted) process.umask(mask);
    }
  });
}

/** Only a socket: a file that happens to be there is somebody's. */
function removeStale(path: string): void {
  if (!lstatSync(path).isSocket())
    throw new AdminError(`${path}: is in the way of the control socket; move it`);
  unlinkSync(path);
}

async function answers(path: string): Promise<boolean> {
  const socket = await open(path);
  socket?.destroy();
  return socket !== undefined;
}

/** A connection, or undefined when nobody listens there. */
function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const failed = (error: Error) => {
      if (["ENOENT", "ECONNREFUSED", "ENOTSOCK", "ENOTDIR"].includes(codeOf(error)))
        return resolve(undefined);
      const hint = codeOf(error) === "EACCES" ? "; run this as the user that runs the server" : "";
      reject(new AdminError(`${path}: cannot reach the running server (${codeOf(error)})${hint}`));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.removeListener("error", failed);
      resolve(socket);
    });
  });
}

function isPipe(path: string): boolean {
  return path.startsWith("\\\\");
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown error";
}
