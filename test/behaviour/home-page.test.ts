/** The page at the root of a domain, and RFC 9309 Robots Exclusion Protocol. */
import { describe, expect } from "vitest";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

describe("the root page", () => {
  test("tells how to connect, at which ports", async () => {
    await using rig = await createRig({ listen: { c2s: 0, c2sTls: 0, https: 0 } });
    await rig.server.listen();
    const { c2s, c2sTls, https } = rig.server.ports;
    const response = await rig.request("/");
    expect(response.status).toBe(200);
    const text = await response.text();
    for (const part of [
      "<h1>localhost</h1>",
      `<code>${c2s}</code>`,
      `<code>${c2sTls}</code>`,
      `<code>wss://localhost:${https}/xmpp-websocket</code>`,
      `href="/chat"`,
    ]) {
      expect(text).toContain(part);
    }
  });

  test("is of the domain that was asked for", async () => {
    await using rig = await createRig({ domain: ["localhost", "bücher.example"] });
    const response = await rig.request("https://xn--bcher-kva.example/");
    expect(await response.text()).toContain("<h1>bücher.example</h1>");
  });

  test("runs no scripts", async ({ request }) => {
    const response = await request("/");
    expect(response.headers.get("Content-Security-Policy")).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
    expect(await response.text()).not.toContain("<script");
  });

  describe("with contacts", () => {
    const contact = { abuse: ["mailto:abuse@example.org"], support: ["javascript:alert(1)//<b>"] };
    test.override({ options: { config: { modules: { contact } } } });

    test("names them, and links to no script", async ({ request }) => {
      const text = await (await request("/")).text();
      expect(text).toContain(`<a href="mailto:abuse@example.org" rel="noreferrer">abuse@example.org</a>`);
      expect(text).toContain("javascript:alert(1)//&lt;b&gt;");
      expect(text).not.toContain(`href="javascript:`);
    });
  });

  describe("where anybody may register", () => {
    test.override({ options: { config: { modules: { chat: false, register: { open: true } } } } });

    test("says so, and nothing of a chat page that is switched off", async ({ request }) => {
      const text = await (await request("/")).text();
      expect(text).toContain("Anybody may create an account");
      expect(text).not.toContain("/chat");
    });
  });
});

test("robots may read the root page and nothing else (§2.2)", async ({ request }) => {
  const response = await request("/robots.txt");
  expect(response.headers.get("Content-Type")).toMatch(/^text\/plain/);
  expect(await response.text()).toBe("User-agent: *\nAllow: /$\nDisallow: /\n");
});

test("there is an icon, also for those who ask without being told", async ({ request }) => {
  for (const path of ["/favicon.svg", "/favicon.ico"]) {
    const response = await request(path);
    expect(response.headers.get("Content-Type")).toBe("image/svg+xml");
    expect(await response.text()).toMatch(/^<svg /);
  }
});
