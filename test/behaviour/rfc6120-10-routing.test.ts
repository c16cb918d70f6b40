/** RFC 6120 §10: order, stanzas without an address, and where stanzas go. */
import { describe } from "vitest";
import { test } from "../../src/testing/rig.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const error = (type: string, condition: string) =>
  `<error type="${type}"><${condition} xmlns="${STANZAS}"/></error>`;

describe("order (§10.1)", () => {
  test("what one client sends another comes in the order it was sent", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const message = (number: number) =>
      `<message to="bob@localhost${number % 2 ? "" : "/desk"}" type="chat"><body>${number}</body></message>`;
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    await alice.sends(numbers.map(message).join(""));
    for (const number of numbers) await bob.receives(message(number));
  });

  test("answers come in the order of the requests", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    await alice.sends(
      numbers
        .map((id) => `<iq type="get" id="${id}" ${id % 2 ? `to="localhost"` : ""}><x xmlns="urn:x"/></iq>`)
        .join(""),
    );
    for (const id of numbers) await alice.receives(`<iq type="error" id="${id}">{any}</iq>`);
  });
});

describe("no to (§10.3)", () => {
  test("a message is for the sender's own account (§10.3.1)", async ({ connect }) => {
    const phone = await connect("alice/phone", { priority: 1 });
    const laptop = await connect("alice/laptop", { priority: 5 });
    await phone.sends(`<message type="chat"><body>Note</body></message>`);
    await laptop.receives(`<message from="${phone.jid}" type="chat"><body>Note</body></message>`);
    await phone.receivesNothing();
  });

  test("a request is answered on behalf of the account (§10.3.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="1"><x xmlns="urn:example:x"/></iq>`);
    await alice.receives(
      `<iq type="error" id="1" from="alice@localhost"><x xmlns="urn:example:x"/>${error("cancel", "service-unavailable")}</iq>`,
    );
  });

  test("answers without to are for nobody", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="result" id="1"/><iq type="error" id="2">${error("cancel", "gone")}</iq>`);
    await alice.receivesNothing();
  });
});

describe("other domains (§10.4)", () => {
  test("what cannot be reached is told (§10.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (const to of ["example.net", "bob@example.net", "bob@example.net/desk"]) {
      await alice.sends(`<message to="${to}" id="1"><body>Hi</body></message>`);
      await alice.receives(
        `<message from="${to}" type="error" id="1"><body>Hi</body>${error("cancel", "remote-server-not-found")}</message>`,
      );
      await alice.sends(`<iq to="${to}" type="get" id="2"><x xmlns="urn:x"/></iq>`);
      await alice.receives(
        `<iq from="${to}" type="error" id="2"><x xmlns="urn:x"/>${error("cancel", "remote-server-not-found")}</iq>`,
      );
    }
  });
});

describe("the server's own domain (§10.5.1)", () => {
  test("a message to it is answered with an error, or ignored", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="localhost" id="1"><body>Hi</body></message>`);
    await alice.receives(
      `<message from="localhost" type="error" id="1"><body>Hi</body>${error("cancel", "service-unavailable")}</message>`,
    );
  });

  test("presence to it leads to nothing", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence to="localhost"/><presence to="localhost/x" type="unavailable"/>`);
    await alice.receivesNothing();
  });
});

describe("several domains of one server", () => {
  test.override({ options: { domain: ["localhost", "example.org"] } });

  test("their users reach each other", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob@example.org/desk");
    await alice.sends(`<message to="bob@example.org" type="chat"><body>Hi</body></message>`);
    await bob.receives(`<message from="alice@localhost/phone" type="chat"><body>Hi</body></message>`);
    await bob.sends(`<message to="alice@localhost/phone" type="chat"><body>Hi</body></message>`);
    await alice.receives(`<message from="bob@example.org/desk" type="chat"><body>Hi</body></message>`);
  });

  test("users of the same name are different people", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const other = await connect("alice@example.org/phone");
    await alice.sends(`<message to="alice@example.org/phone" type="chat"><body>Hi</body></message>`);
    await other.receives(`<message from="alice@localhost/phone" type="chat"><body>Hi</body></message>`);
    await alice.receivesNothing();
  });

  test("nobody may say to be of the other domain (§8.1.2.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await connect("alice@example.org/phone");
    await alice.sends(`<message from="alice@example.org/phone" to="alice@localhost"/>`);
    await alice.closed("invalid-from");
  });
});

test("nobody else gets to see a message", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const carol = await connect("carol/desk");
  await alice.sends(`<message to="${bob.jid}" type="chat"><body>Secret</body></message>`);
  await carol.receivesNothing();
  await bob.receives(`<message type="chat"><body>Secret</body></message>`);
});
