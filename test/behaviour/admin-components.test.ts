/** What administrators see of components (XEP-0114), and what they can do. */
import { expect } from "vitest";
import { listAudit } from "../../src/admin/audit-commands.ts";
import { runCommand } from "../../src/admin/command.ts";
import { endComponent, listComponents } from "../../src/admin/component-commands.ts";
import { Watch } from "../../src/admin/inspector/watch.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import type { XmppServer } from "../../src/server.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { connectComponent } from "./component-client.ts";

const SECRET = "between us";
const DOMAIN = "bridge.localhost";

test.override({ options: { components: { [DOMAIN]: { secret: SECRET, name: "Bridge" } } } });

function contextOf(server: XmppServer) {
  return { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
}

test("components are shown with their connection and their stanzas", async ({ rig, server, clock }) => {
  const context = contextOf(server);
  const away = { domain: DOMAIN, name: "Bridge", parent: "localhost", external: true, connected: false };
  expect(await runCommand(listComponents, context, {})).toEqual({
    components: [{ ...away, received: 0, sent: 0 }],
  });
  const component = await connectComponent(rig, DOMAIN, SECRET, { remote: "192.0.2.7" });
  const since = new Date(clock.now()).toISOString();
  server.component("bot.localhost", () => undefined);
  await clock.advance("1m");
  await component.sends(
    `<iq type="get" id="p" from="${DOMAIN}" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`,
  );
  await component.receives(`<iq type="result" id="p"/>`);
  const { components } = await runCommand(listComponents, context, {});
  expect(components).toEqual([
    {
      ...away,
      connected: true,
      since,
      address: "192.0.2.7",
      secure: true,
      unsent: expect.any(Number),
      received: 1,
      sent: 1,
    },
    expect.objectContaining({ domain: "bot.localhost", external: false, connected: true, address: "" }),
  ]);
  expect(JSON.stringify(components)).not.toContain(SECRET);
});

test("a connection is ended, which the audit tells; the component may come again", async ({
  rig,
  server,
}) => {
  const context = contextOf(server);
  const component = await connectComponent(rig, DOMAIN, SECRET);
  const ended = runCommand(endComponent, context, { domain: "Bridge.localhost" });
  await component.closed("policy-violation");
  expect(await ended).toEqual({ domain: DOMAIN });
  await connectComponent(rig, DOMAIN, SECRET);
  const { entries } = await runCommand(listAudit, context, {});
  expect(entries[0]).toMatchObject({ action: "component-end", details: { domain: "Bridge.localhost" } });
});

test("what is not there, not connected or within the server cannot be ended", async ({ server }) => {
  server.component("bot.localhost", () => undefined);
  for (const [domain, text] of [
    ["other.localhost", "there is no component other.localhost"],
    [DOMAIN, `${DOMAIN} is not connected`],
    ["bot.localhost", "bot.localhost is a part of the program that runs the server"],
  ] as const) {
    await expect(runCommand(endComponent, contextOf(server), { domain })).rejects.toThrow(text);
  }
});

test("the inspector shows what a component says and hears, without its proof", async ({
  rig,
  server,
  connect,
}) => {
  const seen: string[] = [];
  const watch = new Watch(
    Jid.parse(DOMAIN),
    () => 0,
    ({ direction, session, xml }) => {
      seen.push(`${direction} ${session} ${xml}`);
    },
  );
  server.addTap(watch);
  const alice = await connect("alice/phone");
  const component = await connectComponent(rig, DOMAIN, SECRET);
  await component.sends(
    `<message from="x@${DOMAIN}" to="alice@localhost" type="chat"><body>Hi</body></message>`,
  );
  await alice.receives(`<message type="chat"><body>Hi</body></message>`);
  expect(seen.join("\n")).toMatch(/^in bridge\.localhost <handshake[^>]*>\(masked\)<\/handshake>$/m);
  expect(seen.join("\n")).toMatch(
    /^in bridge\.localhost <message .*from="x@bridge\.localhost".*<body>Hi<\/body>/m,
  );
});
