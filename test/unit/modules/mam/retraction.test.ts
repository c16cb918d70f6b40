import { expect, test } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import { entomb } from "../../../../src/modules/mam/retraction.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";
import { archiveHost } from "./archive-host.ts";

const OWNER = "alice@localhost";
const BOB = "bob@localhost";
const text = (id: string) =>
  parseStanza(`<message from="alice@localhost/a" to="bob@localhost" id="${id}"><body>x</body></message>`);
const retraction = parseStanza(
  `<message from="alice@localhost/a" to="bob@localhost" id="r"><retract xmlns="urn:xmpp:message-retract:1" id="old"/></message>`,
);

function openArchive(): Promise<Archive> {
  return Archive.open(archiveHost(createMemoryStore()));
}

test("a message of any age is retracted", async () => {
  const archive = await openArchive();
  await archive.append(OWNER, BOB, text("old"));
  for (let n = 0; n < 2000; n++) await archive.append(OWNER, BOB, text(`m${n}`));
  const id = await archive.append(OWNER, BOB, retraction);
  expect(await entomb(archive, retraction, { owner: OWNER, with: BOB, id })).toBeDefined();
  expect((await archive.first({ owner: OWNER }))?.stanza.includes("retracted")).toBe(true);
});

test("of several messages with one id the last one is meant", async () => {
  const archive = await openArchive();
  for (let n = 0; n < 60; n++) await archive.append(OWNER, BOB, text("old"));
  const last = await archive.last({ owner: OWNER });
  const id = await archive.append(OWNER, BOB, retraction);
  expect(await entomb(archive, retraction, { owner: OWNER, with: BOB, id })).toBeDefined();
  expect((await archive.get(OWNER, last?.id as number))?.stanza.includes("retracted")).toBe(true);
});
