/** The chat page: Converse from its package, for this server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished } from "vitest";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

/** A package of Converse as far as the server looks at it; the folder with its build. */
function build(version?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-converse-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const dist = join(folder, "dist");
  mkdirSync(join(dist, "sounds"), { recursive: true });
  const files = {
    "dist/converse.min.js": "let converse;".repeat(100),
    "dist/converse.min.js.map": "{}",
    "dist/converse.js": "let whole;",
    "dist/sounds/msg_received.mp3": "beep",
    "secret.json": "{}",
    LICENSE: "do as you like",
    ...(version === undefined ? {} : { "package.json": JSON.stringify({ name: "converse.js", version }) }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return dist;
}

async function serving(directory: string): Promise<Rig> {
  const listen = { c2s: false, c2sTls: false, https: 0 } as const;
  const rig = await createRig({ listen, config: { modules: { chat: { directory } } } });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  return rig;
}

/** The folder that the page has its files from. */
async function folderOf(rig: Rig): Promise<string> {
  const text = await (await rig.request("/chat")).text();
  return /src="(\/chat\/\w+)\/start.js"/.exec(text)?.[1] ?? "";
}

describe("the chat page", () => {
  test("has what Converse needs of this server in it", async () => {
    const rig = await serving(build("1.2.3"));
    const response = await rig.request("/chat");
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-cache");
    const text = await response.text();
    const content = /<meta name="chat-settings" content="([^"]*)">/.exec(text)?.[1] ?? "";
    const settings: unknown = JSON.parse(content.replaceAll("&quot;", `"`));
    expect(settings).toMatchObject({
      assets_path: await folderOf(rig),
      websocket_url: "/xmpp-websocket",
      bosh_service_url: "/http-bind",
      default_domain: "localhost",
      allow_registration: false,
    });
    expect(text).toContain("Converse 1.2.3");
  });

  test("runs Converse's scripts and no others, talks to this server alone, and is framed by nobody", async () => {
    const rig = await serving(build());
    const policy = (await rig.request("/chat")).headers.get("Content-Security-Policy");
    expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).toContain(`connect-src 'self' https://localhost:${rig.server.ports.https};`);
    expect(policy).toContain("frame-ancestors 'none'");
  });

  test("may talk to where the files are, when that is somewhere else", async () => {
    const upload = { url: "https://files.example.net" };
    const rig = await createRig({ config: { modules: { chat: { directory: build() }, upload } } });
    onTestFinished(() => rig.close());
    const answer = await rig.request("/chat");
    expect(answer.headers.get("content-security-policy")).toContain(
      "connect-src 'self' https://files.example.net;",
    );
    expect(await answer.text()).toContain("files.example.net");
  });

  describe("where anybody may register", () => {
    test.override({ options: { config: { modules: { register: { open: true } } } } });

    test("offers that", async ({ request, skip }) => {
      const text = await (await request("/chat")).text();
      if (!text.includes("chat-settings")) skip("converse.js is not installed");
      expect(text).toContain("&quot;allow_registration&quot;:true");
    });
  });
});

describe("Converse's files", () => {
  test("come unmodified, compressed as the browser likes, and for ever", async () => {
    const rig = await serving(build());
    const url = `${await folderOf(rig)}/converse.min.js`;
    const get = async (accepted: string) => {
      const { headers, arrayBuffer } = await rig
        .request(url, { headers: { "Accept-Encoding": accepted } })
        .then((response) => ({ headers: response.headers, arrayBuffer: response.arrayBuffer() }));
      return { headers, bytes: Buffer.from(await arrayBuffer) };
    };
    const plain = await get("identity");
    expect(plain.bytes.toString()).toBe("let converse;".repeat(100));
    expect(plain.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
    expect(plain.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    expect(plain.headers.get("Vary")).toBe("Accept-Encoding");
    expect(plain.headers.has("Content-Encoding")).toBe(false);
    for (const [accepted, encoding, expand] of [
      ["gzip, deflate, br", "br", brotliDecompressSync],
      ["br;q=0, GZIP;q=0.5", "gzip", gunzipSync],
    ] as const) {
      const { headers, bytes } = await get(accepted);
      expect(headers.get("Content-Encoding")).toBe(encoding);
      expect(bytes.length).toBeLessThan(100);
      expect(expand(bytes)).toEqual(plain.bytes);
    }
  });

  test("are those of a list, whatever the path", async () => {
    const rig = await serving(build());
    const folder = await folderOf(rig);
    for (const [path, status] of [
      ["/sounds/msg_received.mp3", 200],
      ["/LICENSE", 200],
      ["/start.js", 200],
      ["/converse.js", 404],
      ["/converse.min.js.map", 404],
      ["/sounds", 404],
      ["/", 404],
      ["/..%2fsecret.json", 404],
      ["/%2e%2e/secret.json", 404],
      ["/sounds/..%2f..%2fsecret.json", 404],
      ["/__proto__", 404],
    ] as const) {
      expect([path, (await rig.request(`${folder}${path}`)).status]).toEqual([path, status]);
    }
  });

  test("have other addresses when they change", async () => {
    const folders = [];
    for (const version of ["1.2.3", "1.2.4"]) folders.push(await folderOf(await serving(build(version))));
    expect(folders[0]).not.toBe(folders[1]);
  });
});

test("without Converse the page says so, and the rest works", async () => {
  const rig = await serving(join(tmpdir(), "nothing-here"));
  const response = await rig.request("/chat");
  expect(response.status).toBe(404);
  expect(await response.text()).toContain("npm install converse.js");
  const root = await rig.request("/");
  expect(root.status).toBe(200);
  expect(await root.text()).not.toContain("/chat");
});

test("the page is found with a slash at the end as well", async () => {
  const rig = await serving(build());
  const response = await rig.request("/chat/");
  expect(response.status).toBe(308);
  expect(response.headers.get("Location")).toBe("/chat");
});
