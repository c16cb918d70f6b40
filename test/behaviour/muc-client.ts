/** What tests of rooms say and expect: patterns for a room's presence, and the ways into it. */
import type { Client } from "../../src/testing/client.ts";

export const MUC = "http://jabber.org/protocol/muc";
export const USER = `${MUC}#user`;
export const ADMIN = `${MUC}#admin`;
export const OWNER = `${MUC}#owner`;
export const CONFIG = `${MUC}#roomconfig`;
export const SERVICE = "conference.localhost";
export const ROOM = `coven@${SERVICE}`;
export const JOIN = `<x xmlns="${MUC}"/>`;
const ID = `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="{any}"/>`;
const MAV = "urn:xmpp:muc:affiliations:1";
/** XEP-0463: that the affiliations are, and that to which they changed. */
const VERSION = `<mav xmlns="${MAV}" until="{any}"/>`;
export const STEP = `<mav xmlns="${MAV}" since="{any}" until="{any}"/>`;
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

interface Shown {
  readonly room?: string;
  readonly codes?: readonly number[];
  /** Inside of the item. */
  readonly inside?: string;
  /** Before the `<x/>`. */
  readonly before?: string;
  /** Before the item. Default: a version of affiliations, where clients hear of themselves. */
  readonly ahead?: string;
  /** Behind the item. */
  readonly behind?: string;
}

/** `item`: its attributes, such as `affiliation="none" role="participant"`. */
export function present(nick: string, item: string, shown: Shown = {}): string {
  const isOwn = shown.codes?.includes(110) ?? false;
  return presence(nick, "", item, isOwn ? { ahead: VERSION, ...shown } : shown);
}

export function gone(nick: string, item: string, shown: Shown = {}): string {
  return presence(nick, ` type="unavailable"`, item, shown);
}

function presence(nick: string, type: string, item: string, shown: Shown): string {
  const { room = ROOM, codes = [], inside = "", before = "", ahead = "", behind = "" } = shown;
  const statuses = codes.map((code) => `<status code="${code}"/>`).join("");
  return `<presence from="${room}/${nick}"${type}>${before}<x xmlns="${USER}">${ahead}<item ${item}>${inside}</item>${behind}${statuses}</x>${ID}</presence>`;
}

/** A message to the room as everybody gets it. */
export function said(nick: string, inner: string, more = "", room = ROOM): string {
  return `<message from="${room}/${nick}" type="groupchat"${more}>${inner}${ID}</message>`;
}

/** An error for `kind`, with what it repeats; by the room where it is from an occupant's address. */
export function failed(
  kind: string,
  attributes: string,
  inner: string,
  type: string,
  condition: string,
): string {
  const [, room] = / ?from="([^"/]+@[^"/]+)\//.exec(attributes) ?? [];
  const by = room === undefined ? "" : ` by="${room}"`;
  return `<${kind} ${attributes} type="error">${inner}<error type="${type}"${by}><${condition} xmlns="${STANZAS}"/></error></${kind}>`;
}

export const NO_SUBJECT = `<message from="${ROOM}" type="groupchat"><subject/></message>`;

/** Enters, and takes whatever comes up to the subject; returns what came before it. */
export async function enter(
  client: Client,
  nick: string,
  { room = ROOM, inside = "", payload = "" } = {},
): Promise<string[]> {
  await client.sends(`<presence to="${room}/${nick}">${payload}<x xmlns="${MUC}">${inside}</x></presence>`);
  const seen: string[] = [];
  for (;;) {
    const element = await client.receivesAny();
    if (element.is("message") && element.getChild("subject") && !element.getChild("body")) return seen;
    seen.push(element.toString());
  }
}

/** Takes the defaults (§10.1.2). */
export async function unlock(owner: Client, room = ROOM): Promise<void> {
  await owner.sends(
    `<iq type="set" id="create" to="${room}"><query xmlns="${OWNER}"><x xmlns="jabber:x:data" type="submit"/></query></iq>`,
  );
  await owner.receives(`<iq type="result" id="create" from="${room}"/>`);
}

/** A room of this owner's: made, and configured by these fields of the form. */
export async function makeRoom(
  owner: Client,
  nick: string,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
  room = ROOM,
): Promise<void> {
  await enter(owner, nick, { room });
  await configure(owner, fields, room);
}

/** alice, who makes the room as `first`, and bob in it as `second`, who has heard all that comes with entering. */
export async function meet(
  connect: (name: string) => Promise<Client>,
): Promise<[alice: Client, bob: Client]> {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first");
  await enter(bob, "second");
  return [alice, bob];
}

/** Submits these fields; the short names are those of `muc#roomconfig_`. */
export async function configure(
  owner: Client,
  fields: Readonly<Record<string, string | readonly string[]>>,
  room = ROOM,
): Promise<void> {
  await owner.sends(submission(fields, room));
  await owner.receives(`<iq type="result" id="config" from="${room}"/>`);
}

export function submission(
  fields: Readonly<Record<string, string | readonly string[]>>,
  room = ROOM,
): string {
  const written = Object.entries(fields).map(([name, given]) => {
    const values = (typeof given === "string" ? [given] : given).map((value) => `<value>${value}</value>`);
    const full = /[#{]/.test(name) ? name : `muc#roomconfig_${name}`;
    return `<field var="${full}">${values.join("")}</field>`;
  });
  return `<iq type="set" id="config" to="${room}"><query xmlns="${OWNER}"><x xmlns="jabber:x:data" type="submit">
    <field var="FORM_TYPE"><value>${CONFIG}</value></field>${written.join("")}</x></query></iq>`;
}

/** Changes roles or affiliations; `items` as they are sent. */
export async function administers(client: Client, items: string, id = "a1", room = ROOM): Promise<void> {
  await client.sends(`<iq type="set" id="${id}" to="${room}"><query xmlns="${ADMIN}">${items}</query></iq>`);
}

/** As `administers`, with its success, whatever else comes. */
export async function grants(client: Client, items: string, room = ROOM): Promise<void> {
  await administers(client, items, "grant", room);
  for (;;) {
    const answer = await client.receivesAny();
    if (!answer.is("iq")) continue;
    if (answer.attrs["type"] !== "result") throw new Error(`refused: ${answer.toString()}`);
    return;
  }
}

/** Forgets everything that came so far. */
export function forget(...clients: Client[]): void {
  for (const client of clients) client.forget(() => true);
}
