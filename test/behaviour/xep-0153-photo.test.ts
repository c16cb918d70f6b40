/** XEP-0153: vCard-Based Avatars, with what XEP-0398 §4 has the server do about them. */
import { createHash } from "node:crypto";
import { describe } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const image = Buffer.from("an image, for all that the server knows");
const HASH = createHash("sha1").update(image).digest("hex");
const x = (content: string) => `<x xmlns="vcard-temp:x:update">${content}</x>`;
const ANNOUNCED = x(`<photo>${HASH}</photo>`);
const NO_PHOTO = x("<photo/>");
const photo = (base64: string) => `<PHOTO><TYPE>image/png</TYPE><BINVAL>${base64}</BINVAL></PHOTO>`;
const card = (content: string) => `<vCard xmlns="vcard-temp"><FN>Alice</FN>${content}</vCard>`;
// XEP-0153 §4.5: white space is to be ignored.
const base64 = image.toString("base64").replaceAll(/(.{10})/g, "$1\n  ");

async function publishes(client: Client, content: string): Promise<void> {
  await client.sends(`<iq type="set" id="s">${card(content)}</iq>`);
  client.forget((stanza) => stanza.is("presence"));
  await client.receives(`<iq type="result" id="s"/>`);
}

describe("the presence of a user with a picture", () => {
  const cases: [string, string, string][] = [
    ["is given its hash when the client says nothing", "", ANNOUNCED],
    ["is given its hash when the client is not ready", x(""), ANNOUNCED],
    ["is corrected when the client has another one", x("<photo>01b87fcd</photo>"), ANNOUNCED],
    ["stays when the client has the same, in upper case", x(`<photo>${HASH.toUpperCase()}</photo>`), ""],
    ["stays when the client says that there is none", NO_PHOTO, NO_PHOTO],
  ];

  test.for(cases)("%s (XEP-0398 §4)", async ([, sent, expected], { connect, server }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await publishes(alice, photo(base64));
    await alice.sends(`<presence><show>away</show>${sent}</presence>`);
    await bob.receives(`<presence><show>away</show>${expected || sent}</presence>`);
    await alice.receives(`<presence><show>away</show>${expected || sent}</presence>`);
  });

  test("has it too when it is sent to somebody, such as a room (XEP-0398 §4)", async ({ connect }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await publishes(alice, photo(base64));
    await alice.sends(`<presence to="bob@localhost/desk"/>`);
    await bob.receives(`<presence from="alice@localhost/phone">${ANNOUNCED}</presence>`);
    await alice.sends(`<presence to="bob@localhost/desk" type="unavailable"/>`);
    await bob.receives(`<presence type="unavailable"/>`);
  });

  test("is shown so to those who come later", async ({ connect, server }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const alice = await connect("alice/phone");
    await publishes(alice, photo(base64));
    const bob = await connect("bob/desk", { presence: false });
    await bob.sends(`<presence to="alice@localhost" type="probe"/>`);
    await bob.receives(
      `<presence from="alice@localhost/phone">${ANNOUNCED}<delay xmlns="urn:xmpp:delay" stamp="{any}" from="localhost"/></presence>`,
    );
  });
});

test("a new picture, and that there is none any more, is shown to contacts and to all resources at once", async ({
  connect,
  server,
}) => {
  await letSee(server, "alice@localhost", "bob@localhost");
  const bob = await connect("bob/desk");
  const alice = await connect("alice/phone");
  await bob.receives("<presence/>");
  const laptop = await connect("alice/laptop");
  await bob.receives("<presence/>");
  alice.forget(() => true);
  await publishes(alice, photo(base64));
  const shown = ["phone", "laptop"].map(
    (name) => `<presence from="alice@localhost/${name}">${ANNOUNCED}</presence>`,
  );
  await bob.receivesInAnyOrder(shown);
  await laptop.receivesInAnyOrder(shown);
  await publishes(alice, `<NICKNAME>a</NICKNAME>${photo(base64)}`);
  await bob.receivesNothing();
  await publishes(alice, "");
  await bob.receives(`<presence>${NO_PHOTO}</presence>`);
  await bob.receives(`<presence>${NO_PHOTO}</presence>`);
  await publishes(alice, photo(base64));
  await bob.receivesInAnyOrder(shown);
});

test("of what is no picture nothing is announced, nor of users without a vCard", async ({
  connect,
  server,
}) => {
  await letSee(server, "alice@localhost", "bob@localhost");
  const bob = await connect("bob/desk");
  const alice = await connect("alice/phone");
  await bob.receives("<presence/>");
  await alice.sends(`<presence>${x("")}</presence>`);
  await bob.receives(`<presence>${NO_PHOTO}</presence>`);
  for (const broken of ["", "no base64!", "abc"]) {
    await publishes(alice, photo(broken));
    await bob.receivesNothing();
  }
  await alice.sends("<presence/>");
  await bob.receives(`<presence>${NO_PHOTO}</presence>`);
});
