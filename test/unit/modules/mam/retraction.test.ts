import { expect, test } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import { entomb } from "../../../../src/modules/mam/retraction.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { VirtualClock } from "../../../../src/testing/virtual-clock.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";

const OWNER = "alice@localhost";
const BOB = "bob@localhost";
const text = (id: string) =>
  `<message from="alice@localhost/a" to="bob@localhost" id="${id}"><body>x</body></message>`;
const retraction = parseStanza(
  `<message from="alice@localhost/a" to="bob@localhost" id="r"><retract xmlns="urn:xmpp:message-retract:1" id="old"/></message>`,
);

test.for([
  [499, true],
  [500, false],
] as const)("a message with %d behind it in its conversation is retracted: %s", async ([behind, isFound]) => {
  const store = createMemoryStore();
  const archive = await Archive.open({ clock: new VirtualClock(), table: (spec) => store.table(spec) });
  await archive.append(OWNER, BOB, text("old"));
  for (let n = 0; n < behind; n++) {
    await archive.append(OWNER, BOB, text(`m${n}`));
    await archive.append(OWNER, "carol@localhost", text(`c${n}`));
  }
  const id = await archive.append(OWNER, BOB, retraction.toString());
  expect(await entomb(archive, retraction, { owner: OWNER, with: BOB, id })).toBe(isFound);
  expect((await archive.first({ owner: OWNER }))?.stanza.includes("retracted")).toBe(isFound);
});
