/** XEP-0379 Pre-Authenticated Roster Subscription, version 0.3.3: the server agrees in the user's place. */
import { expect } from "vitest";
import { invitesService } from "../../src/modules/invites/invites.ts";
import { rosterService } from "../../src/modules/roster/roster.ts";
import type { XmppServer } from "../../src/server.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { invites, PARS } from "./invite-client.ts";

const WEEK = 7 * 86_400_000;
const ROMEO = "romeo@localhost";
const JULIET = "juliet@localhost";

async function asks(client: Client, token: string, to = ROMEO): Promise<void> {
  await client.sends(
    `<presence type="subscribe" to="${to}"><preauth xmlns="${PARS}" token="${token}"/></presence>`,
  );
}

async function subscription(server: XmppServer, user: string, contact: string): Promise<string | undefined> {
  const item = await server.host().use(rosterService).item(Jid.parse(user), Jid.parse(contact));
  return item?.subscription;
}

/** The request reaches the user as any other would, token and all: it may be one of the client's own (§4.1). */
async function isAsked(romeo: Client, token: string): Promise<void> {
  await romeo.receives(
    `<presence type="subscribe" from="${JULIET}" to="${ROMEO}"><preauth xmlns="${PARS}" token="${token}"/></presence>`,
  );
}

test("a request with a token is granted, and the contact asked for the same (§3.5)", async ({
  connect,
  server,
}) => {
  const romeo = await connect("romeo/orchard");
  const juliet = await connect("juliet/balcony");
  const { token } = await invites(romeo);
  await asks(juliet, token);
  await juliet.receives(`<presence from="${ROMEO}/orchard">{...}</presence>`);
  await juliet.receives(`<presence type="subscribe" from="${ROMEO}"/>`);
  await romeo.receivesNothing();
  expect(await subscription(server, ROMEO, JULIET)).toBe("from");
  await juliet.sends(`<presence type="subscribed" to="${ROMEO}"/>`);
  expect(await subscription(server, ROMEO, JULIET)).toBe("both");
  expect(await subscription(server, JULIET, ROMEO)).toBe("both");
});

test("with the contact's approval in advance both are contacts at once, though the user is away (§3.4, §3.6)", async ({
  connect,
  server,
}) => {
  const romeo = await connect("romeo/orchard");
  const { token } = await invites(romeo);
  await romeo.sends("</stream:stream>");
  const juliet = await connect("juliet/balcony");
  await juliet.sends(`<presence type="subscribed" to="${ROMEO}"/>`);
  await asks(juliet, token);
  expect(await subscription(server, ROMEO, JULIET)).toBe("both");
  expect(await subscription(server, JULIET, ROMEO)).toBe("both");
});

test("the contact has no name in the roster (§5.4)", async ({ connect, server }) => {
  const romeo = await connect("romeo/orchard");
  const juliet = await connect("juliet/balcony");
  await asks(juliet, (await invites(romeo)).token);
  const item = await server.host().use(rosterService).item(Jid.parse(ROMEO), Jid.parse(JULIET));
  expect(item?.name).toBe("");
});

test("a token is used once (§5.2)", async ({ connect, server }) => {
  const romeo = await connect("romeo/orchard");
  const { token } = await invites(romeo);
  await asks(await connect("mercutio/desk"), token);
  romeo.forget((element) => element.is("presence"));
  await asks(await connect("juliet/balcony"), token);
  await isAsked(romeo, token);
  expect(await server.host().use(invitesService).list()).toEqual([]);
});

test("whoever is a contact already does not use it up", async ({ connect, server }) => {
  const romeo = await connect("romeo/orchard");
  const juliet = await connect("juliet/balcony");
  await asks(juliet, (await invites(romeo)).token);
  await asks(juliet, (await invites(romeo)).token);
  expect(await server.host().use(invitesService).list()).toHaveLength(1);
});

test.for(["unknown", ""])(
  "a token that is %j is ignored, and the user asked (§4.1)",
  async (token, { connect }) => {
    const romeo = await connect("romeo/orchard");
    await asks(await connect("juliet/balcony"), token);
    await isAsked(romeo, token);
  },
);

test("so is one that has expired, or was taken back (§5.2)", async ({ connect, clock, server }) => {
  const romeo = await connect("romeo/orchard", { presence: true });
  const { token } = await invites(romeo);
  const service = server.host().use(invitesService);
  const [invitation] = await service.list();
  await service.revoke(invitation?.id ?? "");
  await asks(await connect("juliet/balcony"), token);
  await isAsked(romeo, token);
  const late = await invites(romeo);
  await clock.advance(WEEK);
  romeo.forget(() => true);
  const again = await connect("mercutio/desk");
  await asks(again, late.token);
  expect(await subscription(server, ROMEO, "mercutio@localhost")).toBeUndefined();
});

test("and one that another user gave out", async ({ connect }) => {
  const romeo = await connect("romeo/orchard");
  const { token } = await invites(await connect("mercutio/desk"));
  await asks(await connect("juliet/balcony"), token);
  await isAsked(romeo, token);
});

test("nor does it make an account where the inviter may not let people register", async ({
  connect,
  raw,
}) => {
  const romeo = await connect("romeo/orchard");
  const { token } = await invites(romeo);
  const eve = raw();
  await eve.opens({ to: "localhost" });
  await eve.receivesAny();
  await eve.sends(`<iq type="set" id="pa1"><preauth xmlns="${PARS}" token="${token}"/></iq>`);
  await eve.receives(`<iq type="error" id="pa1"><error type="cancel">
    <item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`);
});
