/** The configuration of docs/conformance.md lets in the suite that it is for. */
import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { logIn } from "../../src/testing/log-in.ts";
import { test } from "../../src/testing/rig.ts";
import { COMMANDS } from "./admin-client.ts";

const page = readFileSync(new URL("../../docs/conformance.md", import.meta.url), "utf8");
const written = JSON.parse(/```json\n([^]*?)```/.exec(page)?.[1] ?? "{}") as Record<string, unknown>;
const { admins, tls: encryption, auth, limits, modules } = written;
const ADMIN = "admin@example.org";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const ADD_USER = "http://jabber.org/protocol/admin#add-user";

test("is one", () => {
  expect(parseConfig(written).domains).toHaveLength(1);
  expect(admins).toEqual([ADMIN]);
});

describe("in the clear", () => {
  const config = { admins, tls: encryption, auth, limits, modules };
  test.override({ options: { domain: "example.org", config } });

  test("accounts are made on one stream that never logs in, with what else the suite tells", async ({
    raw,
    clock,
  }) => {
    const suite = raw({ secure: false });
    await suite.opens({ to: "example.org" });
    await suite.receives(
      `<stream:features>{...}<register xmlns="http://jabber.org/features/iq-register"/></stream:features>`,
    );
    for (let number = 1; number <= 12; number++) {
      await suite.sends(`<iq type="set" id="r" to="example.org"><query xmlns="jabber:iq:register">
        <username>sinttest-${number}</username><password>secret</password>
        <name>Smack Integration Test</name><email>flow@example.org</email></query></iq>`);
      await suite.receives(`<iq type="result" id="r"/>`);
      await clock.advance(60_000);
    }
    const user = raw({ secure: false });
    await logIn(user, { domain: "example.org", user: "sinttest-12", password: "secret" });
  });

  test("no log-in waits for the wrong ones before it", async ({ raw, user }) => {
    await user("romeo@example.org", "secret");
    for (let count = 0; count < 8; count++) {
      const suite = raw({ remote: "127.0.0.1" });
      await suite.opens({ to: "example.org" });
      await suite.receives("<stream:features>{any}</stream:features>");
      await suite.sends(`<auth xmlns="${SASL}" mechanism="PLAIN">${btoa("\0romeo\0wrong")}</auth>`);
      await suite.receives(`<failure xmlns="${SASL}"><not-authorized/></failure>`);
    }
    await logIn(raw({ remote: "127.0.0.1" }), { domain: "example.org", user: "romeo", password: "secret" });
  });

  test("an administrator makes accounts by the commands at its own address", async ({ raw, user }) => {
    await user(ADMIN, "secret");
    const admin = raw({ secure: false });
    await logIn(admin, { domain: "example.org", user: "admin", password: "secret" });
    const sends = (inner: string) => admin.sends(`<iq type="set" id="a1" to="${ADMIN}">${inner}</iq>`);
    await sends(`<command xmlns="${COMMANDS}" node="${ADD_USER}" action="execute"/>`);
    const form = await admin.receivesAny();
    const session = String(form.getChild("command")?.attrs["sessionid"]);
    const fields = { accountjid: "sint@example.org", password: "pw", "password-verify": "pw" };
    const filled = Object.entries(fields).map(
      ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
    );
    await sends(`<command xmlns="${COMMANDS}" node="${ADD_USER}" action="complete" sessionid="${session}">
      <x xmlns="jabber:x:data" type="submit">${filled.join("")}</x></command>`);
    expect((await admin.receivesAny()).toString()).toContain("Operation finished successfully");
    await logIn(raw({ secure: false }), { domain: "example.org", user: "sint", password: "pw" });
  });
});
