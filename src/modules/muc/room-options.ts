import { type Infer, t } from "../../util/schema.ts";
import type { Role } from "./standing.ts";

/** A role whose occupants are there. */
export type PresentRole = Exclude<Role, "none">;
export const PRESENT_ROLES = [
  "moderator",
  "participant",
  "visitor",
] as const satisfies readonly PresentRole[];

export const PM_SENDERS = ["anyone", "participants", "moderators", "none"] as const;
export const WHOIS = ["moderators", "anyone"] as const;

/** XEP-0045 §15.5.3: what owners decide about a room. */
export interface RoomOptions {
  readonly name: string;
  readonly description: string;
  /** A language tag (BCP 47). */
  readonly language: string;
  /** An XMPP URI of a publish-subscribe node that belongs to the room. */
  readonly pubsub: string;
  /** The room stays when the last occupant leaves. */
  readonly persistent: boolean;
  readonly public: boolean;
  readonly membersOnly: boolean;
  readonly moderated: boolean;
  /** "" for none. */
  readonly password: string;
  /** Who sees real addresses: "anyone" makes the room non-anonymous. */
  readonly whois: (typeof WHOIS)[number];
  readonly changeSubject: boolean;
  /** Members may invite others to a members-only room. */
  readonly allowInvites: boolean;
  readonly privateMessages: (typeof PM_SENDERS)[number];
  /** Roles whose presence is shown. */
  readonly presenceBroadcast: readonly PresentRole[];
  /** Roles that may have the list of members; in rooms that are not anonymous. */
  readonly memberList: readonly PresentRole[];
  /** 0: as many as the service allows. */
  readonly maxOccupants: number;
  /** Messages of its history that a room shows at most. */
  readonly history: number;
  /** What is said is kept (XEP-0313), as long as the room is there. */
  readonly archive: boolean;
  /** What is said is public outside of the room. */
  readonly logging: boolean;
  /** Users without affiliation may register a nickname, which makes them members; never in a members-only room. */
  readonly registration: boolean;
  /** Seconds that an occupant waits from one message to the next, unless it is a moderator; 0 for none. */
  readonly slowMode: number;
  /** Minutes that users without affiliation are here before they may speak; 0 for none. */
  readonly newcomerMinutes: number;
  /** Addresses with `*` for anything (`banned-patterns`): users without affiliation whom one of them fits are banned. */
  readonly bans: readonly string[];
  /** As long as this is so, the room is for members, moderated, without registration or members' invitations, whatever else is said here. */
  readonly lockdown: boolean;
}

export const MAX_SLOW_SECONDS = 3600;
export const MAX_NEWCOMER_MINUTES = 1440;

const roles = t.list(t.oneOf(PRESENT_ROLES), PRESENT_ROLES);

/** What a room is when it is made; owners change it. */
export const defaultOptions = t.object({
  persistent: t.boolean(false).doc("Rooms stay when the last occupant leaves."),
  public: t.boolean(true).doc("Rooms are shown to those who look for rooms."),
  membersOnly: t.boolean(false).doc("Only members may enter."),
  moderated: t.boolean(false).doc("Only those with voice may speak."),
  whois: t.oneOf(WHOIS, "moderators").doc("Who sees the real addresses of occupants."),
  changeSubject: t.boolean(false).doc("Occupants who are no moderators may change the subject."),
  allowInvites: t.boolean(false).doc("Members may invite others to a members-only room."),
  privateMessages: t.oneOf(PM_SENDERS, "anyone").doc("Who may send messages to single occupants."),
  presenceBroadcast: roles.doc("Roles whose presence is shown to the room."),
  memberList: roles.doc("Roles that may have the list of members, in rooms that are not anonymous."),
  history: t.integer(20, { min: 0 }).doc("Messages that those who enter are shown at most."),
  archive: t
    .boolean(true)
    .doc("Rooms have an archive of what is said in them (XEP-0313), which ends with the room."),
  logging: t.boolean(false).doc("Tell those who enter that what is said is public."),
  registration: t
    .boolean(true)
    .doc("Anybody with voice may register a nickname in an open room, and is a member then."),
  slowMode: t
    .integer(0, { max: MAX_SLOW_SECONDS })
    .doc(
      "Seconds that an occupant waits from one message to the next, unless it is a moderator; 0 for none.",
    ),
  newcomerMinutes: t
    .integer(0, { max: MAX_NEWCOMER_MINUTES })
    .doc("Minutes that users without affiliation are in an open room before they may speak; 0 for none."),
  language: t.string("").doc("The language spoken, such as `en`."),
});

export function optionsOf(defaults: Infer<typeof defaultOptions>): RoomOptions {
  return {
    ...defaults,
    name: "",
    description: "",
    pubsub: "",
    password: "",
    maxOccupants: 0,
    bans: [],
    lockdown: false,
  };
}

/** What holds in a room that is configured so. */
export function inForce(configured: RoomOptions): RoomOptions {
  if (!configured.lockdown) return configured;
  return { ...configured, membersOnly: true, moderated: true, registration: false, allowInvites: false };
}
