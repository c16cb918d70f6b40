/** RFC 6120 §4.3, §13.12: what a client may try out of its order. */
import { describe, expect } from "vitest";
import { streamHeader } from "../../src/testing/client.ts";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const FEATURES = "<stream:features>{any}</stream:features>";

const plain = (user: string) =>
  `<auth xmlns="${SASL}" mechanism="PLAIN">${Buffer.from(`\0${user}\0secret of ${user}`).toString("base64")}</auth>`;

describe("resource binding is negotiated in an IQ (§7.4)", () => {
  /** An element that has all that a request for binding has but its namespace. */
  const disguised = (resource: string) =>
    `<iq xmlns="${BIND}" type="set" id="1"><bind><resource>${resource}</resource></bind></iq>`;

  test("before a resource is bound", async ({ authenticated, server }) => {
    const client = await authenticated("alice");
    await client.sends(disguised("phone"));
    await client.closed("unsupported-stanza-type");
    expect(server.host().sessions.size).toBe(0);
  });

  test("and not again afterwards", async ({ connect, server }) => {
    const opened: string[] = [];
    server.host().hook("session:open", "observe", ({ session }) => void opened.push(session.jid.toString()));
    const client = await connect("alice/phone");
    await client.sends(disguised("tablet"));
    await client.closed("unsupported-stanza-type");
    expect(opened).toEqual(["alice@localhost/phone"]);
  });
});

describe("registration is negotiated in an IQ (XEP-0077 §3.1)", () => {
  test.override({ options: { config: { modules: { register: { open: true } } } } });

  test("and in nothing that looks like one", async ({ raw, server }) => {
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(
      `<iq xmlns="jabber:iq:register" type="set" id="1"><query><username>eve</username><password>pw</password></query></iq>`,
    );
    await client.closed("unsupported-stanza-type");
    expect(await server.host().accounts.list("localhost")).toEqual([]);
  });
});

test("nobody comes in while the account is removed, to stay when its name is another's", async ({
  authenticated,
  connect,
  server,
}) => {
  const host = server.host();
  let forgotten = () => {};
  host.hook("user:deleted", "observe", () => new Promise<void>((resolve) => void (forgotten = resolve)));
  await connect("alice/phone");
  const intruder = await authenticated("alice");
  const removed = host.removeUser(Jid.parse("alice@localhost"));
  await intruder.sends(`<iq type="set" id="1"><bind xmlns="${BIND}"/></iq>`);
  await intruder.closed("not-authorized");
  forgotten();
  expect(await removed).toBe(true);
  expect(host.sessions.size).toBe(0);
});

test("nobody comes in by an account that was removed, when somebody else has its name", async ({
  authenticated,
  server,
}) => {
  const host = server.host();
  const ghost = await authenticated("alice");
  await host.removeUser(Jid.parse("alice@localhost"));
  await host.accounts.create(Jid.parse("alice@localhost"), "another");
  await ghost.sends(`<iq type="set" id="1"><bind xmlns="${BIND}"/></iq>`);
  await ghost.closed("not-authorized");
  expect(host.sessions.size).toBe(0);
});

describe("where guests are let in", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("nobody becomes one by an account that was removed", async ({ authenticated, server }) => {
    const host = server.host();
    const ghost = await authenticated("alice");
    await host.removeUser(Jid.parse("alice@localhost"));
    await ghost.sends(`<iq type="set" id="1"><bind xmlns="${BIND}"/></iq>`);
    await ghost.closed("not-authorized");
    expect(host.sessions.size).toBe(0);
  });
});

describe("a client that does not wait for answers (§4.3.3)", () => {
  async function opened(client: PipeClient, behind: string): Promise<void> {
    await client.sendsRaw(streamHeader() + behind);
    await client.receivesHeader();
    await client.receives(FEATURES);
  }

  test("is one user even if it logs in twice at once", async ({ raw, user, server }) => {
    await user("alice");
    await user("bob");
    const client = raw();
    await opened(client, plain("alice") + plain("bob"));
    await client.receives(`<success xmlns="${SASL}"/>`);
    await client.receivesHeader();
    await client.closed("invalid-namespace");
    expect(server.host().sessions.size).toBe(0);
  });

  test("is nobody when it ends its stream behind a log-in", async ({ raw, user, server }) => {
    await user("alice");
    const client = raw();
    await opened(client, `${plain("alice")}</stream:stream>${streamHeader()}`);
    await client.receives(`<success xmlns="${SASL}"/>`);
    await client.receivesHeader();
    await client.closed("not-well-formed");
    expect(server.host().sessions.size).toBe(0);
  });

  test("gets nothing through TLS that it sent before it (§13.4)", async ({ raw, user }) => {
    await user("alice");
    const client = raw({ secure: false, startTls: true });
    await opened(
      client,
      `<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>${streamHeader()}${plain("alice")}`,
    );
    await client.receives(`<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>`);
    await client.receivesNothing();
  });
});
