/** What administrators see of a running server. */
import { describe, expect } from "vitest";
import { addUser, listUsers, removeUser, showUser } from "../../src/admin/account-commands.ts";
import { runCommand } from "../../src/admin/command.ts";
import { closeReport, listReports } from "../../src/admin/report-commands.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import { tailLog } from "../../src/admin/server-commands.ts";
import { listSessions, showSession } from "../../src/admin/session-commands.ts";
import type { XmppServer } from "../../src/server.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { logIn } from "../../src/testing/log-in.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { connectSecure } from "./socket-client.ts";

function contextOf(server: XmppServer) {
  return { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
}

describe("sessions", () => {
  test("are shown with connection, mechanism, and what waits for them", async ({
    server,
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone", { remote: "192.0.2.7", priority: 5 });
    await alice.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    await alice.receives(`<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="{any}"/>`);
    const bob = await connect("bob/desk", { presence: false });
    await bob.sends(`<message to="alice@localhost" type="chat"><body>Hi</body></message>`);
    const now = new Date(clock.now()).toISOString();
    const { sessions, total } = await runCommand(listSessions, contextOf(server), {});
    expect(total).toBe(2);
    expect(sessions).toEqual([
      {
        jid: "alice@localhost/phone",
        address: "192.0.2.7",
        secure: true,
        transport: "pipe",
        unsent: expect.any(Number),
        mechanism: "PLAIN",
        lastActive: now,
        priority: 5,
        management: { resumable: true, received: 0, sent: 1, unacknowledged: 1 },
      },
      {
        jid: "bob@localhost/desk",
        address: "",
        secure: true,
        transport: "pipe",
        unsent: expect.any(Number),
        mechanism: "PLAIN",
        lastActive: now,
      },
    ]);
    const found = await runCommand(listSessions, contextOf(server), { search: "BOB@" });
    expect(found.sessions.map(({ jid }) => jid)).toEqual(["bob@localhost/desk"]);
  });

  test("on ports are shown with their encryption", async () => {
    await using rig = await createRig({ listen: { c2s: 0, c2sTls: 0 } });
    await rig.server.listen();
    await rig.user("alice", "sesame");
    const client = await connectSecure(rig);
    await logIn(client, { domain: "localhost", user: "alice", password: "sesame", resource: "desk" });
    const { sessions } = await runCommand(listSessions, contextOf(rig.server), {});
    expect(sessions[0]).toMatchObject({
      jid: "alice@localhost/desk",
      address: "127.0.0.1",
      transport: "tls",
      tls: "TLSv1.3",
      cipher: expect.stringMatching(/^TLS_/),
    });
    client.socket.destroy();
  });

  test("that lost their connection are shown as such", async ({ server, connect }) => {
    const alice = await connect("alice/phone", { remote: "192.0.2.7" });
    await alice.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    await alice.receives(`<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="{any}"/>`);
    alice.pipe.end();
    const { sessions } = await runCommand(listSessions, contextOf(server), {});
    expect(sessions[0]).not.toHaveProperty("transport");
    expect(sessions[0]).toMatchObject({ jid: "alice@localhost/phone", address: "" });
  });

  test("say what program they are, when asked; one that does not say is no fault", async ({
    server,
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence><show>away</show><status>out</status></presence>`);
    await alice.receives(
      `<presence from="alice@localhost/phone"><show>away</show><status>out</status></presence>`,
    );
    const asked = runCommand(showSession, contextOf(server), { address: "alice@localhost/phone" });
    await alice.receives(`<iq type="get" id="{id}" from="localhost"><query xmlns="jabber:iq:version"/></iq>`);
    const id = [...alice.heard.matchAll(/<iq[^>]* id="([^"]+)"/g)].at(-1)?.[1];
    await alice.sends(
      `<iq type="result" id="${id}" to="localhost"><query xmlns="jabber:iq:version"><name>Beak</name><version>1</version></query></iq>`,
    );
    expect(await asked).toMatchObject({
      jid: "alice@localhost/phone",
      show: "away",
      status: "out",
      software: { name: "Beak", version: "1", os: "" },
    });

    const silent = runCommand(showSession, contextOf(server), { address: "alice@localhost/phone" });
    await clock.advance(3_000);
    expect(await silent).toMatchObject({ software: undefined });
  });
});

test("accounts are found by a part of their name, page by page", async ({ server }) => {
  const context = contextOf(server);
  for (const name of ["anna", "bert", "hanna", "joanna"]) {
    await runCommand(addUser, context, { user: `${name}@localhost`, password: "x" });
  }
  const search = { domain: "localhost", search: "ANNA" };
  const { users, next } = await runCommand(listUsers, context, { ...search, limit: 2 });
  expect(users).toEqual(["anna@localhost", "hanna@localhost"]);
  expect(await runCommand(listUsers, context, { ...search, limit: 2, after: next })).toEqual({
    users: ["joanna@localhost"],
  });
});

test("accounts are listed with who is online or disabled, when that is asked for", async ({
  server,
  connect,
}) => {
  const context = contextOf(server);
  await connect("anna/phone");
  for (const name of ["bert", "carl"]) {
    await runCommand(addUser, context, { user: `${name}@localhost`, password: "x" });
  }
  await server.host().setDisabled(Jid.parse("bert@localhost"), true);
  expect(await runCommand(listUsers, context, { domain: "localhost", states: true })).toEqual({
    users: ["anna@localhost", "bert@localhost", "carl@localhost"],
    online: ["anna@localhost"],
    disabled: ["bert@localhost"],
  });
});

test("an account is shown with the name in its vCard", async ({ server, connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="set" id="v"><vCard xmlns="vcard-temp"><FN>Alice L.</FN></vCard></iq>`);
  await alice.receives(`<iq type="result" id="v"/>`);
  expect(await runCommand(showUser, contextOf(server), { user: "alice@localhost" })).toMatchObject({
    name: "Alice L.",
  });
});

describe("reports", () => {
  const report = (jid: string, text: string) => `
    <iq type="set" id="r"><block xmlns="urn:xmpp:blocking"><item jid="${jid}">
      <report xmlns="urn:xmpp:reporting:1" reason="urn:xmpp:reporting:spam"><text>${text}</text></report>
    </item></block></iq>`;

  test("are kept, the latest first, until they are dealt with or their author is gone", async ({
    server,
    connect,
  }) => {
    const context = contextOf(server);
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(report("spam@example.org", "buy"));
    await bob.sends(report("ads@example.org", "more"));
    const { reports } = await runCommand(listReports, context, {});
    expect(reports).toMatchObject([
      { reporter: "bob@localhost", jid: "ads@example.org", reason: "urn:xmpp:reporting:spam", text: "more" },
      { reporter: "alice@localhost", jid: "spam@example.org", text: "buy" },
    ]);
    await runCommand(closeReport, context, { id: reports[0]?.id });
    expect((await runCommand(listReports, context, {})).reports).toHaveLength(1);
    await expect(runCommand(closeReport, context, { id: reports[0]?.id })).rejects.toThrow(
      "there is no report",
    );
    await runCommand(removeUser, context, { user: "alice@localhost" });
    expect((await runCommand(listReports, context, {})).reports).toEqual([]);
  });

  test("are kept up to a number; then the oldest go", async () => {
    await using rig = await createRig({ config: { modules: { blocking: { reports: 2 } } } });
    const alice = await rig.connect("alice/phone");
    for (const name of ["a", "b", "c"]) await alice.sends(report(`${name}@example.org`, name));
    const { reports } = await runCommand(listReports, contextOf(rig.server), {});
    expect(reports.map(({ text }) => text)).toEqual(["c", "b"]);
  });
});

test("the log is remembered, line by line", async ({ server, connect }) => {
  const context = contextOf(server);
  server.log.warn("first", { detail: 1 });
  const { last } = await runCommand(tailLog, context, {});
  server.log.child({ stream: "s" }).warn("second", { detail: 2 });
  await connect("alice/phone");
  const { lines } = await runCommand(tailLog, context, { after: last, level: "warn" });
  expect(lines).toEqual([
    {
      number: last + 1,
      at: expect.any(String),
      level: "warn",
      message: "second",
      data: { stream: "s", detail: 2 },
    },
  ]);
});
