/** XEP-0480: SASL Upgrade Tasks. */
import { pbkdf2Sync } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ScramHash } from "../../src/auth/scram-keys.ts";
import { createServer, type Logger } from "../../src/index.ts";
import type { PipeClient, Rig } from "../../src/testing/create-rig.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { silentLogger } from "../../src/util/logger.ts";
import type { Element } from "../../src/xml/element.ts";
import {
  BIND2,
  base64,
  failure,
  loggedIn,
  offerOf,
  opened,
  PHONE,
  plain,
  requestToken,
  SASL2,
  scrams,
  storeWith,
  textsOf,
  tokenIn,
  userAgent,
  withToken,
} from "./sasl2-client.ts";

const UPGRADE = "urn:xmpp:sasl:upgrade:0";
const SCRAM_UPGRADE = "urn:xmpp:scram-upgrade:0";
const SHA_1 = { hash: "SHA-1", user: "alice", password: "secret" } as const;

const upgradeTo = (...hashes: ScramHash[]) =>
  hashes.map((hash) => `<upgrade xmlns="${UPGRADE}">UPGR-SCRAM-${hash}</upgrade>`).join("");
const next = (hash: ScramHash) => `<next xmlns="${SASL2}" task="UPGR-SCRAM-${hash}"/>`;
const taskData = (content: string) => `<task-data xmlns="${SASL2}">${content}</task-data>`;
const hashElement = (data: Buffer) => `<hash xmlns="${SCRAM_UPGRADE}">${base64(data)}</hash>`;
const continued = (hash: ScramHash, data = "") =>
  `<continue xmlns="${SASL2}">${data}<tasks><task>UPGR-SCRAM-${hash}</task></tasks></continue>`;

/** A server whose account alice was made when there were only these hashes. */
async function serverWith(...hashes: ScramHash[]): Promise<Rig> {
  const rig = await createRig({ store: await storeWith("alice@localhost", hashes) });
  onTestFinished(async () => {
    await rig.close();
    expect(rig.errors).toEqual([]);
  });
  return rig;
}

async function offered(rig: Rig, from?: string): Promise<string[]> {
  return textsOf(offerOf(await opened(rig.raw(), from)), "upgrade");
}

/** §3: RFC 5802's SaltedPassword of alice's password. */
function salted(taskAnswer: Element, digest: string, length: number): Buffer {
  const salt = taskAnswer.getChild("salt", SCRAM_UPGRADE);
  const iterations = Number(salt?.attrs["iterations"]);
  expect(iterations).toBeGreaterThanOrEqual(4096);
  return pbkdf2Sync("secret", Buffer.from(salt?.getText() ?? "", "base64"), iterations, length, digest);
}

const TASK_DATA = `<task-data xmlns="${SASL2}">{any}</task-data>`;

/** A client that is asked for the first upgrade. */
async function asked(rig: Rig, more: string): Promise<PipeClient> {
  const client = rig.raw();
  await opened(client, "alice@localhost");
  const scram = await scrams(client, SHA_1, more);
  const data = `<additional-data>${base64(`v=${scram.serverSignature}`)}</additional-data>`;
  await client.receives(continued("SHA-512", data));
  return client;
}

describe("the offer (§2.1)", () => {
  test("has what the account lacks, without -PLUS", async () => {
    const rig = await serverWith("SHA-1");
    expect(await offered(rig, "alice@localhost")).toEqual(["UPGR-SCRAM-SHA-512", "UPGR-SCRAM-SHA-256"]);
  });

  test("is nothing for who lacks nothing or is not there", async () => {
    const rig = await serverWith("SHA-1");
    await rig.user("bob");
    expect(await offered(rig, "bob@localhost")).toEqual([]);
    expect(await offered(rig, "mallory@localhost")).toEqual([]);
  });

  test("is for who does not say who it is what some account lacks, until none does", async () => {
    const rig = await serverWith("SHA-1");
    expect(await offered(rig)).toEqual(["UPGR-SCRAM-SHA-512", "UPGR-SCRAM-SHA-256"]);
    const client = rig.raw();
    await opened(client);
    await client.sends(plain("alice", "secret"));
    await loggedIn(client);
    expect(await offered(rig)).toEqual([]);
  });

  test("has nothing weaker than what there is", async () => {
    expect(await offered(await serverWith("SHA-512", "SHA-256"), "alice@localhost")).toEqual([]);
  });
});

test("the log tells at the start how many accounts need one", async () => {
  const lines: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    info: (message, data) => void lines.push(`${message} ${JSON.stringify(data)}`),
    child: () => logger,
  };
  const store = await storeWith("alice@localhost", ["SHA-1"]);
  const server = await createServer({ store, logger, listen: { c2s: false, c2sTls: false } });
  await server.close();
  expect(lines).toContainEqual(expect.stringMatching(/keys for SCRAM-SHA-1 alone .*"accounts":1/));
});

describe("an upgrade (§2.3, §3)", () => {
  test("gives the account keys of another hash, before the client is let in", async () => {
    const rig = await serverWith("SHA-1");
    const client = await asked(rig, `${upgradeTo("SHA-512")}<bind xmlns="${BIND2}"/>`);
    expect(rig.server.host().sessions.size).toBe(0);
    await client.sends(next("SHA-512"));
    const key = salted(await client.receives(TASK_DATA), "sha512", 64);
    await client.sends(taskData(hashElement(key)));
    const success = await loggedIn(client);
    expect(success.getChild("additional-data")).toBeFalsy();
    expect(success.getChild("bound", BIND2)).toBeTruthy();

    const again = rig.raw();
    await opened(again, "alice@localhost");
    await scrams(again, { ...SHA_1, hash: "SHA-512" });
    await loggedIn(again);
    // §4: the old keys stay.
    const old = rig.raw();
    await opened(old, "alice@localhost");
    await scrams(old, SHA_1);
    await loggedIn(old);
  });

  test("follows another when the client asks for two, with a salt of its own", async () => {
    const rig = await serverWith("SHA-1");
    const client = await asked(rig, upgradeTo("SHA-256", "SHA-512"));
    await client.sends(next("SHA-512"));
    const first = await client.receives(TASK_DATA);
    await client.sends(taskData(hashElement(salted(first, "sha512", 64))));
    await client.receives(continued("SHA-256"));
    await client.sends(next("SHA-256"));
    const second = await client.receives(TASK_DATA);
    expect(second.getChildText("salt")).not.toBe(first.getChildText("salt"));
    await client.sends(taskData(hashElement(salted(second, "sha256", 32))));
    await loggedIn(client);
    expect(await offered(rig, "alice@localhost")).toEqual([]);
  });

  test("is passed over when the account needs none of it", async () => {
    const rig = await serverWith("SHA-1");
    const client = rig.raw();
    await opened(client);
    await client.sends(
      plain("alice", "secret", `${upgradeTo("SHA-1")}<upgrade xmlns="${UPGRADE}">UPGR-X</upgrade>`),
    );
    await loggedIn(client);
  });

  test("is not for who comes with a token", async () => {
    const rig = await serverWith("SHA-1");
    const first = rig.raw();
    await opened(first);
    await scrams(first, SHA_1, `${userAgent(PHONE)}${requestToken()}`);
    const { token = "" } = tokenIn(await loggedIn(first)) ?? {};
    const client = rig.raw();
    await opened(client);
    await client.sends(withToken(token, { more: upgradeTo("SHA-512") }));
    await loggedIn(client);
  });
});

describe("an upgrade that goes wrong", () => {
  const cases: [condition: string, what: string, xml: string][] = [
    ["malformed-request", "a hash too short", taskData(hashElement(Buffer.alloc(63)))],
    ["malformed-request", "no hash", taskData("")],
    ["malformed-request", "something else", taskData(`<salt xmlns="${SCRAM_UPGRADE}">AAAA</salt>`)],
    ["malformed-request", "what is not base64", taskData(`<hash xmlns="${SCRAM_UPGRADE}">*</hash>`)],
    ["malformed-request", "another beginning", next("SHA-512")],
    ["malformed-request", "a response of the mechanism", `<response xmlns="${SASL2}">AAAA</response>`],
    ["aborted", "the client's wish", `<abort xmlns="${SASL2}"/>`],
  ];

  test.for(cases)("fails with %s for %s, and changes nothing", async ([condition, , xml]) => {
    const rig = await serverWith("SHA-1");
    const client = await asked(rig, upgradeTo("SHA-512"));
    await client.sends(next("SHA-512"));
    await client.receives(TASK_DATA);
    await client.sends(xml);
    await client.receives(failure(condition));
    expect(await offered(rig, "alice@localhost")).toHaveLength(2);
    await client.sends(plain("alice", "secret"));
    await loggedIn(client);
  });

  test.for([
    ["another task than the one given", next("SHA-256")],
    ["data before the task has begun", taskData(hashElement(Buffer.alloc(64)))],
  ])("fails for %s", async ([, xml = ""]) => {
    const client = await asked(await serverWith("SHA-1"), upgradeTo("SHA-512"));
    await client.sends(xml);
    await client.receives(failure("malformed-request"));
  });

  test.for([
    ["another authentication (XEP-0388 §3.9)", plain("alice", "secret"), "not-authorized"],
    ["a stanza (XEP-0388 §2.4)", "<presence/>", "policy-violation"],
  ] as const)("ends the stream for %s", async ([, xml, condition]) => {
    const client = await asked(await serverWith("SHA-1"), upgradeTo("SHA-512"));
    await client.sends(xml);
    await client.closed(condition);
  });
});
