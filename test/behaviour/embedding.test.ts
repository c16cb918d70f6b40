/** Jackdaw inside somebody else's process: docs/embedding.md. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createServer,
  defaultModules,
  defineModule,
  el,
  iq,
  Jid,
  type Server,
  type ServerOptions,
  type Transport,
  type TransportEvents,
} from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createRig } from "../../src/testing/index.ts";
import { runFixture } from "../unit/store/child.ts";

async function start(options: ServerOptions = {}): Promise<Server> {
  const server = await createServer(options);
  onTestFinished(() => server.close());
  return server;
}

const WITHOUT_PORTS = { listen: { c2s: false, c2sTls: false } } as const;
const HEADER = `<stream:stream to="localhost" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`;

/** A transport as an embedder may write one, with nothing but the public types. */
class Loopback implements Transport {
  readonly secure = true;
  readonly remote = "";
  readonly unsent = 0;
  readonly canStartTls = false;
  events: TransportEvents | undefined;
  written = "";
  isEnded = false;

  open(events: TransportEvents): void {
    this.events = events;
  }
  write(text: string): void {
    this.written += text;
  }
  flushed(): Promise<boolean> {
    return Promise.resolve(true);
  }
  startTls(): void {}
  channelBinding(): undefined {}
  clientCertificate(): undefined {}
  pause(): void {}
  resume(): void {}
  end(): void {
    this.destroy();
  }
  destroy(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.events?.closed(undefined);
  }
}

describe("ports", () => {
  test("by default two free ones of 127.0.0.1 are taken, and none before listen()", async () => {
    const server = await start();
    expect(server.ports).toEqual({ c2s: 0, c2sTls: 0, https: 0, http: 0, component: 0 });
    await server.listen();
    const { c2s, c2sTls } = server.ports;
    expect(c2s).toBeGreaterThan(0);
    expect(c2sTls).toBeGreaterThan(0);
    expect(c2s).not.toBe(c2sTls);
  });

  test("each can be left out", async () => {
    const server = await start({ listen: { c2s: false } });
    await server.listen();
    expect(server.ports.c2s).toBe(0);
    expect(server.ports.c2sTls).toBeGreaterThan(0);
  });

  test("one that is taken is named", async () => {
    const other = createTcpServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const server = await start({ listen: { c2s: 0, c2sTls: port } });
    await expect(server.listen()).rejects.toThrow(`127.0.0.1 port ${port}`);
  });
});

describe("several servers in one process", () => {
  test("know nothing of each other", async () => {
    const rigs = [await createRig(), await createRig()] as const;
    onTestFinished(async () => {
      for (const rig of rigs) await rig.close();
    });
    const [first, second] = await Promise.all(rigs.map((rig) => rig.connect("alice/phone")));
    const bob = await rigs[0].connect("bob/desk");
    await bob.sends(`<message to="alice@localhost" type="chat"><body>Hi</body></message>`);
    await first?.receives(`<message type="chat"><body>Hi</body></message>`);
    await second?.receivesNothing();
    expect(second?.gone).toBe(false);
    expect(await rigs[1].server.host().accounts.exists(Jid.parse("bob@localhost"))).toBe(false);
    expect(rigs.map((rig) => rig.server.host().sessions.size)).toEqual([2, 1]);
    await rigs[0].close();
    await second?.closes();
  });

  test("each module is set up for each of them", async () => {
    const domains: string[] = [];
    const spy = defineModule({
      name: "spy",
      implements: [],
      setup: (host) => void domains.push(host.domain),
    });
    await start({ ...WITHOUT_PORTS, modules: [spy], domain: ["a.example", "b.example"] });
    await start({ ...WITHOUT_PORTS, modules: [spy], domain: "c.example" });
    expect(domains).toEqual(["a.example", "b.example", "c.example"]);
  });
});

describe("accept", () => {
  test("any pipe may be a client", async () => {
    const server = await start(WITHOUT_PORTS);
    const pipe = new Loopback();
    const stream = server.accept(pipe);
    expect(stream.state).toBe("opening");
    pipe.events?.data(Buffer.from(HEADER));
    expect(stream.state).toBe("negotiating");
    expect(pipe.written).toContain("<stream:features>");
    pipe.events?.data(Buffer.from("</stream:stream>"));
    expect(pipe.written).toMatch(/<\/stream:stream>$/);
    expect(stream.state).toBe("closed");
  });

  test("all of them are told when the server closes", async () => {
    const server = await createServer(WITHOUT_PORTS);
    const pipes = [new Loopback(), new Loopback()];
    for (const pipe of pipes) server.accept(pipe);
    pipes[0]?.events?.data(Buffer.from(HEADER));
    await server.close();
    for (const { written, isEnded } of pipes) {
      expect(written).toContain("<system-shutdown");
      expect(isEnded).toBe(true);
    }
  });
});

describe("close", () => {
  test("can be called twice, and before listen()", async () => {
    const server = await createServer();
    await Promise.all([server.close(), server.close()]);
    await server.close();
  });

  test("is what `await using` does", async () => {
    const pipe = new Loopback();
    {
      await using server = await createServer(WITHOUT_PORTS);
      server.accept(pipe);
    }
    expect(pipe.isEnded).toBe(true);
  });

  test("leaves nothing that keeps the process alive", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jackdaw-embedding-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const child = runFixture(new URL("embedding-child.ts", import.meta.url), [join(folder, "db.sqlite")]);
    expect(await child.exit).toBe(0);
    expect(child.lines).toEqual(["closed"]);
  });

  test("what was written is there the next time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jackdaw-embedding-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const options = { ...WITHOUT_PORTS, store: { sqlite: join(folder, "db.sqlite") } };
    const first = await createServer(options);
    await first.createUser("alice@localhost", "secret");
    await first.close();
    const second = await start(options);
    await expect(second.createUser("alice@localhost", "other")).rejects.toMatchObject({
      condition: "conflict",
    });
  });
});

test("a server that cannot start lets go of its store", async () => {
  const store = createMemoryStore();
  const broken = defineModule({
    name: "broken",
    implements: [],
    setup() {
      throw new Error("no disc in drive A");
    },
  });
  await expect(createServer({ ...WITHOUT_PORTS, store, modules: [broken] })).rejects.toThrow(
    "no disc in drive A",
  );
  expect(() => store.commit()).toThrow("closed");
});

describe("createUser", () => {
  test("refuses an account that exists", async () => {
    const server = await start(WITHOUT_PORTS);
    await server.createUser("alice@localhost", "secret");
    await expect(server.createUser("ALICE@localhost", "other")).rejects.toMatchObject({
      name: "StanzaError",
      condition: "conflict",
    });
  });

  test("refuses other domains and what is no address", async () => {
    const server = await start(WITHOUT_PORTS);
    await expect(server.createUser("alice@example.net", "secret")).rejects.toThrow("example.net");
    await expect(server.createUser("@", "secret")).rejects.toMatchObject({ name: "JidError" });
  });
});

describe("options", () => {
  const wrong: [what: string, options: ServerOptions, message: RegExp][] = [
    ["a section that nobody knows", { config: { limit: {} } }, /limit: unknown key, did you mean "limits"/],
    [
      "a value of another kind",
      { config: { limits: { stanzaBytes: "much" } } },
      /limits.stanzaBytes: expected a size/,
    ],
    ["a domain that is none", { domain: "not a domain" }, /domains/],
    ["no domain", { domain: [] }, /domains: expected at least one domain/],
    ["a module that nobody knows", { config: { modules: { teleport: {} } } }, /modules.teleport/],
  ];
  test.for(wrong)("%s is a ConfigError", async ([, options, message]) => {
    await expect(createServer({ ...WITHOUT_PORTS, ...options })).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(message),
    });
  });

  test("a module of one's own answers requests", async () => {
    const dice = defineModule({
      name: "dice",
      implements: [],
      setup(host) {
        host.iq(
          "get",
          "urn:example:dice",
          "roll",
          () => el("roll", { xmlns: "urn:example:dice", value: "6" }),
          "host",
        );
      },
    });
    const rig = await createRig({ modules: [...defaultModules, dice] });
    onTestFinished(() => rig.close());
    const alice = await rig.connect("alice/phone");
    await alice.sends(`<iq to="localhost" type="get" id="1"><roll xmlns="urn:example:dice"/></iq>`);
    await alice.receives(
      `<iq from="localhost" type="result" id="1"><roll xmlns="urn:example:dice" value="6"/></iq>`,
    );
  });

  test("a host speaks for itself", async () => {
    const rig = await createRig();
    onTestFinished(() => rig.close());
    const alice = await rig.connect("alice/phone");
    const host = rig.server.host();
    const [session] = host.sessions.all();
    await host.route(
      iq({ type: "set", id: "1", from: host.jid, to: session?.jid }, el("hello", { xmlns: "urn:x" })),
    );
    await alice.receives(`<iq from="localhost" type="set" id="1"><hello xmlns="urn:x"/></iq>`);
  });
});

test.for(["example-client.test.ts", "example-rig.test.ts"])("docs/embedding.md shows %s as it is", (file) => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const example = read(file)
    .trim()
    .replace(`"../../src/index.ts"`, `"jackdaw"`)
    .replace(`"../../src/testing/index.ts"`, `"jackdaw/testing"`);
  expect(read("../../docs/embedding.md")).toContain(`\`\`\`ts\n${example}\n\`\`\``);
});
