/** Networks that fail between other people's clients and the server, and sessions that survive it (XEP-0198 §5). */
import { describe, expect, onTestFinished, vi } from "vitest";
import { type Device, viaSlixmpp, viaStanza, viaXmppJs, type Way } from "./device.ts";
import { findPythonWith, PATIENCE_MS, type Program } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";
import { type Loss, SeverableLink } from "./severable-link.ts";
import { bodiesOf, chat, jidOf, PASSWORD, settled, xmppJs } from "./xmpp-js-peer.ts";

/** With "down" the server has handled what the client believes to be lost; a server that `stillBelieves` in the old connection has to let go of it. */
const FAILURES: readonly { readonly loss: Loss; readonly stillBelieves: boolean }[] = [
  { loss: "down", stillBelieves: false },
  { loss: "both", stillBelieves: true },
  { loss: "both", stillBelieves: false },
  { loss: "down", stillBelieves: true },
];
/** More than the server waits for before it asks for an acknowledgement. */
const BATCH = 12;

/** Two people write to each other over a network that fails again and again. */
async function converse(
  real: RealServer,
  way: Way,
): Promise<{ sent: string[]; came: string[]; back: string[] }> {
  for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, PASSWORD);
  const { ports } = real.server;
  const link = await SeverableLink.open((way.tls ? ports.c2sTls : ports.c2s) as number);
  onTestFinished(() => link[Symbol.asyncDispose]());
  const alice = await way.open(real, { local: "alice", port: link.port });
  const bob = await xmppJs(real, { username: "bob", resource: "desk" });
  const back = bodiesOf(bob);
  const sent: string[] = [];

  const batch = async (): Promise<void> => {
    for (let count = 0; count < BATCH; count++) {
      const body = `message ${sent.length}`;
      sent.push(body);
      await Promise.all([alice.write(jidOf(bob), body), bob.client.send(chat(alice.jid, body))]);
    }
  };
  for (const { loss, stillBelieves } of FAILURES) {
    await batch();
    link.loses(loss);
    await batch();
    await settled(bob);
    const resumed = alice.resumes();
    link.breaks({ stillBelieves });
    await resumed;
  }
  await batch();
  await exchanged(alice, back, sent.length);
  return { sent, came: [...alice.bodies], back };
}

/** Until both have as much as was sent, and would have what was sent twice. */
async function exchanged(alice: Device, back: readonly string[], count: number): Promise<void> {
  await vi
    .waitUntil(() => alice.bodies.length >= count && back.length >= count, { timeout: PATIENCE_MS })
    .catch(() => {}); // the comparison says more
}

describe("a session over a network that fails loses nothing and doubles nothing, both ways:", () => {
  test("xmpp.js", async ({ real }) => {
    const { sent, came, back } = await converse(real, viaXmppJs);
    expect({ came, back }).toEqual({ came: sent, back: sent });
  });

  test("stanza", async ({ real }) => {
    const { sent, came, back } = await converse(real, viaStanza);
    expect({ came, back }).toEqual({ came: sent, back: sent });
  });

  const python = findPythonWith("slixmpp");
  test("slixmpp", async ({ real, skip }) => {
    if (python === undefined) skip("python3-slixmpp is not installed");
    const programs: Program[] = [];
    onTestFinished(async () => {
      for (const program of programs) await program[Symbol.asyncDispose]();
    });
    const way = viaSlixmpp(python as string, (program) => programs.push(program));
    const { sent, came, back } = await converse(real, way);
    expect({ came, back }).toEqual({ came: sent, back: sent });
  });
});
