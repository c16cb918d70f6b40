/** A server that dies under load: what it acknowledged to xmpp.js by XEP-0198 is there when it is back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import { type Client, xml } from "@xmpp/client";
import type { Element } from "ltx";
import { expect, onTestFinished, test } from "vitest";
import { RandomSource } from "../crash/random-source.ts";
import { ServerFolder } from "../crash/server-process.ts";
import { registerAccount } from "../crash/workload.ts";
import { queryArchive } from "./archive-query.ts";
import { bodiesOf, chat, happens, xmppJsAt } from "./xmpp-js-peer.ts";

const KILLS = 2;
/** Messages on their way without an acknowledgement. */
const WINDOW = 40;
const seed = Number(process.env["JACKDAW_SEED"] ?? Date.now() % 1_000_000);

/** Writes to `here` and `away` by turns until the server is gone. Settles with the bodies that it acknowledged. */
async function load(
  client: Client,
  name: string,
  acknowledgements: number,
  kill: () => void,
): Promise<string[]> {
  const acknowledged: string[] = [];
  let [sent, isGone] = [0, false];
  let more = () => {};
  client.streamManagement.on("ack", (stanza: Element) => {
    if (stanza.is("message")) acknowledged.push(stanza.attrs["id"] as string);
    if (acknowledged.length === acknowledgements) kill();
    more();
  });
  client.on("disconnect", () => {
    isGone = true;
    more();
  });
  while (!isGone) {
    const body = `${name} ${sent++}`;
    await client.send(chat(sent % 2 === 0 ? "here@localhost" : "away@localhost", body)).catch(() => {});
    if (sent % 5 === 0) await client.send(xml("r", { xmlns: "urn:xmpp:sm:3" })).catch(() => {});
    if (sent - acknowledged.length > WINDOW) await new Promise<void>((resolve) => (more = resolve));
  }
  return acknowledged;
}

/** All of an account's archive. */
async function archiveOf(port: number, user: string): Promise<string[]> {
  const client = await xmppJsAt(port, user);
  const bodies: string[] = [];
  for (let after: Element[] = []; ; ) {
    const page = await queryArchive(client, {}, 100, ...after);
    bodies.push(...page.bodies);
    if (page.fin.attrs["complete"] === "true") break;
    after = [xml("after", {}, page.ids.at(-1) as string)];
  }
  await client.stop();
  return bodies;
}

test(`what was acknowledged survives ${KILLS} crashes (JACKDAW_SEED=${seed})`, {
  timeout: 60_000,
}, async () => {
  const random = new RandomSource(seed);
  const folder = new ServerFolder({ modules: { register: { open: true, perHour: "off" } } });
  onTestFinished(() => folder.remove());
  let server = await folder.start();
  setDefaultCACertificates([readFileSync(join(folder.path, "certs", "localhost.pem"), "utf8")]);
  for (const user of ["sender", "here", "away"]) await registerAccount(server.port, user);
  const due: string[] = [];
  const received: string[] = [];

  for (let kill = 0; kill < KILLS; kill++) {
    const running = server;
    const here = await xmppJsAt(running.port, "here");
    const came = bodiesOf({ client: here });
    await here.send(xml("presence"));
    const sender = await xmppJsAt(running.port, "sender");
    const gone = happens({ client: here }, "disconnect");
    due.push(
      ...(await load(sender, `life ${kill}:`, random.between(50, 300), () => running.signal("SIGKILL"))),
    );
    await Promise.all([running.exit, gone]);
    received.push(...came);
    server = await folder.start();

    const [sent, atHere, away] = [
      await archiveOf(server.port, "sender"),
      await archiveOf(server.port, "here"),
      await archiveOf(server.port, "away"),
    ];
    // Everything once, on both sides, and what was shown to somebody was archived before.
    expect(sent).toEqual([...new Set(sent)]);
    expect(due.filter((body) => !sent.includes(body))).toEqual([]);
    expect([...atHere, ...away].toSorted()).toEqual(sent.toSorted());
    expect(received.filter((body) => !atHere.includes(body))).toEqual([]);
  }
  expect(due.length).toBeGreaterThan(KILLS * 40);
});
