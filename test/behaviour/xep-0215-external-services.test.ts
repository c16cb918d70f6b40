/** XEP-0215 External Service Discovery, version 1.0.0: what there is, for whom, and with which credentials. */
import { createHmac } from "node:crypto";
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const NS = "urn:xmpp:extdisco:2";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const DAY = 86_400_000;

const services = [
  { type: "stun", host: "stun.example.org", port: 3478, transport: "udp" },
  { type: "turn", host: "turn.example.org", port: 3478, transport: "udp", secret: "shared" },
  { type: "turn", host: "turn.example.org", port: 5349, transport: "tcp", secret: "shared", expires: "1h" },
  { type: "ftp", host: "192.0.2.1", name: "Files", username: "guest", password: "welcome" },
];

test.override({ options: { config: { modules: { externalServices: { services } } } } });

const STUN = `<service type="stun" host="stun.example.org" port="3478" transport="udp"/>`;
const TURN = `<service type="turn" host="turn.example.org" port="3478" transport="udp" restricted="true"
  username="{name1}" password="{password1}" expires="{until1}"/>`;
const TURN_TCP = `<service type="turn" host="turn.example.org" port="5349" transport="tcp" restricted="true"
  username="{name2}" password="{password2}" expires="{until2}"/>`;
const FTP = `<service type="ftp" host="192.0.2.1" name="Files" restricted="true" username="guest" password="welcome"/>`;

async function asks(client: Client, payload: string, to = "localhost"): Promise<void> {
  await client.sends(`<iq type="get" id="s1" to="${to}">${payload}</iq>`);
}

async function isRefused(client: Client, condition: string, type: string): Promise<void> {
  await client.receives(
    `<iq type="error" id="s1">{...}<error type="${type}"><${condition} xmlns="${STANZAS}"/></error></iq>`,
  );
}

test("is announced (§5)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await asks(alice, `<query xmlns="http://jabber.org/protocol/disco#info"/>`);
  await alice.receives(`<iq type="result" id="s1"><query xmlns="http://jabber.org/protocol/disco#info">{...}
    <feature var="${NS}"/></query></iq>`);
});

test("a user gets all services, with credentials where they are needed (§3.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await asks(alice, `<services xmlns="${NS}"/>`);
  await alice.receives(
    `<iq type="result" id="s1"><services xmlns="${NS}">${STUN}${TURN}${TURN_TCP}${FTP}</services></iq>`,
  );
});

test("or those of one type (§3.2)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await asks(alice, `<services xmlns="${NS}" type="stun"/>`);
  await alice.receives(
    `<iq type="result" id="s1"><services xmlns="${NS}" type="stun">${STUN}</services></iq>`,
  );
  await asks(alice, `<services xmlns="${NS}" type="tor"/>`);
  await alice.receives(`<iq type="result" id="s1"><services xmlns="${NS}" type="tor"/></iq>`);
});

test("credentials can be checked by whoever knows the secret, until they expire", async ({
  connect,
  clock,
  rig,
}) => {
  const alice = await connect("alice/phone");
  await asks(alice, `<services xmlns="${NS}" type="turn"/>`);
  await alice.receives(
    `<iq type="result" id="s1"><services xmlns="${NS}" type="turn">${TURN}${TURN_TCP}</services></iq>`,
  );
  for (const [index, life] of [
    ["1", DAY],
    ["2", DAY / 24],
  ] as const) {
    const name = rig.captures.get(`name${index}`) ?? "";
    const until = Math.floor((clock.now() + life) / 1000);
    expect(name).toMatch(new RegExp(`^${until}:[\\w-]{16}$`));
    expect(rig.captures.get(`password${index}`)).toBe(
      createHmac("sha1", "shared").update(name).digest("base64"),
    );
    expect(rig.captures.get(`until${index}`)).toBe(new Date(until * 1000).toISOString());
    expect(name).not.toContain("alice");
  }
});

test("each user has a name of their own, which is the same on each device", async ({ connect, rig }) => {
  const names: string[] = [];
  for (const address of ["alice/phone", "alice/laptop", "bob/desk"]) {
    const client = await connect(address);
    client.forget(() => true);
    await asks(client, `<services xmlns="${NS}" type="turn"/>`);
    rig.captures.clear();
    await client.receives(
      `<iq type="result" id="s1"><services xmlns="${NS}" type="turn">${TURN}${TURN_TCP}</services></iq>`,
    );
    names.push(rig.captures.get("name1")?.split(":")[1] ?? "");
  }
  expect(names[0]).toBe(names[1]);
  expect(names[0]).not.toBe(names[2]);
});

describe("credentials alone (§3.3)", () => {
  const ask = (attributes: string) => `<credentials xmlns="${NS}"><service ${attributes}/></credentials>`;

  test("are of every service that is meant", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const plain = (xml: string) => xml.replace(/ transport="\w+"/, "");
    await asks(alice, ask(`host="turn.example.org" type="turn"`));
    await alice.receives(
      `<iq type="result" id="s1"><credentials xmlns="${NS}">${plain(TURN)}${plain(TURN_TCP)}</credentials></iq>`,
    );
    await asks(alice, ask(`host="turn.example.org" type="turn" port="5349"`));
    await alice.receives(
      `<iq type="result" id="s1"><credentials xmlns="${NS}">${plain(TURN_TCP)}</credentials></iq>`,
    );
  });

  test.for([
    ["an unknown host", ask(`host="x.org" type="turn"`), "item-not-found", "cancel"],
    ["another port", ask(`host="turn.example.org" type="turn" port="1"`), "item-not-found", "cancel"],
    ["one without credentials", ask(`host="stun.example.org" type="stun"`), "item-not-found", "cancel"],
    ["no type", ask(`host="turn.example.org"`), "bad-request", "modify"],
    ["no host", ask(`type="turn"`), "bad-request", "modify"],
    ["no service", `<credentials xmlns="${NS}"/>`, "bad-request", "modify"],
  ] as const)("of %s are refused", async ([, payload, condition, type], { connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, payload);
    await isRefused(alice, condition, type);
  });
});

describe("whoever has no account at the domain gets nothing", () => {
  test.override({
    options: {
      domain: ["localhost", "other.org"],
      config: { auth: { anonymous: true }, modules: { externalServices: { services } } },
    },
  });

  test("as another domain's user", async ({ connect }) => {
    const eve = await connect("eve@other.org/desk");
    await asks(eve, `<services xmlns="${NS}"/>`);
    await isRefused(eve, "forbidden", "auth");
    await asks(
      eve,
      `<credentials xmlns="${NS}"><service host="turn.example.org" type="turn"/></credentials>`,
    );
    await isRefused(eve, "forbidden", "auth");
  });

  test("or unregistered", async ({ raw }) => {
    const guest = raw();
    await guest.opens({ to: "localhost" });
    await guest.receivesAny();
    await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    await guest.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await guest.opens({ to: "localhost" });
    await guest.receivesAny();
    await guest.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await guest.receivesAny();
    await asks(guest, `<services xmlns="${NS}"/>`);
    await isRefused(guest, "forbidden", "auth");
  });
});

test.for([
  [{ username: "x" }, "username and password belong together"],
  [{ username: "x", password: "y", secret: "z" }, "either username and password, or secret"],
] as const)("a service with %o is a fault of the configuration", async ([more, message]) => {
  const wrong = [{ type: "turn", host: "x.org", ...more }];
  await expect(createRig({ config: { modules: { externalServices: { services: wrong } } } })).rejects.toThrow(
    `modules.externalServices.services.0: ${message}`,
  );
});
