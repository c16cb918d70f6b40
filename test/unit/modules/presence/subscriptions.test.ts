/** RFC 6121 Appendix A, carried out: what goes on, what the roster says then, and who is told. */
import { expect } from "vitest";
import {
  partsOf,
  type SubscriptionState,
  stateOf,
} from "../../../../src/modules/presence/subscription-states.ts";
import type { ContactList } from "../../../../src/modules/roster/contact-list.ts";
import { rosterService } from "../../../../src/modules/roster/roster.ts";
import type { PipeClient, Rig } from "../../../../src/testing/create-rig.ts";
import { test } from "../../../../src/testing/rig.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { presence, type Stanza } from "../../../../src/xmpp/stanza.ts";
import { APPENDIX_A, type Rule } from "./appendix-a.ts";

const ALICE = "alice@localhost";
const CONTACT = "contact@example.org";
const alice = Jid.parse(ALICE);
const contact = Jid.parse(CONTACT);

test.override({ options: { domain: ["localhost", "example.org"] } });

async function rosterOf(rig: Rig): Promise<ContactList> {
  return rig.server.host().use(rosterService).of(alice);
}

/** What the contact's server gets to see, in its order. */
function overhear(rig: Rig): Stanza[] {
  const routed: Stanza[] = [];
  rig.server.host("example.org").hook("presence:received", "guard", ({ stanza }) => {
    routed.push(stanza);
    return "handled";
  });
  return routed;
}

/** Brings Alice and the contact into `state`. */
async function enter(list: ContactList, state: SubscriptionState): Promise<void> {
  const { subscription, ask, pendingIn } = partsOf(state);
  await list.dropRequest(contact);
  if (list.get(contact)) await list.remove(contact);
  if (subscription !== "none" || ask) {
    await list.put({ contact, name: "", groups: [], subscription, ask, approved: false });
  }
  if (pendingIn) await list.keepRequest(contact, presence({ type: "subscribe", from: contact, to: alice }));
}

function stateNow(list: ContactList): SubscriptionState {
  const { subscription, ask } = list.get(contact) ?? { subscription: "none", ask: false };
  return stateOf({ subscription, ask, pendingIn: list.request(contact) !== undefined });
}

async function aliceOnline(rig: Rig): Promise<PipeClient> {
  const phone = await rig.connect("alice/phone");
  await phone.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
  await phone.receivesAny();
  return phone;
}

function seen(state: SubscriptionState): boolean {
  return ["from", "both"].includes(partsOf(state).subscription);
}

const of = (direction: Rule["direction"]) => APPENDIX_A.filter((rule) => rule.direction === direction);

test.for(of("outbound"))("outbound $type in $state", async (rule, { rig }) => {
  const routed = overhear(rig);
  const phone = await aliceOnline(rig);
  const list = await rosterOf(rig);
  await enter(list, rule.state);
  const before = list.version;

  await phone.sends(`<presence type="${rule.type}" to="contact@example.org/desk" id="s"/>`);

  expect(stateNow(list)).toBe(rule.next);
  expect(list.get(contact)?.approved ?? false).toBe(rule.preApproval);
  // §3: from bare JID to bare JID; around it what the contact sees of Alice comes and goes (§3.1.5, §3.2.2).
  const stanzas = routed.map(({ type, from, to }) => `${type} ${String(from)} ${String(to)}`);
  expect(stanzas).toEqual([
    ...(seen(rule.state) && !seen(rule.next) ? [`unavailable alice@localhost/phone ${CONTACT}`] : []),
    ...(rule.goesOn ? [`${rule.type} alice@localhost ${CONTACT}`] : []),
    ...(!seen(rule.state) && seen(rule.next) ? [`undefined alice@localhost/phone ${CONTACT}`] : []),
  ]);
  if (list.version > before) await phone.receives(`<iq type="set">{any}</iq>`);
  await phone.receivesNothing();
});

test.for(of("inbound"))("inbound $type in $state", async (rule, { rig }) => {
  const routed = overhear(rig);
  const phone = await aliceOnline(rig);
  const list = await rosterOf(rig);
  await enter(list, rule.state);
  const before = list.version;
  const { server } = rig;

  const stanza = {
    type: rule.type,
    id: "s",
    from: Jid.parse(`${CONTACT}/desk`),
    to: Jid.parse(`${ALICE}/phone`),
  };
  await server.host().route(presence(stanza));
  await rig.settle();

  expect(stateNow(list)).toBe(rule.next);
  // A.3: delivered before the push (§3.1.6, §3.2.3, §3.3.3).
  if (rule.goesOn) {
    await phone.receives(`<presence type="${rule.type}" from="${CONTACT}" to="${ALICE}" id="s"/>`);
  }
  if (list.version > before) await phone.receives(`<iq type="set">{any}</iq>`);
  await phone.receivesNothing();
  const stanzas = routed.map(({ type, from, to }) => `${type} ${String(from)} ${String(to)}`);
  if (rule.type === "subscribe" && rule.noted && !rule.goesOn) {
    expect(stanzas).toEqual([`subscribed ${ALICE} ${CONTACT}`, `undefined alice@localhost/phone ${CONTACT}`]);
  } else if (rule.type === "unsubscribe" && rule.noted) {
    const hidden = seen(rule.state) ? [`unavailable alice@localhost/phone ${CONTACT}`] : [];
    expect(stanzas).toEqual([...hidden, `unsubscribed ${ALICE} ${CONTACT}`]);
  } else {
    expect(stanzas).toEqual([]);
  }
});
