import { afterAll, expect, test } from "vitest";
import type { XmlElement } from "../../src/xml/parser.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { RandomSource } from "./random-source.ts";
import { RawClient } from "./raw-client.ts";
import { ServerFolder } from "./server-process.ts";
import { registerAccount, unlessGone } from "./workload.ts";

const KILLS = 6;
const WRITERS = ["ann", "ben", "cid"];
const seed = Number(process.env["JACKDAW_SEED"] ?? Date.now() % 1_000_000);

const folder = new ServerFolder({
  limits: { bytesPerSecond: "off" },
  modules: { register: { open: true, perHour: "off" }, strangers: false },
});
afterAll(() => folder.remove());

/** What is known of the archives over all the lives of the server. */
class Known {
  /** Texts that the server has dealt with, by their writer. */
  readonly answered = new Map(WRITERS.map((user) => [user, new Set<string>()]));
  /** Ids that the reader got with messages. */
  readonly ids = new Map<string, string>();
}

test(`archives have what was answered or delivered, in ${KILLS} crashes (JACKDAW_SEED=${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = new RandomSource(seed);
  const known = new Known();
  let server = await folder.start();
  await Promise.all([...WRITERS, "reader"].map((user) => registerAccount(server.port, user)));
  for (let kill = 0; kill < KILLS; kill++) {
    const running = server;
    let left = random.between(5, 120);
    const answered = () => {
      if (--left === 0) running.signal("SIGKILL");
    };
    const reader = await RawClient.logIn(running.port, "reader", "secret");
    reader.send("<presence/>");
    await Promise.all([
      ...WRITERS.map((user) => unlessGone(write(running.port, user, kill, random, known, answered))),
      unlessGone(look(reader, random)),
    ]);
    expect(await running.exit).toBe("SIGKILL");
    await reader.ended;
    for (const element of reader.elements) {
      const id = element.children.find((child) => child.getName() === "stanza-id")?.attrs["id"];
      if (element.name === "message" && typeof id === "string") known.ids.set(textOf(element), id);
    }
    server = await folder.start();
    expect(await faults(server.port, known), `after kill ${kill + 1}`).toEqual([]);
  }
  expect(known.ids.size).toBeGreaterThan(KILLS * 10);
  server.signal("SIGTERM");
  expect(await server.exit).toBe(0);
});

/** Writes to the reader until the server is gone. */
async function write(
  port: number,
  user: string,
  life: number,
  random: RandomSource,
  known: Known,
  answered: () => void,
): Promise<void> {
  const client = await RawClient.logIn(port, user, "secret");
  for (let n = 0; ; ) {
    const texts = Array.from({ length: random.between(1, 40) }, () => `${user} ${life} ${n++}`);
    for (const text of texts) {
      const padding = "x".repeat(random.between(0, 20) === 0 ? 20_000 : random.between(0, 300));
      client.send(
        `<message type="chat" to="reader@localhost"><body>${text}</body><x>${padding}</x></message>`,
      );
    }
    await client.ping();
    for (const text of texts) known.answered.get(user)?.add(text);
    answered();
  }
}

/** Looks into the archive now and then, which moves what waits. */
async function look(client: RawClient, random: RandomSource): Promise<void> {
  for (;;) {
    for (let pings = random.between(0, 20); pings > 0; pings--) await client.ping();
    await client.ask("set", query(`<max>5</max><before/>`));
  }
}

async function faults(port: number, { answered, ids }: Known): Promise<string[]> {
  const found: string[] = [];
  const received = await archiveOf(port, "reader");
  for (const user of WRITERS) {
    const sent = await archiveOf(port, user);
    const texts = sent.map(({ text }) => text);
    for (const text of answered.get(user) ?? []) if (!texts.includes(text)) found.push(`${text} is lost`);
    const others = received.map(({ text }) => text).filter((text) => text.startsWith(`${user} `));
    if (others.join() !== texts.join()) found.push(`the archives of ${user} and the reader differ`);
    if (texts.join() !== [...new Set(texts)].sort(byAge).join()) found.push(`${user}: order, or doubles`);
  }
  const places = new Map(received.map(({ text, id }) => [text, id]));
  for (const [text, id] of ids) if (places.get(text) !== id) found.push(`${text} has not the id ${id}`);
  return found;
}

/** All of it, page by page. */
async function archiveOf(
  port: number,
  user: string,
): Promise<{ readonly id: string; readonly text: string }[]> {
  const client = await RawClient.logIn(port, user, "secret", "inspector");
  for (let after = ""; ; ) {
    const fin = (await client.ask("set", query(after))).children[0];
    const last = fin?.getChild("set", ns.RSM)?.getChildText("last");
    if (fin?.attrs["complete"] === "true" || !last) break;
    after = `<after>${last}</after>`;
  }
  await client.close();
  return client.elements.flatMap((element) => {
    const result = element.children.find((child) => child.is("result", ns.MAM));
    const message = result?.getChild("forwarded", ns.FORWARD)?.getChild("message");
    return result && message
      ? [{ id: String(result.attrs["id"]), text: String(message.getChildText("body")) }]
      : [];
  });
}

function query(page: string): string {
  return `<query xmlns="${ns.MAM}"><set xmlns="${ns.RSM}">${page}</set></query>`;
}

function textOf({ children }: XmlElement): string {
  return String(children.find((child) => child.getName() === "body")?.getText());
}

/** Their lives, and in these their numbers, grow. */
function byAge(one: string, other: string): number {
  const [, life = 0, number = 0] = one.split(" ").map(Number);
  const [, otherLife = 0, otherNumber = 0] = other.split(" ").map(Number);
  return life - otherLife || number - otherNumber;
}
