/** XEP-0131 Stanza Headers and Internet Metadata: they belong to the clients, and pass through as they are. */
import { describe } from "vitest";
import { test } from "../../src/testing/rig.ts";

const HEADERS = `<headers xmlns="http://jabber.org/protocol/shim"><header name="Created">2004-09-21T03:01:52Z</header><header name="Keywords">shakespeare,&lt;xmpp&gt;</header><header name="X-Own"/></headers>`;
const MESSAGE = `<message to="bob@localhost" type="chat"><body>Hi</body>${HEADERS}</message>`;

describe("headers arrive", () => {
  test("with a message", async ({ connect }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/desk");
    await alice.sends(MESSAGE);
    await bob.receives(`<message type="chat">{...}<body>Hi</body>${HEADERS}</message>`);
  });

  test("with one that waited for its recipient", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/desk");
    await alice.sends(MESSAGE);
    const bob = await connect("bob/desk");
    await bob.receives(`<message type="chat">{...}<body>Hi</body>${HEADERS}</message>`);
  });

  test("with presence, and with a request to a client", async ({ connect }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/desk");
    await alice.sends(`<presence to="bob@localhost/desk">${HEADERS}</presence>`);
    await bob.receives(`<presence from="alice@localhost/desk">${HEADERS}</presence>`);
    await alice.sends(`<iq type="get" id="h" to="bob@localhost/desk"><q xmlns="urn:q">${HEADERS}</q></iq>`);
    await bob.receives(
      `<iq type="get" id="h" from="alice@localhost/desk"><q xmlns="urn:q">${HEADERS}</q></iq>`,
    );
  });
});
