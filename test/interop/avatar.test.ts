/** A picture and keys that one client library publishes, seen in another: slixmpp (Python) and stanza (JavaScript). */
import { join } from "node:path";
import { expect } from "vitest";
import { rosterService } from "../../src/modules/roster/roster.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { findPythonWith, Program } from "./programs.ts";
import { test } from "./real-server.ts";
import { happens, makeStanza } from "./stanza-peer.ts";

const python = findPythonWith("slixmpp");
const METADATA = "urn:xmpp:avatar:metadata";
const DEVICES = "eu.siacs.conversations.axolotl.devicelist";

test("slixmpp changes its picture and its keys; stanza hears of it, and fetches both", async ({
  real,
  skip,
}) => {
  if (python === undefined) skip("python3-slixmpp is not installed");
  for (const name of ["alice", "bob", "eve"]) await real.server.createUser(`${name}@localhost`, "secret");
  const rosters = real.server.host().use(rosterService);
  const pair = ["alice@localhost", "bob@localhost"].map((text) => Jid.parse(text));
  for (const [user, contact] of [pair, pair.toReversed()] as [Jid, Jid][]) {
    await rosters.put(user, {
      contact,
      name: "",
      groups: [],
      ask: false,
      approved: false,
      subscription: "both",
    });
  }

  const { client } = makeStanza(real, { jid: "bob@localhost", resource: "stanza" });
  client.disco.addFeature(`${METADATA}+notify`);
  const changed = new Promise<string>((resolve) => {
    client.on("avatar", ({ jid, avatars }) => {
      if (jid === "alice@localhost") resolve(avatars[0]?.id ?? "");
    });
  });
  const started = happens(client, "session:started");
  client.connect();
  await started;
  await client.getRoster();
  client.updateCaps();
  client.sendPresence({ legacyCapabilities: client.disco.getCaps() });

  const settings = { port: real.server.ports.c2s, tlsPort: real.server.ports.c2sTls, ca: real.caFile };
  await using alice = new Program({
    file: python as string,
    args: [join(import.meta.dirname, "slixmpp-avatar.py"), JSON.stringify(settings)],
    home: real.directory,
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  const [, hash = ""] = await alice.prints(/^published ([0-9a-f]{40})$/m);
  expect(await changed).toBe(hash);
  const { content } = await client.getAvatar("alice@localhost", hash);
  expect(content?.data?.length).toBe(70);
  const card = await client.getVCard("alice@localhost");
  expect(card.records?.some((record) => record.type === "photo")).toBe(true);

  // Keys are for strangers as well (XEP-0384).
  const eve = makeStanza(real, { jid: "eve@localhost", resource: "stanza" }).client;
  const isThere = happens(eve, "session:started");
  eve.connect();
  await isThere;
  const { items } = await eve.getItems("alice@localhost", DEVICES);
  expect(items?.[0]?.id).toBe("current");
  alice.endInput("\n");
  await alice.prints(/^all is well$/m);
  await alice.succeeds();
});
