/** XEP-0191: Blocking Command, and XEP-0377: Blocking Command Reports. */
import { describe } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const BLOCKING = "urn:xmpp:blocking";
const item = (jid: string, content = "") => `<item jid="${jid}">${content}</item>`;
const block = (...items: string[]) =>
  `<iq type="set" id="b"><block xmlns="${BLOCKING}">${items.join("")}</block></iq>`;
const unblock = (...items: string[]) =>
  `<iq type="set" id="u"><unblock xmlns="${BLOCKING}">${items.join("")}</unblock></iq>`;
const error = (condition: string, type = "cancel", more = "") =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>${more}</error>`;
const hi = (to: string) => `<message to="${to}" type="chat"><body>Hi</body></message>`;

async function does(client: Client, request: string): Promise<void> {
  await client.sends(request);
  await client.receives(`<iq type="result"/>`);
}

test("the list is empty, then has what was blocked, and is told to those who asked for it (§3.2, §3.3)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const laptop = await connect("alice/laptop");
  const other = await connect("alice/other");
  await laptop.sends(`<iq type="get" id="g"><blocklist xmlns="${BLOCKING}"/></iq>`);
  await laptop.receives(`<iq type="result" id="g"><blocklist xmlns="${BLOCKING}"/></iq>`);
  await does(alice, block(item("bob@localhost"), item("evil.example")));
  await laptop.receives(
    `<iq type="set"><block xmlns="${BLOCKING}">${item("bob@localhost")}${item("evil.example")}</block></iq>`,
  );
  await other.receivesNothing();
  await other.sends(`<iq type="get" id="g"><blocklist xmlns="${BLOCKING}"/></iq>`);
  await other.receives(
    `<iq type="result" id="g"><blocklist xmlns="${BLOCKING}">${item("bob@localhost")}${item("evil.example")}</blocklist></iq>`,
  );
  await does(alice, unblock());
  await laptop.receives(`<iq type="set"><unblock xmlns="${BLOCKING}"/></iq>`);
});

describe("what a blocked user sends (§3.3)", () => {
  test("as a message is answered as if nobody were there", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await does(alice, block(item("bob@localhost")));
    for (const to of ["alice@localhost", "alice@localhost/phone"]) {
      await bob.sends(hi(to));
      await bob.receives(`<message type="error"><body>Hi</body>${error("service-unavailable")}</message>`);
    }
    await alice.receivesNothing();
  });

  test("as a request is answered so too, also by the server in the user's place", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await does(alice, block(item("bob@localhost")));
    for (const to of ["alice@localhost", "alice@localhost/phone"]) {
      await bob.sends(`<iq to="${to}" type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>`);
      await bob.receives(
        `<iq type="error" id="1"><ping xmlns="urn:xmpp:ping"/>${error("service-unavailable")}</iq>`,
      );
    }
    await alice.receivesNothing();
  });

  test("as presence vanishes without an answer", async ({ server, connect }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    await does(alice, block(item("bob@localhost")));
    await bob.receives(`<presence from="alice@localhost/phone" type="unavailable"/>`);
    await bob.sends(`<presence to="alice@localhost" type="probe"/>`);
    await bob.sends(`<presence to="alice@localhost" type="subscribe"/>`);
    await bob.sends(`<presence to="alice@localhost/phone"/>`);
    await bob.receivesNothing();
    await alice.receivesNothing();
  });
});

test("a blocked contact sees the user go, nothing more, and the user come back (§3.3, §3.4)", async ({
  server,
  connect,
}) => {
  await letSee(server, "alice@localhost", "bob@localhost");
  const bob = await connect("bob/desk");
  const alice = await connect("alice/phone");
  await bob.receives(`<presence from="alice@localhost/phone"/>`);
  await does(alice, block(item("bob@localhost")));
  await bob.receives(`<presence from="alice@localhost/phone" type="unavailable"/>`);
  await alice.sends("<presence><show>away</show></presence>");
  await alice.receives("<presence><show>away</show></presence>");
  await bob.receivesNothing();
  await does(alice, unblock(item("bob@localhost")));
  await bob.receives(`<presence from="alice@localhost/phone"><show>away</show></presence>`);
  await bob.sends(hi("alice@localhost"));
  await alice.receives(`<message type="chat"><body>Hi</body></message>`);
});

test("a stranger who is blocked is told nothing", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await does(alice, block(item("bob@localhost")));
  await does(alice, unblock(item("bob@localhost")));
  await bob.receivesNothing();
});

test("what users send to those they blocked comes back (§3.3)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await does(alice, block(item("bob@localhost")));
  const blocked = error("not-acceptable", "modify", '<blocked xmlns="urn:xmpp:blocking:errors"/>');
  await alice.sends(hi("bob@localhost/desk"));
  await alice.receives(`<message type="error"><body>Hi</body>${blocked}</message>`);
  await alice.sends(`<iq to="bob@localhost/desk" type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await alice.receives(`<iq type="error" id="1"><ping xmlns="urn:xmpp:ping"/>${blocked}</iq>`);
  await alice.sends(`<presence to="bob@localhost/desk"/>`);
  await alice.receives(`<presence type="error">${blocked}</presence>`);
  await bob.receivesNothing();
});

describe("an address stands for (§5)", () => {
  const cases = [
    ["bob@localhost/desk", true],
    ["bob@localhost/phone", false],
    ["bob@localhost", true],
    ["localhost", true],
    ["localhost/desk", true],
    ["other.example", false],
  ] as const;
  test.for(cases)("%s: bob@localhost/desk is blocked: %s", async ([jid, isBlocked], { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await does(alice, block(item(jid)));
    await bob.sends(hi("alice@localhost/phone"));
    if (isBlocked) await bob.receives(`<message type="error">{any}</message>`);
    else await alice.receives(`<message type="chat"><body>Hi</body></message>`);
  });
});

test("nobody blocks themselves", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const laptop = await connect("alice/laptop");
  await does(alice, block(item("alice@localhost"), item("localhost")));
  await alice.sends(hi("alice@localhost/laptop"));
  await laptop.receives(`<message type="chat"><body>Hi</body></message>`);
});

test("nothing is stored for later of somebody blocked, and the list outlives the session", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  await does(alice, block(item("bob@localhost")));
  await alice.closes();
  const bob = await connect("bob/desk");
  await bob.sends(hi("alice@localhost"));
  await bob.receives(`<message type="error">{any}</message>`);
  await (await connect("alice/phone")).receivesNothing();
});

test("commands without items, with malformed ones, or too many are refused", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(block());
  await alice.receives(`<iq type="error">{...}${error("bad-request", "modify")}</iq>`);
  await alice.sends(block(item("@")));
  await alice.receives(`<iq type="error">{...}${error("jid-malformed", "modify")}</iq>`);
  await alice.sends(block(...Array.from({ length: 1001 }, (_, index) => item(`u${index}@e.example`))));
  await alice.receives(`<iq type="error">{...}${error("resource-constraint", "wait")}</iq>`);
});

describe("reports (XEP-0377)", () => {
  test.override({ options: { config: { admins: ["admin@localhost"] } } });
  test("reach the administrators", async ({ connect }) => {
    const admin = await connect("admin/desk");
    const alice = await connect("alice/phone");
    const report = `<report xmlns="urn:xmpp:reporting:1" reason="urn:xmpp:reporting:spam"><text>buy</text><stanza-id xmlns="urn:xmpp:sid:0" by="alice@localhost" id="77"/></report>`;
    await does(alice, block(item("bob@localhost", report)));
    await admin.receives(
      `<message from="localhost" type="normal"><subject>Report: spam</subject><body>alice@localhost reports bob@localhost for spam.\n"buy"\nMessages: 77</body></message>`,
    );
  });
});
