import { client, xml } from "@xmpp/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createServer, type Server } from "../../src/index.ts";

let server: Server;

beforeEach(async () => {
  // The server's certificate is its own making.
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  server = await createServer({ config: { auth: { iterations: 4096 } } });
  await server.createUser("alice@localhost", "secret");
  await server.createUser("bob@localhost", "secret");
  await server.listen();
});

afterEach(async () => {
  await server.close();
  vi.unstubAllEnvs();
});

async function logIn(username: string) {
  const service = `xmpp://127.0.0.1:${server.ports.c2s}`;
  const user = client({ service, domain: "localhost", username, password: "secret" });
  await user.start();
  await user.send(xml("presence"));
  return user;
}

test("bob hears what alice says", async () => {
  const alice = await logIn("alice");
  const bob = await logIn("bob");
  const heard = new Promise<string | null>((resolve) => {
    bob.on("stanza", (stanza) => {
      if (stanza.is("message")) resolve(stanza.getChildText("body"));
    });
  });
  await alice.send(xml("message", { to: "bob@localhost", type: "chat" }, xml("body", {}, "Hello")));
  expect(await heard).toBe("Hello");
  await Promise.all([alice.stop(), bob.stop()]);
});
