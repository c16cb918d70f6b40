/** XEP-0363 §9.1: what a browser makes of uploaded files. */
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import type { TestServer } from "../../src/testing/index.ts";
import { body, eventually, getsSlot } from "../behaviour/upload-client.ts";
import { test as siteTest } from "./site.ts";

siteTest.override({ siteOptions: { users: ["alice"] } });

/** One red pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

/** What changes the page's title where it runs. */
const SCRIPT = `document.title = "pwned"; parent.document.title = "pwned"`;
const HTML = `<title>evil</title><script>${SCRIPT}</script><img src=x onerror='${SCRIPT}'>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload='${SCRIPT}'><script>${SCRIPT}</script></svg>`;

const test = siteTest.extend<{
  upload(filename: string, type: string, content: Buffer | string): Promise<string>;
}>({
  /** Uploads a file; its address. */
  upload: ({ site }, use) =>
    use(async (filename, type, content) => {
      const alice = await site.client("alice/phone");
      const { put, get } = await getsSlot(alice, { filename, type, size: Buffer.byteLength(content) });
      const { status } = await site.rig.request(put, body(content, { "content-type": type }));
      expect(status).toBe(201);
      return get;
    }),
});

/** A page of the same origin as the files, to which nothing is forbidden. */
async function openOwnPage(page: Page, site: TestServer, content: string): Promise<void> {
  const url = `${site.server.host().http.url}/page-of-this-test`;
  await page.route(url, (route) =>
    route.fulfill({ contentType: "text/html", body: `<title>good</title>${content}` }),
  );
  await page.goto(url);
}

describe("a file that is opened", () => {
  test("is shown when it is a picture", async ({ newPage, upload }) => {
    const page = await newPage();
    await page.goto(await upload("cat.png", "image/png", PNG));
    const width = () =>
      page.locator("img").evaluate((image: { naturalWidth?: number }) => image.naturalWidth);
    await eventually(width).toBe(1);
  });

  test("is played when it is a sound", async ({ newPage, upload }) => {
    const page = await newPage();
    await page.goto(await upload("beep.wav", "audio/wav", wave()));
    const length = () => page.locator("video").evaluate((player: { duration?: number }) => player.duration);
    await eventually(length).toBeCloseTo(1);
  });

  test.for([
    ["evil.html", "text/html", HTML],
    ["evil.svg", "image/svg+xml", SVG],
    [
      "evil.xhtml",
      "application/xhtml+xml",
      `<html xmlns="http://www.w3.org/1999/xhtml"><script>${SCRIPT}</script></html>`,
    ],
    ["evil.xml", "text/xml", `<x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>${SCRIPT}</h:script></x>`],
    ["evil.pdf", "application/pdf", "%PDF-1.4"],
    ["evil", "text/html", HTML],
  ] as const)("%s is saved", async ([filename, type, content], { newPage, upload }) => {
    const page = await newPage();
    const url = await upload(filename, type, content);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.goto(url).catch((error: Error) => expect(error.message).toContain("Download is starting")),
    ]);
    expect(download.suggestedFilename()).toContain(filename);
    expect(page.url()).toBe("about:blank");
  });

  test("is no page because it looks like one", async ({ newPage, upload, visits }) => {
    visits.forgive(/./);
    const page = await newPage();
    await page.goto(await upload("cat.png", "image/png", HTML));
    expect(await page.title()).not.toMatch(/evil|pwned/);
  });
});

describe("a page of the same origin", () => {
  test("gets no script, style, worker or frame out of a file", async ({ newPage, upload, site, visits }) => {
    visits.forgive(/MIME type|frame|Content Security Policy|Failed to load|fetching the script/);
    const page = await newPage();
    const script = await upload("evil.js", "text/javascript", SCRIPT);
    const style = await upload("evil.css", "text/css", "body { --pwned: yes }");
    const html = await upload("evil.html", "text/html", HTML);
    const picture = await upload("evil.png", "image/png", HTML);
    const svg = await upload("evil.svg", "image/svg+xml", SVG);
    await openOwnPage(
      page,
      site,
      `<link rel="stylesheet" href="${style}"><script src="${script}"></script><script type="module" src="${script}"></script>
       <iframe src="${picture}"></iframe><object data="${svg}"></object><embed src="${html}"><img src="${svg}">`,
    );
    const answers = [
      `navigator.serviceWorker.register("${script}").then(() => "registered", () => "refused")`,
      `import("${script}").then(() => "imported", () => "refused")`,
      `getComputedStyle(document.body).getPropertyValue("--pwned") || "no style"`,
    ].map((code) => page.evaluate(code));
    expect(await Promise.all(answers)).toEqual(["refused", "refused", "no style"]);
    expect(await page.title()).toBe("good");
    expect(await page.locator("img").evaluate((image: { naturalWidth?: number }) => image.naturalWidth)).toBe(
      0,
    );
  });

  test("shows pictures", async ({ newPage, upload, site }) => {
    const page = await newPage();
    await openOwnPage(page, site, `<img src="${await upload("cat.png", "image/png", PNG)}">`);
    expect(await page.locator("img").evaluate((image: { naturalWidth?: number }) => image.naturalWidth)).toBe(
      1,
    );
  });
});

describe("a web client from elsewhere (§8)", () => {
  test("uploads a file and reads it again, a part of it, too", async ({ newPage, site, url, visits }) => {
    // Another origin; that its own page may ask for nothing is not what this is about.
    const page = await newPage({ bypassCSP: true });
    visits.forgive(/status of 404/);
    await page.goto(`https://127.0.0.1:${new URL(url).port}/elsewhere`);
    const alice = await site.client("alice/web");
    const slot = await getsSlot(alice, { filename: "note.txt", type: "text/plain", size: 5 });
    const result = await page.evaluate(async ({ put, get }) => {
      const headers = { "content-type": "text/plain" };
      const { status } = await fetch(put, { method: "PUT", body: "hello", headers });
      const part = await fetch(get, { headers: { range: "bytes=1-3" } });
      return [status, await (await fetch(get)).text(), await part.text(), part.headers.get("content-range")];
    }, slot);
    expect(result).toEqual([201, "hello", "ell", "bytes 1-3/5"]);
  });
});

/** A second of silence. */
function wave(): Buffer {
  const [rate, header] = [8000, Buffer.alloc(44)];
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + rate, 4);
  header.write("WAVEfmt ", 8);
  for (const [value, at] of [
    [16, 16],
    [rate, 24],
    [rate, 28],
    [rate, 40],
  ] as const)
    header.writeUInt32LE(value, at);
  for (const [value, at] of [
    [1, 20],
    [1, 22],
    [1, 32],
    [8, 34],
  ] as const)
    header.writeUInt16LE(value, at);
  header.write("data", 36);
  return Buffer.concat([header, Buffer.alloc(rate, 128)]);
}
