import type { Host } from "../../core/host.ts";
import type { ServiceHost } from "../../core/service-host.ts";
import type { Hooks } from "../../routing/hooks.ts";
import type { IqHandler, IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, all, each } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { adhocService } from "../adhoc/adhoc.ts";
import type { AdhocCommand } from "../adhoc/command.ts";
import { roomFacesService } from "../admin/room-faces-service.ts";
import { archiveService } from "../mam/archive-service.ts";
import { pushService } from "../push/push.ts";
import { Activity } from "./activity.ts";
import { AdminQueries } from "./admin-queries.ts";
import { AffiliationChanges } from "./affiliation-changes.ts";
import { Announcements } from "./announcements.ts";
import { Attendance, isEntry } from "./attendance.ts";
import { ChannelSearch } from "./channel-search.ts";
import type { MucConfig } from "./config.ts";
import type { Context } from "./context.ts";
import { Delivery } from "./delivery.ts";
import { HatCommands } from "./hat-commands.ts";
import { Invitations } from "./invitations.ts";
import { Mentions } from "./mentions.ts";
import { Messages } from "./messages.ts";
import { moderate } from "./moderation.ts";
import { Newcomers } from "./newcomers.ts";
import type { Occupant } from "./occupant.ts";
import type { OccupantIds } from "./occupant-ids.ts";
import { OccupantRequests } from "./occupant-requests.ts";
import { OwnerQueries } from "./owner-queries.ts";
import { Pace } from "./pace.ts";
import { Presences } from "./presences.ts";
import { Registration } from "./registration.ts";
import { Removal } from "./removal.ts";
import { showReport } from "./reports.ts";
import { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";
import type { AdministeredService } from "./room-administration.ts";
import { lastSaid, RoomArchive, recall } from "./room-archive.ts";
import { RoomCommands } from "./room-commands.ts";
import { RoomConfiguration } from "./room-configuration.ts";
import { RoomDisco } from "./room-disco.ts";
import { namingRoom } from "./room-errors.ts";
import type { RoomStore } from "./room-store.ts";
import type { RoomVCards } from "./room-vcards.ts";
import { Rooms } from "./rooms.ts";
import type { TemporaryArchives } from "./temporary-archives.ts";
import { Wardrobe } from "./wardrobe.ts";

type InRoom = (room: Room, request: IqRequest) => Awaitable<Element | "answered" | undefined>;

/** How often rooms that wait for their configuration are looked at. */
const SWEEP_MS = 5_000;

interface Parts {
  readonly host: Host;
  readonly domain: string;
  readonly config: MucConfig;
  readonly store: RoomStore;
  readonly ids: OccupantIds;
  readonly vCards: RoomVCards;
  readonly temporaryArchives: TemporaryArchives;
}

/** Opens one group chat service: the parts, and which of them gets what. */
export function openService(parts: Parts): AdministeredService {
  const { host, domain, config, store, ids, vCards } = parts;
  const delivery = new Delivery(host);
  const archives = host.find(archiveService);
  const rooms = new Rooms(store, config, (room) => (archives ? recall(archives, room, config.history) : []));
  const faces = byNode(host.find(roomFacesService) ?? []);
  const serviceCommands = host.find(adhocService)?.listOf(() => faces);
  const service: ServiceHost = host.service(domain, {
    disco: {
      identities: [{ category: "conference", type: "text", name: config.name }],
      features: [
        ns.MUC,
        ns.MUC_STABLE_ID,
        ns.OCCUPANT_ID,
        ns.VCARD,
        ns.CHANNEL_SEARCH,
        ...(serviceCommands ? [ns.COMMANDS] : []),
      ],
      nodes: serviceCommands ? [serviceCommands] : [],
      items: () => disco.listRooms(),
    },
    presence: (stanza, session) =>
      stanza.to?.local === "" && !isEntry(stanza)
        ? activity.receive(stanza)
        : attendance.receive(stanza, session),
    message: namingRoom((stanza) => {
      if (stanza.to?.local === "" && stanza.type === "error") return activity.forget(stanza.from as Jid);
      return messages.receive(stanza);
    }),
    iq: namingRoom((stanza) => requests.receive(stanza)),
  });
  if (serviceCommands) {
    service.iq("set", ns.COMMANDS, "command", (request) => serviceCommands.execute(request));
  }
  const presences = new Presences(delivery);
  const pace = new Pace({ host, config });
  const context: Context = { host, service, config, store, rooms, delivery, presences, ids, pace };
  const activity = new Activity(context, (room) => archives && lastSaid(archives, room));
  const removal = new Removal(context);
  const attendance = new Attendance(context, removal);
  const roles = new RoleChanges(context, removal);
  const affiliations = new AffiliationChanges(context, removal, roles);
  const configuration = new RoomConfiguration(context, removal, roles);
  const invitations = new Invitations(context, affiliations);
  const messages = new Messages(context, attendance, invitations, roles);
  const requests = new OccupantRequests(context);
  const disco = new RoomDisco(context);
  const admin = new AdminQueries(context, roles, affiliations, invitations);
  const owner = new OwnerQueries(context, removal, configuration, affiliations);
  const registration = new Registration(context, affiliations);
  const archive = archives && new RoomArchive(context, archives, parts.temporaryArchives);
  const announcements = new Announcements(context, archive);
  const adhoc = host.find(adhocService);
  const ownerCommands = new RoomCommands(context, {
    affiliations,
    announcements,
    configuration,
    owner,
    removal,
  });
  const wardrobe = new Wardrobe(context);
  const hatCommands = new HatCommands(context, wardrobe);
  const roomCommands = adhoc?.listOf((request) =>
    after(rooms.get(request.to, request.from), (room) =>
      byNode([...ownerCommands.of(room), ...hatCommands.of(room)]),
    ),
  );
  if (roomCommands) {
    keepHats(context, wardrobe);
    disco.addNodes(roomCommands);
    const execute = inRoom((room, request) => {
      pace.countChange(room, request.from);
      return roomCommands.execute(request);
    });
    service.iq("set", ns.COMMANDS, "command", execute, "address");
  }

  const inRooms: readonly (readonly ["get" | "set", string, string, InRoom])[] = [
    ["get", ns.DISCO_INFO, "query", (room, request) => disco.info(room, request)],
    ["get", ns.DISCO_ITEMS, "query", (room, request) => disco.items(room, request)],
    ["get", ns.MUC_ADMIN, "query", (room, request) => admin.list(room, request)],
    ["set", ns.MUC_ADMIN, "query", (room, request) => admin.change(room, request)],
    ["get", ns.MUC_OWNER, "query", (room, request) => owner.get(room, request)],
    ["set", ns.MUC_OWNER, "query", (room, request) => owner.set(room, request)],
    ["get", ns.REGISTER, "query", (room, request) => registration.get(room, request)],
    ["set", ns.REGISTER, "query", (room, request) => registration.set(room, request)],
    ["get", ns.PING, "ping", () => undefined],
    ["get", ns.VCARD, "vCard", (room) => vCards.get(room)],
    ["set", ns.VCARD, "vCard", (room, request) => vCards.set(context, room, request).then(() => undefined)],
    ...(archive ? archiveRequests(context, archive) : []),
  ];
  for (const [type, namespace, name, handler] of inRooms) {
    const changing: InRoom = (room, request) => {
      pace.countChange(room, request.from);
      return handler(room, request);
    };
    // Pages of archives are asked for by "set", and counted there.
    const isChange = type === "set" && namespace !== ns.MAM;
    service.iq(type, namespace, name, inRoom(isChange ? changing : handler), "address");
  }
  const ping = namingRoom((_, request: IqRequest) => requests.ping(request));
  const pings: IqHandler = (request) => ping(request.stanza, request);
  const search = new ChannelSearch(context);
  service.iq("get", ns.CHANNEL_SEARCH, "search", (request) => search.answer(request));
  service.iq("get", ns.PING, "ping", pings, "resource");

  // §10.1.3: whoever does not configure a room is assumed to have accepted the defaults; one who left has ended it.
  host.every(SWEEP_MS, () => {
    const now = host.clock.now();
    const late = [...rooms.active].filter(({ isLocked, waitsUntil }) => isLocked && waitsUntil <= now);
    return each(late, (room) => after(configuration.change(room, room.configured), (tell) => tell()));
  });
  followTalk(context, activity);
  host.hook("user:reported", "observe", (event) => showReport(context, event));
  const push = host.find(pushService);
  if (push) followTalk(context, new Mentions(context, push));
  new Newcomers(context, roles).watch();
  if (archive) keepArchive(context, archive);
  keepVCards(context, vCards);
  host.hook("user:deleted", "observe", ({ user }) => forgetUser(user));
  host.hook("server:stopping", "observe", () => each([...rooms.active], (room) => removal.shutDown(room)));
  host.hook("store:lost", "observe", () => rooms.reread());
  return { context, removal, affiliations, configuration, announcements };

  /** §17.2: what there is not has no answers. */
  function inRoom(handler: InRoom): IqHandler {
    return (request) => after(rooms.get(request.to, request.from), (room) => handler(room, request));
  }

  /** Whoever has the address next is somebody else. */
  function forgetUser(user: Jid): Awaitable<void> {
    const key = user.toString();
    const knowing = [...rooms.active].filter(
      ({ affiliations, known }) => affiliations.get(key) ?? known.get(key),
    );
    return after(all([store.roomsOf(domain, user), store.acquaintances.roomsOf(domain, user)]), (stored) => {
      const addresses = new Set([...stored.flat(), ...knowing.map(({ jid }) => jid.toString())]);
      return each(addresses, (address) =>
        after(rooms.find(Jid.parse(address)), (room) => room && forgetIn(room, user)),
      );
    });
  }

  /** §10: every room has an owner. The next in rank follows; a room that belongs to nobody else ends. */
  function forgetIn(room: Room, user: Jid): Awaitable<void> {
    const key = user.toString();
    room.known.delete(key);
    const forgotten = store.saveAcquaintancesIfKept(room);
    if (!room.affiliations.get(key)) return forgotten;
    const isLast = room.affiliations.get(key)?.affiliation === "owner" && room.affiliations.owners === 1;
    const [heir] = [...room.affiliations.with("admin"), ...room.affiliations.with("member")].filter(
      ([address]) => address.includes("@"),
    );
    if (isLast && !heir) return removal.destroy(room);
    const succession =
      isLast && heir
        ? affiliations.apply(room, { address: Jid.parse(heir[0]), affiliation: "owner" }, {})
        : undefined;
    return after(succession, (tell) =>
      after(tell?.(), () =>
        after(affiliations.apply(room, { address: user, affiliation: "none" }, {}), (gone) => gone()),
      ),
    );
  }
}

function byNode(commands: readonly AdhocCommand[]): ReadonlyMap<string, AdhocCommand> {
  return new Map(commands.map((command) => [command.node, command]));
}

/** What somebody may ask a room with an archive. */
function archiveRequests(context: Context, archive: RoomArchive): ["get" | "set", string, string, InRoom][] {
  return [
    ["set", ns.MAM, "query", (room, request) => archive.query(room, request)],
    ["get", ns.MAM, "query", (room, request) => archive.form(room, request)],
    ["get", ns.MAM, "metadata", (room, request) => archive.metadata(room, request)],
    [
      "set",
      ns.MODERATE,
      "moderate",
      (room, request) => moderate(context, archive, room, request).then(() => undefined),
    ],
  ];
}

/** Whoever wants to know what is said, and who left before it was. */
interface Follower {
  noteMessage(event: Hooks["muc:message"]): Awaitable<void>;
  noteLeft?(room: Room, occupant: Occupant): void;
}

function followTalk({ host, service }: Context, follower: Follower): void {
  const isOurs = ({ jid }: Room) => jid.domain === service.domain;
  host.hook("muc:message", "observe", (event) =>
    isOurs(event.room) ? follower.noteMessage(event) : undefined,
  );
  host.hook("muc:left", "observe", ({ room, occupant }) => {
    if (isOurs(room)) follower.noteLeft?.(room, occupant);
  });
}

function keepHats({ host, service }: Context, wardrobe: Wardrobe): void {
  host.hook("muc:described", "observe", (event) =>
    event.room.jid.domain === service.domain ? wardrobe.describe(event) : undefined,
  );
  host.hook("user:deleted", "observe", ({ user }) => wardrobe.forgetUser(user));
}

/** The hooks are the host's: those of its other services are somebody else's business. */
function keepArchive({ host, service }: Context, archive: RoomArchive): void {
  const isOurs = ({ jid }: Room) => jid.domain === service.domain;
  host.hook("muc:message", "archive", (event) => (isOurs(event.room) ? archive.keep(event) : undefined));
  host.hook("muc:described", "observe", (event) =>
    isOurs(event.room) ? archive.describe(event) : undefined,
  );
  host.hook("muc:unkept", "observe", ({ room }) => (isOurs(room) ? archive.noteTemporary(room) : undefined));
  host.hook("muc:destroyed", "observe", ({ room }) => (isOurs(room) ? archive.forget(room.jid) : undefined));
}

/** A temporary room is known to be gone when its last occupant is. */
function keepVCards({ host, service }: Context, vCards: RoomVCards): void {
  const isOurs = ({ jid }: Room) => jid.domain === service.domain;
  host.hook("muc:described", "observe", (event) => (isOurs(event.room) ? vCards.describe(event) : undefined));
  for (const name of ["muc:created", "muc:destroyed"] as const) {
    host.hook(name, "observe", ({ room }) => (isOurs(room) ? vCards.forget(room.jid) : undefined));
  }
  host.hook("muc:left", "observe", ({ room }) =>
    isOurs(room) && room.isGone ? vCards.forget(room.jid) : undefined,
  );
}
