import { serviceNames } from "../../config/names.ts";
import { type Infer, t } from "../../util/schema.ts";
import { defaultOptions } from "./room-options.ts";

const CREATORS = ["anyone", "users", "admins"] as const;

/** The module's section of the configuration. */
export const mucConfig = t.object({
  services: serviceNames(["conference"]).doc(
    "Where rooms are: a name that is put before each domain, or a whole name below one of them.",
  ),
  name: t.string("Group chat").doc("What clients show for the service."),
  create: t
    .oneOf(CREATORS, "users")
    .doc("Who may create rooms: anyone, accounts of this server, or its administrators."),
  roomsPerUser: t.integer(100, { min: 1, off: true }).doc("Rooms that one account may own."),
  occupants: t.integer(5000, { min: 2 }).doc("Occupants of one room."),
  reserve: t.integer(20, { min: 1 }).doc("How many more admins and owners may enter a room that is full."),
  sessionsPerOccupant: t.integer(20, { min: 1 }).doc("Clients of one account under one nickname."),
  nicknames: t.integer(10, { min: 1 }).doc("Nicknames that one account may have in one room at a time."),
  changes: t.integer(200, { min: 1 }).doc("Roles and affiliations that one request may change."),
  affiliations: t.integer(10_000, { min: 10 }).doc("Owners, admins, members and outcasts of one room."),
  affiliationLog: t
    .integer(500, { min: 1 })
    .doc(
      "Changes of affiliations that one room remembers, for clients that ask what has changed (XEP-0463).",
    ),
  roomId: t.integer(128, { min: 1 }).doc("Characters in the part of a room's address before the @."),
  nick: t.integer(128, { min: 1 }).doc("Characters in a nickname."),
  subject: t.size("4 KB").doc("The longest subject."),
  text: t.integer(1000, { min: 1 }).doc("Characters in a reason, a room's name or a description."),
  message: t.size("64 KB", { min: 1000 }).doc("The largest message that a room passes on."),
  presence: t.size("8 KB", { min: 500 }).doc("The largest presence that a room passes on."),
  history: t.integer(100, { min: 0 }).doc("Messages that a room remembers for those who enter."),
  historySize: t.size("256 KB").doc("Their size in memory, in each room that is there, empty or not."),
  invitees: t.integer(20, { min: 1 }).doc("People that one message may invite."),
  invitationsPerMinute: t
    .integer(20, { min: 1 })
    .doc("People that one account may invite through rooms; ten times as many at once."),
  passwordsPerMinute: t
    .integer(10, { min: 1, off: true })
    .doc("Passwords that one account may try at one room, right or wrong."),
  unconfigured: t
    .duration("15m", { min: 1000 })
    .doc(
      "How long a new room waits for the form that its owner asked for, before it opens as it is. When none is asked for it opens after ten seconds.",
    ),
  voiceRequests: t.duration("1m").doc("How long an occupant waits before asking for voice again."),
  requests: t
    .integer(1000, { min: 10 })
    .doc("Requests between occupants of one room that wait for an answer."),
  idle: t.integer(1000, { min: 2 }).doc("Empty rooms that are kept in memory."),
  messagesPerMinute: t
    .integer(300, { min: 1, off: true })
    .doc("Messages that one account may send in one room in a minute."),
  roomMessagesPerMinute: t
    .integer(6000, { min: 1, off: true })
    .doc("Messages that one room passes on in a minute."),
  presencesPerMinute: t
    .integer(60, { min: 1, off: true })
    .doc("How often one account may enter a room, or change nickname or presence there, in a minute."),
  requestsPerMinute: t
    .integer(1200, { min: 1, off: true })
    .doc("Requests that one account may send to occupants of one room in a minute."),
  changesPerMinute: t
    .integer(300, { min: 1, off: true })
    .doc(
      "How often one account may ask one room in a minute to change something: options, affiliations, roles, hats and the like.",
    ),
  bannedPatterns: t.integer(50, { min: 0 }).doc("Patterns of banned addresses that one room may have."),
  hats: t.integer(50, { min: 1 }).doc("Hats that one room may have (XEP-0317)."),
  hatsWorn: t.integer(1000, { min: 1 }).doc("How often hats may be worn in one room."),
  watchers: t
    .integer(10_000, { min: 1 })
    .doc("Clients that want to know in which rooms something is said (XEP-0437)."),
  watchedRooms: t.integer(500, { min: 1 }).doc("Rooms of which one of them hears."),
  mentionPushes: t
    .duration("1m", { min: 1000 })
    .doc("A member who is away is told by push of one mention in a room in that time."),
  vcard: t.size("128 KB", { min: 1000 }).doc("The largest vCard of a room, its picture included."),
  searchesPerMinute: t.integer(30, { min: 1 }).doc("How often one account may search for rooms."),
  searched: t.integer(10_000, { min: 1 }).doc("Public rooms that are searched at most."),
  occupantList: t
    .oneOf(["anybody", "occupants"], "occupants")
    .doc(
      "Who may list the occupants of a room that anybody finds and enters; of other rooms always its occupants. That these do is what XEP-0045 §6.5 advises: others would see who is where without being seen.",
    ),
  listed: t.integer(1000, { min: 1 }).doc("Public rooms that are listed at most."),
  defaults: defaultOptions.doc("What a room is until its owner changes it."),
});

export type MucConfig = Infer<typeof mucConfig>;
