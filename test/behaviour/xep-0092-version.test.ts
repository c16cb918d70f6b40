/** XEP-0092 Software Version, version 1.1 */
import { readFileSync } from "node:fs";
import { describe } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

async function answers(alice: Client, version: string): Promise<void> {
  await alice.sends(`<iq type="get" id="version_1" to="localhost"><query xmlns="jabber:iq:version"/></iq>`);
  await alice.receives(
    `<iq type="result" id="version_1" from="localhost"><query xmlns="jabber:iq:version"><name>Jackdaw</name><version>${version}</version></query></iq>`,
  );
}

test("tells name and version, and nothing of the operating system (§2, §5)", async ({ connect }) => {
  await answers(await connect("alice/phone"), manifest.version);
});

describe("where the version is not shown", () => {
  test.override({ options: { config: { modules: { version: { showVersion: false } } } } });

  test("something stands in its place, for the element is required (§2)", async ({ connect }) => {
    await answers(await connect("alice/phone"), "unknown");
  });
});

test("it is announced in disco#info (§4)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(
    `<iq type="get" id="d" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  await alice.receives(
    `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="jabber:iq:version"/></query></iq>`,
  );
});
