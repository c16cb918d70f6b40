import { muc } from "../modules/muc/muc.ts";
import { type RoomsAdministration, roomAdministrationService } from "../modules/muc/room-administration.ts";
import { t } from "../util/schema.ts";
import type { Jid } from "../xmpp/jid.ts";
import { AdminError, command, domainArgument, explained, hostAt, parseJid, serviceOf } from "./command.ts";
import type { AdminContext } from "./context.ts";

/** Rooms in one answer. */
const PAGE = 500;

const MAX_REASON_LENGTH = 500;

const roomArgument = () => t.string().doc("The room's address, room@conference.domain.");

export const listRooms = command({
  name: "room-list",
  description: "Lists the rooms of a domain by their addresses, hidden ones included.",
  area: "rooms",
  changes: false,
  args: t.object({
    domain: domainArgument(),
    search: t.string("").doc("Only those whose name or address contains this."),
    limit: t.integer(PAGE, { min: 1, max: PAGE }).doc("At most so many."),
  }),
  async run(context, { domain, search, limit }) {
    const rooms = serviceOf(hostAt(context, domain), muc, roomAdministrationService);
    return { rooms: await rooms.list(search, limit) };
  },
});

export const showRoom = command({
  name: "room-show",
  description: "Tells what a room is, who is there, and who belongs to it.",
  area: "rooms",
  changes: false,
  args: t.object({ room: roomArgument() }),
  async run(context, args) {
    const { jid, rooms } = roomAt(context, args.room);
    const found = await rooms.show(jid);
    if (!found) throw noSuchRoom(jid);
    return { ...found, created: new Date(found.created).toISOString() };
  },
});

export const destroyRoom = command({
  name: "room-destroy",
  description: "Ends a room: everybody who is there is told, and nothing of it is kept.",
  area: "rooms",
  changes: true,
  args: t.object({
    room: roomArgument(),
    reason: t.string("").doc("What its occupants are told."),
  }),
  async run(context, args) {
    const { jid, rooms } = roomAt(context, args.room);
    if (!(await rooms.destroy(jid, args.reason.slice(0, MAX_REASON_LENGTH)))) throw noSuchRoom(jid);
    return { room: jid.toString() };
  },
});

export const affiliate = command({
  name: "room-affiliate",
  description: "Says what somebody is in a room: owner, admin, member, outcast (banned), or none of these.",
  area: "rooms",
  changes: true,
  args: t.object({
    room: roomArgument(),
    user: t.string().doc("Whose affiliation it is: user@domain, or a domain for all of its users."),
    affiliation: t.oneOf(["owner", "admin", "member", "outcast", "none"]).doc("What they are from now on."),
  }),
  async run(context, { room, user, affiliation }) {
    const { jid, rooms } = roomAt(context, room);
    const who = parseJid(user).bare;
    await explained(() => rooms.setAffiliation(jid, who, affiliation), {
      "item-not-found": noSuchRoom(jid).message,
    });
    return { room: jid.toString(), user: who.toString(), affiliation };
  },
});

export const announceInRooms = command({
  name: "room-announce",
  description: "Says something to everybody in a room, or in all rooms of a domain, in the rooms' names.",
  area: "rooms",
  changes: true,
  args: t.object({
    text: t.string().doc("What is said."),
    room: t.optional(roomArgument()).doc("Where it is said; absent: in all rooms of the domain."),
    domain: domainArgument(),
  }),
  async run(context, { text, room, domain }) {
    if (text.trim() === "") throw new AdminError("there is nothing to say", "bad-request");
    const place = room === undefined ? undefined : roomAt(context, room);
    const rooms = place?.rooms ?? serviceOf(hostAt(context, domain), muc, roomAdministrationService);
    const told = await explained(() => rooms.announce(place?.jid, text), {
      "item-not-found": `there is no room ${room}`,
    });
    return { rooms: told };
  },
});

export const lockRoom = command({
  name: "room-lockdown",
  description:
    "Locks a room down, so that only members may be there, the room is moderated, and nobody registers; or ends that.",
  area: "rooms",
  changes: true,
  args: t.object({
    room: roomArgument(),
    on: t.boolean(true).doc("Whether it is locked down from now on."),
  }),
  async run(context, { room, on }) {
    const { jid, rooms } = roomAt(context, room);
    await explained(() => rooms.lockDown(jid, on), { "item-not-found": noSuchRoom(jid).message });
    return { room: jid.toString(), lockdown: on };
  },
});

/** A room's address and the rooms of the domain that its service belongs to. */
function roomAt(
  context: AdminContext,
  text: string,
): { readonly jid: Jid; readonly rooms: RoomsAdministration } {
  const jid = parseJid(text).bare;
  if (jid.local === "")
    throw new AdminError(`expected an address like room@domain, got "${text}"`, "jid-malformed");
  for (const host of context.hosts.values()) {
    if (host.services.some((service) => service.domain === jid.domain)) {
      return { jid, rooms: serviceOf(host, muc, roomAdministrationService) };
    }
  }
  throw noSuchRoom(jid);
}

function noSuchRoom(jid: Jid): AdminError {
  return new AdminError(`there is no room ${jid.toString()}`, "item-not-found");
}
