/**
 * What the archive costs: a message with it and without, and pages of an archive of many messages. `ROWS` in the
 * environment says how many; 1,000,000 take a minute to write.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "../../src/index.ts";
import { Answers } from "../../src/modules/mam/answers.ts";
import { Archive } from "../../src/modules/mam/archive.ts";
import { createArchiveIds } from "../../src/modules/mam/archive-ids.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { readXml } from "../../src/testing/read-xml.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLogger } from "../../src/util/logger.ts";
import { createMetrics } from "../../src/util/metrics.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { parseStanza } from "../../src/xmpp/parse-stanza.ts";
import { bestCpu, SinkClient } from "./sink-client.ts";

const ROWS = Number(process.env["ROWS"] ?? 100_000);
const PEERS = 20;
const PER_COMMIT = 32;
const MESSAGES = 10_000;
const PER_CHUNK = 10;
const ROUNDS = 5;

const folder = mkdtempSync(join(tmpdir(), "jackdaw-bench-"));
try {
  for (const store of ["memory", "sqlite"] as const) {
    for (const mam of [false, {}]) await measureRouting(store, mam);
  }
  await measurePages();
} finally {
  rmSync(folder, { recursive: true });
}

async function measureRouting(store: "memory" | "sqlite", mam: object | false): Promise<void> {
  const name = mam ? "archived" : "plain";
  const server = await createServer({
    listen: { c2s: false, c2sTls: false },
    store: store === "memory" ? "memory" : { sqlite: join(folder, `${name}.sqlite`) },
    config: { auth: { iterations: 4096 }, modules: { mam } },
  });
  for (const user of ["romeo", "juliet"]) await server.createUser(`${user}@localhost`, "secret");
  const romeo = await SinkClient.logIn(server, "romeo", "secret");
  const juliet = await SinkClient.logIn(server, "juliet", "secret");
  // Strangers may not write that much.
  romeo.send("<presence to='juliet@localhost' type='subscribe'/>");
  juliet.send(
    "<presence to='romeo@localhost' type='subscribed'/><presence to='romeo@localhost' type='subscribe'/>",
  );
  romeo.send("<presence to='juliet@localhost' type='subscribed'/>");
  const message =
    `<message to="juliet@localhost/bench" id="m1" type="chat"><body>Neither, fair saint, if either thee dislike.` +
    `</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/>` +
    `<origin-id xmlns="urn:xmpp:sid:0" id="m1"/></message>`;
  const chunk = message.repeat(PER_CHUNK);
  const length = await lengthOf(chunk);
  const value = await bestCpu(ROUNDS, MESSAGES, async () => {
    const before = juliet.received;
    for (let sent = 0; sent < MESSAGES; sent += PER_CHUNK) {
      romeo.send(chunk);
      if (sent % 100 === 0) await new Promise(setImmediate);
    }
    const expected = (MESSAGES / PER_CHUNK) * length;
    for (let turn = 0; juliet.received - before < expected; turn++) {
      if (turn > MESSAGES) throw new Error("something was not delivered");
      await new Promise(setImmediate);
    }
  });
  print(`archive.route.${store}.${name}`, "µs/message", value);
  await server.close();

  /** What is delivered of it. */
  async function lengthOf(xml: string): Promise<number> {
    const before = juliet.received;
    romeo.send(xml);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return juliet.received - before;
  }
}

async function measurePages(): Promise<void> {
  const store = openSqliteStore({ path: join(folder, "pages.sqlite"), synchronous: "normal" });
  const archive = await Archive.open({
    domain: "localhost",
    log: silentLogger,
    clock: systemClock,
    table: (spec) => store.table(spec),
    beforeCommit: (late) => store.beforeCommit(late),
  });
  const owner = Jid.parse("romeo@localhost");
  const start = performance.now();
  for (let n = 0; n < ROWS; n++) {
    const peer = `peer${n % PEERS}@localhost`;
    const text = `<message to="${peer}" from="romeo@localhost/orchard" id="m${n}" type="chat"><body>Message ${n} of many, of a
      length that is usual between people</body><origin-id xmlns="urn:xmpp:sid:0" id="m${n}"/></message>`;
    await archive.append(owner.toString(), peer, parseStanza(text));
    if (n % PER_COMMIT === 0) await store.commit();
  }
  await store.commit();
  print("archive.append", "µs", ((performance.now() - start) * 1000) / ROWS);

  const ids = createArchiveIds(Buffer.alloc(16));
  const results = createMetrics().counter("results", "");
  const answers = new Answers({ archive, ids, pageSize: 50, results });
  const first = await archive.first({ owner: owner.toString() });
  const last = await archive.last({ owner: owner.toString() });
  const middle = ids.encode(
    (await nearest(archive, owner.toString(), ((first?.id ?? 0) + (last?.id ?? 0)) / 2)) ?? 0,
  );
  const stamp = new Date(((first?.id ?? 0) + (last?.id ?? 0)) / 2000).toISOString();
  for (const [name, fields, set] of [
    ["last", "", "<before/>"],
    ["first", "", ""],
    ["by-index", "", `<index>${Math.floor(ROWS / 3)}</index>`],
    ["before-middle", "", `<before>${middle}</before>`],
    ["after-middle", "", `<after>${middle}</after>`],
    ["with-last", field("with", "peer7@localhost"), "<before/>"],
    ["with-start", field("with", "peer7@localhost") + field("start", stamp), ""],
    ["end", field("end", stamp), "<before/>"],
    ["fulltext-common", field("{urn:xmpp:fulltext:0}fulltext", "people"), "<before/>"],
  ] as const) {
    const payload = readXml(
      `<query xmlns="urn:xmpp:mam:2"><x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", "urn:xmpp:mam:2")}` +
        `${fields}</x><set xmlns="http://jabber.org/protocol/rsm"><max>50</max>${set}</set></query>`,
    );
    let bytes = 0;
    const value = await bestCpu(ROUNDS, 100, async () => {
      for (let n = 0; n < 100; n++) {
        await answers.query(owner, { from: owner, payload }, (stanza) => {
          bytes += stanza.toString().length;
        });
      }
    });
    if (bytes < 50 * 100) throw new Error(`${name}: there were no results`);
    print(`archive.page.${name}`, "µs/page", value);
  }
  await store.close();
}

async function nearest(archive: Archive, owner: string, id: number): Promise<number | undefined> {
  return (await archive.first({ owner, after: Math.floor(id) }))?.id;
}

function field(name: string, value: string): string {
  return `<field var="${name}"><value>${value}</value></field>`;
}

function print(name: string, unit: string, value: number): void {
  console.log(JSON.stringify({ name, unit, value: Number(value.toFixed(2)) }));
}
