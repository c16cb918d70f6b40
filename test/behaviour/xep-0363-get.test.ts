/** XEP-0363 §8, §9, RFC 9110 §13, §14: downloads, and what may happen in a browser. */
import { describe, expect } from "vitest";
import { body, CAT, getsSlot, putsCat, test } from "./upload-client.ts";

const EVIL = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.cookie)</script></svg>`;

describe("a file", () => {
  test("says what it is, and lasts in caches as long as here", async ({ connect, request, clock }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request, { type: "image/png" });
    await clock.advance(86_400_000);
    const { status, headers } = await request(get);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": String(CAT.length),
      "content-disposition": 'inline; filename="cat.png"',
      "accept-ranges": "bytes",
      "cache-control": `private, max-age=${89 * 86_400}, immutable`,
      "last-modified": new Date(clock.now() - 86_400_000).toUTCString(),
      etag: `"${get.split("/").at(-2)}"`,
    });
  });

  test("has the same head without its body", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request, { type: "image/png" });
    const [head, whole] = [await request(get, { method: "HEAD" }), await request(get)];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(whole.headers));
    // RFC 9110 §14.2: of a GET alone.
    const part = await request(get, { method: "HEAD", headers: { range: "bytes=0-0" } });
    expect([part.status, part.headers.get("content-length")]).toEqual([200, String(CAT.length)]);
  });

  test("has one address", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request, { filename: "très cool.png" });
    expect((await request(get)).status).toBe(200);
    for (const other of [
      get.replace("cool", "bad"),
      get.replace(/\/[^/]*$/, "/"),
      get.replace(/\/[^/]*$/, ""),
      `${get}/x`,
      get.replace(/upload\/\w/, "upload/x"),
      get.replace(/upload\/\w+/, "upload/%00"),
      get.replace(/upload\/\w+/, "upload/..%2F..%2F..%2Fetc%2Fpasswd"),
      get.replace("tr%C3%A8s", "tr%E8s"),
    ]) {
      expect((await request(other)).status, other).toBe(404);
    }
  });

  test("needs no log-in, and is offered to every origin (§8)", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await putsCat(alice, request);
    const origin = { headers: { origin: "https://chat.example.net" } };
    const { headers } = await request(get, origin);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-expose-headers")).toContain("Content-Range");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    const asked = await request(put, { method: "OPTIONS", ...origin });
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "OPTIONS, HEAD, GET, PUT",
      "access-control-allow-headers": expect.stringContaining("Content-Type"),
      "access-control-max-age": "7200",
    });
    // A client that may not read the error learns nothing.
    expect((await request(put, body(CAT))).headers.get("access-control-allow-origin")).toBe("*");
    expect((await request(`${get}x`)).headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("nothing in a file runs (§9.1)", () => {
  test.for([
    ["evil.svg", "image/svg+xml", EVIL],
    ["evil.html", "text/html", "<script>alert(1)</script>"],
    ["evil.xhtml", "application/xhtml+xml", "<script/>"],
    ["evil.xml", "text/xml", "<x/>"],
    ["evil.js", "text/javascript", "alert(1)"],
    ["evil.mjs", "application/javascript", "alert(1)"],
    ["evil.css", "text/css", "* { color: red }"],
    ["evil.mht", "multipart/related", "x"],
    ["evil.swf", "application/x-shockwave-flash", "x"],
    ["evil.png", "text/html; charset=utf-7", "<script>alert(1)</script>"],
  ] as const)("%s is saved, as bytes", async ([filename, type, content], { connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice, { filename, size: content.length, type });
    expect((await request(put, body(content, { "content-type": type }))).status).toBe(201);
    const { headers } = await request(get);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-disposition")).toBe(`attachment; filename="${filename}"`);
  });

  test("whatever it claims to be", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    for (const type of ["image/png", "application/pdf", "text/plain", "text/html"]) {
      const { put, get } = await getsSlot(alice, { filename: "x", size: EVIL.length, type });
      expect((await request(put, body(EVIL))).status).toBe(201);
      for (const answer of [await request(get), await request(get, { headers: { range: "bytes=0-9" } })]) {
        expect(Object.fromEntries(answer.headers)).toMatchObject({
          "content-security-policy": expect.stringMatching(
            type === "image/png"
              ? /^default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none';/
              : /^default-src 'none'; sandbox; frame-ancestors 'none';/,
          ),
          "x-content-type-options": "nosniff",
          "cross-origin-resource-policy": "cross-origin",
          "content-disposition": expect.stringMatching(type === "image/png" ? /^inline/ : /^attachment/),
        });
        expect(answer.headers.get("set-cookie")).toBeNull();
      }
    }
  });

  test("nor in what is said of one that is not there", async ({ request }) => {
    const answer = await request("/upload/0123/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain("script");
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("a name with quotes and line breaks stays one (RFC 6266)", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request, { filename: "a&quot;; x&#13;&#10;Set-Cookie: é.png" });
    const { headers } = await request(get);
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename="a_; xSet-Cookie_ _.png"; filename*=UTF-8''a_%3B%20xSet-Cookie_%20%C3%A9.png`,
    );
    expect(headers.get("set-cookie")).toBeNull();
  });
});

describe("a part of a file (RFC 9110 §14)", () => {
  test.for([
    ["bytes=0-0", 206, "a", "bytes 0-0/18"],
    ["bytes=2-8", 206, "picture", "bytes 2-8/18"],
    ["bytes=15-", 206, "cat", "bytes 15-17/18"],
    ["bytes=15-1000", 206, "cat", "bytes 15-17/18"],
    ["bytes=-3", 206, "cat", "bytes 15-17/18"],
    ["bytes=0-17", 206, CAT.toString(), "bytes 0-17/18"],
    ["bytes=0-0,2-3", 200, CAT.toString(), null],
    [`bytes=${"0-,".repeat(1000)}0-`, 200, CAT.toString(), null],
    ["bytes=5-2", 200, CAT.toString(), null],
    ["pages=1-2", 200, CAT.toString(), null],
  ] as const)("%s", async ([range, status, text, contentRange], { connect, request }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request);
    const answer = await request(get, { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-range")).toBe(contentRange);
    expect(answer.headers.get("content-length")).toBe(String(text.length));
    expect(await answer.text()).toBe(text);
  });

  test.for(["bytes=18-", "bytes=-0", "bytes=999999999999999-"])(
    "%s is none",
    async (range, { connect, request }) => {
      const alice = await connect("alice/phone");
      const { get } = await putsCat(alice, request);
      const answer = await request(get, { headers: { range } });
      expect(answer.status).toBe(416);
      expect(answer.headers.get("content-range")).toBe("bytes */18");
    },
  );

  test("goes on with a download that broke off, if the file is the same (§13.1.5)", async ({
    connect,
    request,
  }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request);
    const { headers } = await request(get);
    const rest = (ifRange: string) => request(get, { headers: { range: "bytes=15-", "if-range": ifRange } });
    expect(await (await rest(headers.get("etag") ?? "")).text()).toBe("cat");
    expect(await (await rest(headers.get("last-modified") ?? "")).text()).toBe("cat");
    expect(await (await rest('"another"')).text()).toBe(CAT.toString());
  });
});

describe("a condition (RFC 9110 §13)", () => {
  test("saves the way when the file is known", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { get } = await putsCat(alice, request);
    const { headers } = await request(get);
    const [etag, modified] = [headers.get("etag") ?? "", headers.get("last-modified") ?? ""];
    for (const condition of [{ "if-none-match": etag }, { "if-modified-since": modified }]) {
      const answer = await request(get, { headers: { ...condition, range: "bytes=0-0" } });
      expect(answer.status).toBe(304);
      expect(answer.headers.get("etag")).toBe(etag);
      expect(await answer.text()).toBe("");
    }
    expect((await request(get, { headers: { "if-match": '"x"' } })).status).toBe(412);
  });
});

describe("a large file", () => {
  test("is read as fast as it is taken, and no further", async ({ connect, request }) => {
    const alice = await connect("alice/phone");
    const { put, get } = await getsSlot(alice, { size: 1_000_000 });
    const content = Buffer.alloc(1_000_000, "0123456789");
    await request(put, body(content));
    const answer = await request(get);
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(131_072);
    await reader?.cancel();
    expect(Buffer.from(await (await request(get)).arrayBuffer())).toEqual(content);
  });
});
