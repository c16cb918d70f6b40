import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { ns } from "../../src/xmpp/ns.ts";
import { inspect } from "./inspect.ts";
import { RawClient } from "./raw-client.ts";
import { logInSecurely } from "./secure.ts";
import { ServerFolder } from "./server-process.ts";
import { registerAccount } from "./workload.ts";

// Processes of their own: on a busy machine each takes seconds to start.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CLIENTS = 200;

function newFolder(): ServerFolder {
  const folder = new ServerFolder({
    limits: { resourcesPerAccount: CLIENTS, streamsPerAddress: "off" },
    modules: { register: { open: true, perHour: "off" } },
  });
  onTestFinished(() => folder.remove());
  return folder;
}

function wasToldOfShutdown({ elements, heardEnd }: RawClient): boolean {
  const last = elements.at(-1);
  return (
    heardEnd && last?.ns === ns.STREAMS && last.name === "error" && last.heads[0]?.name === "system-shutdown"
  );
}

test(`SIGTERM tells ${CLIENTS} clients, waits for none that does not read, and loses nothing`, async () => {
  const folder = newFolder();
  const server = await folder.start();
  const { port, tlsPort } = server;
  await Promise.all(["crowd", "away"].map((user) => registerAccount(port, user)));
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, n) =>
      n % 4 === 0
        ? logInSecurely(tlsPort, "crowd", "secret", `r${n}`)
        : RawClient.logIn(port, "crowd", "secret", `r${n}`),
    ),
  );
  const [deaf, writer, ...others] = clients as [RawClient, RawClient, ...RawClient[]];
  deaf.socket.pause();
  const asking = await RawClient.connect(port);
  const auth = `<auth xmlns="${ns.SASL}" mechanism="SCRAM-SHA-256">biwsbj1jcm93ZCxyPWFiYw==</auth>`;
  await asking.exchange(auth, ({ name }) => name === "challenge");
  const silent = connect({ port, host: "127.0.0.1" });
  const shaking = connect({ port: tlsPort, host: "127.0.0.1" });
  for (const socket of [silent, shaking]) socket.on("error", () => {}).resume();
  await Promise.all([once(silent, "connect"), once(shaking, "connect")]);
  // The beginning of a ClientHello.
  shaking.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  for (const n of numbers) {
    writer.send(`<message type="chat" to="away@localhost"><body>crowd ${n}</body></message>`);
  }
  await writer.ping();

  server.signal("SIGTERM");
  // After ten seconds it would be 1.
  expect(await server.exit).toBe(0);
  const reading = [writer, asking, ...others];
  await Promise.all(reading.map(({ ended }) => ended));
  expect(reading.filter((client) => !wasToldOfShutdown(client))).toHaveLength(0);
  expect(server.err).not.toContain('"level":50');
  deaf.socket.destroy();

  const { port: next } = await folder.start();
  expect((await inspect(next, "away")).messages("crowd")).toEqual(numbers);
});

test("SIGTERM and SIGHUP do not harm a server that starts", async () => {
  const server = newFolder().spawn();
  // It has yet to make its certificate and to listen.
  await server.until(() => server.out.includes("Made the first account"));
  server.signal("SIGHUP");
  server.signal("SIGTERM");
  expect(await server.exit).toBe(0);
  expect(server.err).toContain("stopping");
});
