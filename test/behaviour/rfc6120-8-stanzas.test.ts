/** RFC 6120 §8: addresses, ids, requests and errors of stanzas. */
import { describe, expect } from "vitest";
import { defineModule, el, StanzaError } from "../../src/index.ts";
import { defaultModules } from "../../src/modules/index.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const QUERY = `<query xmlns="urn:example:unknown"/>`;
const error = (type: string, condition: string) =>
  `<error type="${type}"><${condition} xmlns="${STANZAS}"/></error>`;

describe("addresses (§8.1)", () => {
  test("the server says who it is from, whatever the client said (§8.1.2.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    for (const from of [
      "",
      `from="alice@localhost"`,
      `from="alice@localhost/phone"`,
      `from="ALICE@localhost/phone"`,
      `from="alice@localhost/other"`,
    ]) {
      await alice.sends(`<message ${from} to="${bob.jid}"><body>Hi</body></message>`);
      await bob.receives(`<message from="alice@localhost/phone" to="${bob.jid}"><body>Hi</body></message>`);
    }
  });

  test.for([
    "@",
    "@localhost",
    "bob@",
    "bob@localhost/",
    "bob@bob@localhost",
    `${"x".repeat(1024)}@localhost`,
    "",
  ])("a to that is no address, %s, is jid-malformed (§8.3.3.8)", async (to, { connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq to="${to}" type="get" id="1">${QUERY}</iq>`);
    const answer = await alice.receives(
      `<iq type="error" id="1">{...}${error("modify", "jid-malformed")}</iq>`,
    );
    expect(answer.attrs.from).not.toBe(to);
  });

  test("addresses are compared after preparation (RFC 7622 §3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="BOB@LOCALHOST/desk"><body>Hi</body></message>`);
    await bob.receives(`<message to="bob@localhost/desk"><body>Hi</body></message>`);
    await alice.sends(`<message to="bob@localhost/DESK" type="normal"><body>Hi</body></message>`);
    await bob.receivesNothing();
  });
});

describe("ids and languages", () => {
  test("an id is handed on as it is (§8.1.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="${bob.jid}" id="a &lt;&quot;&#9;&#xE9;"><body/></message>`);
    const message = await bob.receives("<message><body/></message>");
    expect(message.attrs.id).toBe('a <"\té');
  });

  test("a message needs none", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="${bob.jid}"><body/></message>`);
    await bob.receives(`<message id="{none}"><body/></message>`);
  });

  test("a stanza without a language gets the stream's (§8.1.5)", async ({ raw, connect, user }) => {
    await user("alice", "secret");
    const bob = await connect("bob/desk");
    const alice = raw();
    const header = { "xml:lang": "de" };
    await alice.opens(header);
    await alice.receives("<stream:features>{any}</stream:features>");
    const auth = Buffer.from("\0alice\0secret").toString("base64");
    await alice.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${auth}</auth>`);
    await alice.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await alice.opens(header);
    await alice.receives("<stream:features>{any}</stream:features>");
    await alice.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await alice.receives(`<iq type="result" id="b">{any}</iq>`);
    await alice.sends(`<message to="${bob.jid}"><body>Guten Tag</body></message>`);
    await bob.receives(`<message xml:lang="de"><body>Guten Tag</body></message>`);
    await alice.sends(`<message to="${bob.jid}" xml:lang="fr"><body>Bonjour</body></message>`);
    await bob.receives(`<message xml:lang="fr"><body>Bonjour</body></message>`);
  });
});

describe("requests (§8.2.3)", () => {
  const cases: [what: string, xml: string][] = [
    ["no id", `<iq type="get">${QUERY}</iq>`],
    ["no type", `<iq id="1">${QUERY}</iq>`],
    ["another type", `<iq type="fetch" id="1">${QUERY}</iq>`],
    ["no payload", `<iq type="get" id="1"/>`],
    ["text for a payload", `<iq type="get" id="1">text</iq>`],
    ["two payloads", `<iq type="set" id="1">${QUERY}${QUERY}</iq>`],
  ];
  for (const to of ["", `to="localhost"`, `to="bob@localhost"`, `to="bob@localhost/desk"`]) {
    test.for(cases)(`a request with %s is a bad-request (${to || "no to"})`, async ([, xml], { connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await alice.sends(xml.replace("<iq", `<iq ${to}`));
      await alice.receives(`<iq type="error">{...}${error("modify", "bad-request")}</iq>`);
      await bob.receivesNothing();
    });
  }

  test("a result has one child at most, and is not answered", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<iq to="${bob.jid}" type="result" id="1">${QUERY}${QUERY}</iq>`);
    await bob.receivesNothing();
    await alice.receivesNothing();
  });

  test("each request gets one answer, with its id (§8.2.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="1">${QUERY}</iq><iq type="get" id="1">${QUERY}</iq>`);
    await alice.receives(`<iq type="error" id="1">{any}</iq>`);
    await alice.receives(`<iq type="error" id="1">{any}</iq>`);
    await alice.receivesNothing();
  });

  test("a client that goes does not leave requests unanswered", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    for (const id of ["1", "2", "3"])
      await alice.sends(`<iq to="${laptop.jid}" type="get" id="${id}">${QUERY}</iq>`);
    for (const id of ["1", "2", "3"]) await laptop.receives(`<iq type="get" id="${id}">${QUERY}</iq>`);
    await laptop.sends(`<iq to="${alice.jid}" type="result" id="2"/>`);
    await alice.receives(`<iq from="${laptop.jid}" type="result" id="2"/>`);
    await laptop.disconnects();
    alice.forget((element) => element.getName() === "presence");
    for (const id of ["1", "3"]) {
      await alice.receives(
        `<iq from="${laptop.jid}" type="error" id="${id}">${error("cancel", "service-unavailable")}</iq>`,
      );
    }
    await alice.receivesNothing();
  });
});

describe("errors (§8.3)", () => {
  test("an error has the id, the payload, and the addresses the other way round (§8.3.1)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`
      <message to="nobody@localhost/x" type="chat" id="m1" xml:lang="de">
        <subject>A</subject><body>B</body><x xmlns="urn:example:x" a="1"><y/></x>
      </message>`);
    await alice.receives(`
      <message from="nobody@localhost/x" to="alice@localhost/phone" type="error" id="m1">
        <subject>A</subject><body>B</body><x xmlns="urn:example:x" a="1"><y/></x>
        ${error("cancel", "service-unavailable")}
      </message>`);
  });

  test.for(["message", "presence", "iq"])(
    "an error is never answered with an error: %s (§8.3.1)",
    async (kind, { connect }) => {
      const alice = await connect("alice/phone");
      for (const to of [
        "nobody@localhost",
        "nobody@localhost/x",
        "localhost",
        "localhost/x",
        "example.net",
        "@",
      ]) {
        await alice.sends(`<${kind} to="${to}" type="error" id="1">${error("cancel", "gone")}</${kind}>`);
      }
      await alice.receivesNothing();
    },
  );
});

describe("handlers", () => {
  /** A module that fails in every way it can. */
  const faulty = defineModule({
    name: "faulty",
    implements: [],
    setup(host) {
      const fail = {
        refuse: new StanzaError("forbidden", "not you"),
        crash: new Error("a secret of the server"),
      };
      for (const [name, cause] of Object.entries(fail)) {
        host.iq("get", "urn:example:faulty", name, () => {
          throw cause;
        });
        host.iq("set", "urn:example:faulty", name, () => Promise.reject(cause));
      }
      host.iq("get", "urn:example:faulty", "slow", async () => {
        await new Promise((resolve) => void host.clock.after(1_000, () => resolve(undefined)));
        return el("slow", { xmlns: "urn:example:faulty" });
      });
    },
  });
  test.override({ options: { modules: [...defaultModules, faulty] } });

  test.for(["get", "set"])("what a handler of a %s throws becomes the answer", async (type, { connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="${type}" id="1"><refuse xmlns="urn:example:faulty"/></iq>`);
    await alice.receives(
      `<iq type="error" id="1"><refuse xmlns="urn:example:faulty"/>
        <error type="auth"><forbidden xmlns="${STANZAS}"/><text xmlns="${STANZAS}" xml:lang="en">not you</text></error></iq>`,
    );
  });

  test("a fault of the server is internal-server-error, and the stream goes on", async () => {
    const rig = await createRig({ modules: [...defaultModules, faulty] });
    const alice = await rig.connect("alice/phone");
    for (const type of ["get", "set"]) {
      await alice.sends(`<iq type="${type}" id="1"><crash xmlns="urn:example:faulty"/></iq>`);
      await alice.receives(`<iq type="error" id="1">{...}${error("cancel", "internal-server-error")}</iq>`);
    }
    expect(alice.heard).not.toContain("secret of the server");
    expect(rig.errors).toHaveLength(2);
    await alice.closes();
    await rig.close();
  });

  test("a client's stanzas keep their order behind a slow one (§10.1)", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const message = (body: string) => `<message to="${bob.jid}" type="chat"><body>${body}</body></message>`;
    await alice.sends(`<iq type="get" id="1"><slow xmlns="urn:example:faulty"/></iq>${message("2")}`);
    await alice.sends(message("3"));
    await bob.receivesNothing();
    // What comes meanwhile is not even read, or a client could fill the server's memory.
    expect(alice.pipe.paused).toBe(true);
    await clock.advance(1_000);
    await alice.receives(`<iq type="result" id="1"><slow xmlns="urn:example:faulty"/></iq>`);
    for (const body of ["2", "3"]) await bob.receives(`<message type="chat"><body>${body}</body></message>`);
    expect(alice.pipe.paused).toBe(false);
  });
});
