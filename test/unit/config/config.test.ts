import { expect, test } from "vitest";
import { selectMechanisms } from "../../../src/auth/mechanisms.ts";
import { parseAddress } from "../../../src/config/address.ts";
import { configSchema, MECHANISMS, parseConfig } from "../../../src/config/config.ts";
import { parseModules } from "../../../src/config/modules.ts";
import { parseDomainName, serviceNames } from "../../../src/config/names.ts";
import { needsRestart } from "../../../src/config/reload.ts";
import { serviceDomains } from "../../../src/config/services.ts";
import { defaultModules } from "../../../src/modules/index.ts";
import { ConfigError, t } from "../../../src/util/schema.ts";

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

test("nothing at all is a configuration", () => {
  const config = parseConfig({});
  expect(config).toMatchObject({
    domains: [{ name: "localhost" }],
    admins: [],
    listen: { c2s: [{ port: 5222 }], c2sTls: [{ port: 5223 }] },
    store: { sqlite: "data/jackdaw.sqlite", synchronous: "full", busyTimeout: 5000 },
    tls: { directory: "certs", required: true, minVersion: "TLSv1.2" },
    limits: { stanzaBytes: 256_000, authenticationTime: 120_000, streamsPerAddress: 200 },
    modules: {},
  });
  expect(parseConfig(configSchema.print(config))).toEqual(config);
});

test("mistakes are told with their path and the nearest key", () => {
  const value = {
    limits: { stanzaByte: 1 },
    listen: { c2s: "x" },
    domains: ["localhost", "a b"],
    admins: ["alice"],
  };
  expect(problemsOf(() => parseConfig(value)).toSorted()).toEqual([
    'admins.0: expected an address like "user@example.org", got "alice"',
    'domains.1.name: expected a domain name like "example.org", got "a b"',
    'limits.stanzaByte: unknown key, did you mean "stanzaBytes"?',
    'listen.c2s: expected a port, an address like "127.0.0.1:5222" or "[::1]:5222", a list of these, or false, got "x"',
  ]);
  expect(problemsOf(() => parseConfig({ log: { level: "loud" } }, "config"))[0]).toMatch(
    /^config\.log\.level: /,
  );
});

test("several domains, each with its certificate or without", () => {
  const own = { name: "Example.ORG.", certificate: "a.pem", key: "a.key" };
  const { domains } = parseConfig({ domains: ["localhost", own] });
  expect(domains).toEqual([
    { name: "localhost" },
    { name: "example.org", certificate: "a.pem", key: "a.key" },
  ]);
});

test.each([
  [{ domains: [] }, "domains: expected at least one domain, got []"],
  [{ domains: ["a.org", "A.org"] }, 'domains.1: "a.org" is in the list already'],
  [
    { domains: [{ name: "a.org", key: "k" }] },
    "domains.0: certificate and key are given together or not at all",
  ],
  [{ limits: { unsentSoft: "5 MB" } }, "limits.unsentSoft: is more than unsentHard"],
  [
    { limits: { stanzaBytesUnauthenticated: "1 MB" } },
    "limits.stanzaBytesUnauthenticated: is more than stanzaBytes",
  ],
])("%j contradicts itself", (value, problem) => {
  expect(problemsOf(() => parseConfig(value))).toEqual([problem]);
});

test("limits that protect the server cannot be switched off", () => {
  for (const key of ["stanzaBytes", "depth", "unsentHard", "authenticationTime"]) {
    expect(problemsOf(() => parseConfig({ limits: { [key]: "off" } }))).toHaveLength(1);
  }
  expect(parseConfig({ limits: { bytesPerSecond: "off", idleTime: "off" } }).limits).toMatchObject({
    bytesPerSecond: Number.POSITIVE_INFINITY,
    idleTime: 0,
  });
});

test("the mechanisms that may be named are those that the server has", () => {
  const options = { mechanisms: MECHANISMS, plainWithoutTls: false, anonymous: true, external: true };
  expect(selectMechanisms(options).map(({ name }) => name)).toEqual([...MECHANISMS]);
  expect(problemsOf(() => parseConfig({ auth: { mechanisms: ["DIGEST-MD5"] } }))).toHaveLength(1);
});

test.each([
  [5222, { port: 5222 }],
  [0, { port: 0 }],
  ["127.0.0.1:5222", { host: "127.0.0.1", port: 5222 }],
  ["[::1]:0", { host: "::1", port: 0 }],
  ["xmpp.example.org:5222", { host: "xmpp.example.org", port: 5222 }],
  ["[fe80::1%eth0]:1", { host: "fe80::1%eth0", port: 1 }],
])("%j is an address to listen on", (written, address) => {
  expect(parseAddress(written)).toEqual(address);
});

test.each([65_536, -1, 1.5, "5222", "::1:5222", "host:", "host:65536", "a b:1", null])(
  "%j is none",
  (written) => {
    expect(parseAddress(written)).toBeUndefined();
  },
);

test("false listens nowhere, a list at several addresses", () => {
  const { listen } = parseConfig({ listen: { c2s: ["127.0.0.1:1", 2], c2sTls: false } });
  expect(listen).toMatchObject({ c2s: [{ host: "127.0.0.1", port: 1 }, { port: 2 }], c2sTls: [], http: [] });
});

test("the store is a file, an object or the memory", () => {
  expect(parseConfig({ store: "memory" }).store).toBe("memory");
  expect(parseConfig({ store: "x.db" }).store).toMatchObject({ sqlite: "x.db", synchronous: "full" });
  expect(parseConfig({ store: { sqlite: "x.db", synchronous: "normal" } }).store).toMatchObject({
    synchronous: "normal",
  });
});

test.each([
  ["EXAMPLE.org", "example.org"],
  ["xn--exmple-cua.org", "exämple.org"],
  ["[::1]", "[::1]"],
  ["localhost.", "localhost"],
])("the domain %s is %s", (written, name) => {
  expect(parseDomainName(written)).toBe(name);
});

test.each(["", ".", "a..b", "../x", "a/b", "a\\b", "user@host", "host:5222", "a b"])(
  "%j is no domain",
  (written) => {
    expect(parseDomainName(written)).toBeUndefined();
  },
);

const configured = (sections: object) => parseConfig({ modules: sections });

const modules = [{ name: "ping", config: t.object({ interval: t.duration("off") }) }, { name: "time" }];

test("each module gets its own settings, and one that is switched off gets none", () => {
  expect([...parseModules(configured({}), modules)]).toEqual([
    ["ping", { interval: 0 }],
    ["time", {}],
  ]);
  expect([...parseModules(configured({ ping: { interval: "5m" }, time: false }), modules)]).toEqual([
    ["ping", { interval: 300_000 }],
  ]);
  expect(parseModules(configured({ ping: true, time: true }), modules).size).toBe(2);
});

test("a module that others need cannot be switched off alone", () => {
  const roster = { name: "roster" };
  const presence = { name: "presence", requires: [roster] };
  const both = [roster, presence];
  expect(problemsOf(() => parseModules(configured({ roster: false }), both))).toEqual([
    "modules.roster: cannot be switched off without presence, which need it",
  ]);
  expect(parseModules(configured({ roster: false, presence: false }), both).size).toBe(0);
});

test("a service needs a domain that nobody else has", () => {
  const rooms = {
    name: "rooms",
    config: t.object({ names: serviceNames(["conference"]) }),
    services: ({ names }: { names: readonly string[] }) => names,
  };
  const files = { ...rooms, name: "files", config: t.object({ names: serviceNames(["upload"]) }) };
  const problems = (names: string[], domains = ["a.org", "b.a.org"], more = {}) =>
    problemsOf(() =>
      parseModules(parseConfig({ domains, modules: { rooms: { names }, ...more } }), [rooms, files]),
    );
  expect(problems(["conference", "chat.b.a.org"])).toEqual([]);
  expect(problems(["b"])).toEqual(['modules.rooms: "b.a.org" is one of the domains already']);
  expect(problems(["a.org"])).toEqual(['modules.rooms: "a.org" is one of the domains already']);
  expect(problems(["b.a.org"])).toEqual(['modules.rooms: "b.a.org" is one of the domains already']);
  expect(problems(["chat.c.org"])).toEqual(['modules.rooms: "chat.c.org" is below none of the domains']);
  expect(problems(["chat", "chat.a.org"])).toEqual([
    'modules.rooms: "chat.a.org" is a service of modules.rooms already',
  ]);
  expect(problems(["upload"], ["a.org"])).toEqual([
    'modules.files: "upload.a.org" is a service of modules.rooms already',
  ]);
  expect(problems(["upload"], ["a.org"], { files: false })).toEqual([]);
});

test.each([
  ["muc", "services"],
  ["upload", "names"],
  ["pubsubService", "names"],
])("modules.%s.%s are names that a service can have", (module, key) => {
  const config = parseConfig({ modules: { [module]: { [key]: ["a b/c"] } } });
  expect(problemsOf(() => parseModules(config, defaultModules))).toEqual([
    `modules.${module}.${key}.0: expected a name like "chat" or "chat.example.org", got "a b/c"`,
  ]);
});

test("a component needs a domain that nobody else has, and a secret", () => {
  const rooms = { name: "rooms", services: () => ["conference"] };
  const problems = (components: object) =>
    problemsOf(() => parseModules(parseConfig({ domains: ["a.org"], components }), [rooms]));
  expect(problems({ "irc.a.org": "s", "bots.example.org": { secret: "s", name: "Bots" } })).toEqual([]);
  expect(problems({ "a.org": "s" })).toEqual(['components.a.org: "a.org" is one of the domains already']);
  expect(problems({ "conference.a.org": "s" })).toEqual([
    'components.conference.a.org: "conference.a.org" is a service of modules.rooms already',
  ]);
  expect(problems({ "irc@a.org": "s" })).toEqual([
    'components.irc@a.org: expected domain names as keys, got "irc@a.org"',
  ]);
  expect(problems({ "irc.a.org": "s", "IRC.a.org.": "s" })).toEqual([
    "components.IRC.a.org.: is there already",
  ]);
  expect(problems({ "irc.a.org": "" })).toEqual(["components.irc.a.org.secret: is empty"]);
  expect(problems({ "irc.a.org": {} })).toEqual([
    "components.irc.a.org.secret: expected a string, got nothing",
  ]);
  expect(problems({ "irc.a.org": ["hidden"] }).join()).not.toContain("hidden");
  const { components } = parseConfig({ components: { "IRC.a.org": "hidden" } });
  expect(components).toEqual({ "irc.a.org": { secret: "hidden", name: undefined } });
  expect(
    JSON.stringify(configSchema.print(parseConfig({ components: { "irc.a.org": "hidden" } }))),
  ).not.toContain("hidden");
});

test("services are below each domain, or below the one that their name ends with", () => {
  const domains = ["a.org", "b.a.org", "[::1]"];
  expect(serviceDomains(["chat", "chat.b.a.org"], "a.org", domains)).toEqual(["chat.a.org"]);
  expect(serviceDomains(["chat", "rooms.b.a.org"], "b.a.org", domains)).toEqual([
    "chat.b.a.org",
    "rooms.b.a.org",
  ]);
  expect(serviceDomains(["chat"], "[::1]", domains)).toEqual([]);
});

test("EXTERNAL alone needs authorities for client certificates", () => {
  expect(problemsOf(() => parseConfig({ auth: { mechanisms: ["EXTERNAL"] } }))).toEqual([
    "auth.mechanisms: EXTERNAL needs tls.clientCertificates.ca",
  ]);
});

test("sections of modules are checked: their names and what is in them", () => {
  const sections = { pong: {}, ping: { interval: 5 }, time: { zone: "UTC" } };
  expect(problemsOf(() => parseModules(configured(sections), modules))).toEqual([
    'modules.pong: unknown module, did you mean "ping"?',
    'modules.ping.interval: expected a duration like "30d", got 5',
    "modules.time.zone: this module has no settings",
  ]);
  expect(problemsOf(() => parseConfig({ modules: { ping: 5 } }))).toEqual([
    "modules.ping: expected an object, true or false, got 5",
  ]);
});

test("tells which changes a running server cannot take over", () => {
  const before = parseConfig({ domains: ["a.org"] });
  const live = {
    domains: [{ name: "a.org", certificate: "c", key: "k" }],
    admins: ["x@a.org"],
    limits: { depth: 99 },
  };
  expect(needsRestart(before, parseConfig(live))).toEqual([]);
  const fixed = {
    domains: ["b.org"],
    listen: { c2s: 1 },
    limits: { resourcesPerAccount: 3 },
    log: { level: "warn" },
  };
  expect(needsRestart(before, parseConfig(fixed))).toEqual([
    "domains",
    "listen",
    "limits.resourcesPerAccount",
    "log",
  ]);
});
