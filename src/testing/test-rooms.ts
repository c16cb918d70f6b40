import { roomsService } from "../modules/muc/rooms-service.ts";
import type { XmppServer } from "../server.ts";
import { el, serialize } from "../xml/element.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { PipeClient } from "./create-rig.ts";

/** A room with what it is to be from the start (XEP-0045). It stays when everybody leaves. */
export interface RoomFixture {
  /** `"balcony"`, of the first group chat service, or an address. */
  readonly name: string;
  /** Default: the first of the server's users. */
  readonly owner?: string;
  readonly admins?: readonly string[];
  readonly members?: readonly string[];
  readonly outcasts?: readonly string[];
  readonly subject?: string;
  /** Fields of the configuration form, without `muc#roomconfig_`: `{ membersonly: "1" }`. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A room, as it is now. */
export interface RoomView {
  /** Its bare JID. */
  readonly jid: string;
  readonly persistent: boolean;
  readonly occupants: readonly OccupantView[];
}

export interface OccupantView {
  readonly nick: string;
  /** The bare JID of who it is. */
  readonly user: string;
  readonly role: string;
  readonly affiliation: string;
  /** Full JIDs. */
  readonly clients: readonly string[];
}

/** `"balcony"` is a room of the default domain's first group chat service. @throws Error when there is none. */
export function roomAddress(server: XmppServer, name: string): Jid {
  if (name.includes("@")) return Jid.parse(name);
  const [domain] = server.host().find(roomsService)?.domains ?? [];
  if (domain === undefined) throw new Error("there is no group chat service: the module muc is switched off");
  return Jid.parse(`${name}@${domain}`);
}

/** @throws Error when there is no such room. */
export async function viewRoom(server: XmppServer, jid: Jid): Promise<RoomView> {
  for (const host of server.hosts.values()) {
    const room = await host.find(roomsService)?.find(jid);
    if (!room) continue;
    return {
      jid: room.jid.toString(),
      persistent: room.options.persistent,
      occupants: [...room.occupants.values()].map(({ nick, user, role, seats }) => ({
        nick,
        user: user.toString(),
        role,
        affiliation: room.affiliationOf(user),
        clients: seats.map((seat) => seat.jid.toString()),
      })),
    };
  }
  throw new Error(`there is no room ${jid.toString()}`);
}

/** Makes a room as its owner would, with a client that is gone afterwards. @throws Error when the server refuses something. */
export async function furnishRoom(
  owner: PipeClient,
  jid: Jid,
  fixture: RoomFixture,
  resolve: (name: string) => string,
): Promise<void> {
  const room = jid.toString();
  const seat = `${room}/owner`;
  await owner.sends(serialize(el("presence", { to: seat }, el("x", { xmlns: ns.MUC }))));
  await ask(owner, room, el("query", { xmlns: ns.MUC_OWNER }, formOf(fixture)));
  const items = [
    ...itemsOf("admin", fixture.admins, resolve),
    ...itemsOf("member", fixture.members, resolve),
    ...itemsOf("outcast", fixture.outcasts, resolve),
  ];
  if (items.length > 0) await ask(owner, room, el("query", { xmlns: ns.MUC_ADMIN }, ...items));
  if (fixture.subject !== undefined) {
    const subject = el("subject", {}, fixture.subject);
    await owner.sends(serialize(el("message", { to: room, type: "groupchat" }, subject)));
  }
  await owner.sends(serialize(el("presence", { to: seat, type: "unavailable" })));
  await owner.disconnects();
}

function formOf({ options = {} }: RoomFixture) {
  const fields = Object.entries({ persistentroom: "1", ...options }).map(([name, value]) =>
    el("field", { var: `muc#roomconfig_${name}` }, el("value", {}, value)),
  );
  const type = el("field", { var: "FORM_TYPE", type: "hidden" }, el("value", {}, ns.MUC_CONFIG));
  return el("x", { xmlns: ns.DATA_FORMS, type: "submit" }, type, ...fields);
}

function itemsOf(
  affiliation: string,
  names: readonly string[] | undefined,
  resolve: (name: string) => string,
) {
  return (names ?? []).map((name) => el("item", { affiliation, jid: resolve(name) }));
}

async function ask(owner: PipeClient, to: string, query: ReturnType<typeof el>): Promise<void> {
  const id = "fixture";
  await owner.sends(serialize(el("iq", { type: "set", to, id }, query)));
  for (;;) {
    const answer = await owner.receivesAny();
    if (answer.attrs["id"] !== id) continue;
    if (answer.attrs["type"] === "result") return;
    throw new Error(`the fixture of ${to}: ${serialize(answer)}`);
  }
}
