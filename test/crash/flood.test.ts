import { expect, onTestFinished, test, vi } from "vitest";
import { RawClient } from "./raw-client.ts";
import { ServerFolder } from "./server-process.ts";
import { registerAccount } from "./workload.ts";

// Processes of their own: on a busy machine each takes seconds to start.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MB = 1024 * 1024;

/** What a flood may cost: a few times `unsentHard` and `burstBytes`, which are 4 MB each, and some garbage. */
const GENEROUS = 60 * MB;

/** Each stanza comes back, and is not read. */
const STANZA = `<message type="chat" to="flooder@localhost/deaf"><body>${"x".repeat(2_000)}</body></message>`;
const FLOOD = STANZA.repeat(500);

// What belongs to a process is only told of by Linux in a file.
test.skipIf(process.platform !== "linux")(
  "a client that floods and never reads is held or dropped, and the others are served meanwhile",
  async () => {
    const folder = new ServerFolder({ modules: { register: { open: true } } });
    onTestFinished(() => folder.remove());
    const server = await folder.start();
    await Promise.all(["flooder", "alice"].map((user) => registerAccount(server.port, user)));
    const alice = await RawClient.logIn(server.port, "alice", "secret");
    const before = server.memory;

    const flooder = await RawClient.logIn(server.port, "flooder", "secret", "deaf");
    flooder.socket.pause();
    let highest = 0;
    // Far more than the system's buffers and the limits hold together.
    for (let round = 0; round < 100 && !flooder.isGone; round++) {
      flooder.socket.write(FLOOD);
      await alice.ping();
      highest = Math.max(highest, server.memory);
    }
    expect(highest - before).toBeLessThan(GENEROUS);
    // Most of it was not even taken, or the client is gone.
    expect(flooder.isGone || flooder.socket.writableLength > 10 * MB).toBe(true);
    await alice.ping();
    flooder.socket.destroy();
    await alice.ping();
  },
);
