/** Uploads of a server that is killed: what was answered is there, and of what was not there is nothing. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import { ServerFolder, type ServerProcess } from "./server-process.ts";

const UPLOAD = "urn:xmpp:http:upload:0";
const SIZE = 1_000_000;

const folder = new ServerFolder({
  listen: { c2s: "127.0.0.1:0", c2sTls: false, https: false, http: "127.0.0.1:0" },
  tls: { required: false },
  auth: { plainWithoutTls: true, iterations: 4096 },
});
afterAll(() => folder.remove());

/** Names of files in the folder of uploads. */
function files(): string[] {
  return readdirSync(join(folder.path, "data", "uploads"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

const webPort = (server: ServerProcess) => Number(/:(\d+) \(web/.exec(server.out)?.[1]);

/** Addresses to put files, by the ids of the files. */
async function slots(server: ServerProcess, count: number): Promise<Map<string, string>> {
  const alice = await RawClient.logIn(server.port, "alice", "secret");
  const paths = new Map<string, string>();
  for (let n = 0; n < count; n++) {
    const wish = `<request xmlns="${UPLOAD}" filename="cat.png" size="${SIZE}"/>`;
    const { inner } = await alice.exchange(
      `<iq type="get" to="upload.localhost" id="u${n}">${wish}</iq>`,
      ({ attributes }) => attributes["id"] === `u${n}`,
    );
    const path = /put url="http:\/\/[^/]+([^"]+)"/.exec(inner)?.[1] ?? "";
    paths.set(path.split("/")[2] ?? "", path);
  }
  await alice.close();
  return paths;
}

/** Begins an upload. */
function put(server: ServerProcess, path: string): ClientRequest {
  const headers = { host: "localhost", "content-length": SIZE };
  return request({ host: "127.0.0.1", port: webPort(server), path, method: "PUT", headers });
}

test("only what was answered is left of uploads when the server is killed", { timeout: 60_000 }, async () => {
  await folder.run(["user", "add", "alice@localhost"], "secret");
  const server = await folder.start();
  const paths = [...(await slots(server, 8))];
  const answered = new Set<string>();
  const gone: Promise<unknown>[] = [];
  for (const [index, [id, path]] of paths.entries()) {
    const upload = put(server, path);
    gone.push(once(upload, "close").catch(() => {}));
    upload.on("error", () => {});
    upload.on("response", (response) => {
      if (response.statusCode === 201) answered.add(id);
      // In the middle of all the others.
      if (answered.size === 3) server.signal("SIGKILL");
    });
    // Two of them never come to their end.
    if (index < 2) upload.write(Buffer.alloc(SIZE / 2));
    else upload.end(Buffer.alloc(SIZE));
  }
  await server.exit;
  await Promise.all(gone);
  expect(answered.size).toBeGreaterThanOrEqual(3);

  const next = await folder.start();
  const left = files();
  for (const id of answered) expect(left).toContain(id);
  for (const [id] of paths.slice(0, 2)) expect(left.some((name) => name.startsWith(id))).toBe(false);
  expect(left.filter((name) => name.endsWith(".part"))).toEqual([]);
  // Whatever is left can be had, and whatever cannot is not left.
  for (const [id, path] of paths) {
    const get = request({
      host: "127.0.0.1",
      port: webPort(next),
      path,
      headers: { host: "localhost" },
    }).end();
    const [response] = (await once(get, "response")) as [IncomingMessage];
    response.resume();
    expect([id, response.statusCode]).toEqual([id, left.includes(id) ? 200 : 404]);
  }
});
