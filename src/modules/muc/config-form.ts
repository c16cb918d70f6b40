import { StanzaError } from "../../xmpp/errors.ts";
import { type FormContent, type FormField, readBoolean } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { MucConfig } from "./config.ts";
import { readJid } from "./foreign.ts";
import { readPattern } from "./pattern.ts";
import type { Room } from "./room.ts";
import {
  MAX_NEWCOMER_MINUTES,
  MAX_SLOW_SECONDS,
  PM_SENDERS,
  PRESENT_ROLES,
  type PresentRole,
  type RoomOptions,
  WHOIS,
} from "./room-options.ts";

/** One field of XEP-0045 §15.5.3, and the option that it is. */
interface OptionField {
  readonly name: string;
  show(options: RoomOptions, config: MucConfig): Omit<FormField, "name">;
  read(values: readonly string[], config: MucConfig): Partial<RoomOptions>;
}

const MAX_USERS_OPTIONS = [10, 20, 30, 50, 100, 200, 500, 1000];
const NO_LIMIT = "none";
/** XEP-0068 §3.4: fields of this server's own. */
const OWN = "{urn:jackdaw:muc}";

const FIELDS: readonly OptionField[] = [
  text("muc#roomconfig_roomname", "name", "Name of the room"),
  text("muc#roomconfig_roomdesc", "description", "Short description of the room"),
  text("muc#roomconfig_lang", "language", "Language spoken in the room"),
  text("muc#roomconfig_pubsub", "pubsub", "XMPP URI of an associated publish-subscribe node"),
  flag("muc#roomconfig_persistentroom", "persistent", "Keep the room when everybody has left"),
  flag("muc#roomconfig_publicroom", "public", "Show the room to those who look for rooms"),
  flag("muc#roomconfig_membersonly", "membersOnly", "Only members may enter"),
  flag("muc#roomconfig_moderatedroom", "moderated", "Only those with voice may speak"),
  flag("muc#roomconfig_changesubject", "changeSubject", "Occupants may change the subject"),
  flag("muc#roomconfig_allowinvites", "allowInvites", "Members may invite others to a members-only room"),
  flag("muc#roomconfig_enablelogging", "logging", "What is said is public outside of the room"),
  flag("muc#roomconfig_enablearchiving", "archive", "What is said is kept for those who may enter"),
  flag(`${OWN}registration`, "registration", "Anybody may register a nickname"),
  flag(`${OWN}lockdown`, "lockdown", "Lock-down: members only, moderated, no registration"),
  count(
    `${OWN}slow-mode`,
    "slowMode",
    "Seconds between two messages of an occupant; 0: none",
    MAX_SLOW_SECONDS,
  ),
  count(
    `${OWN}newcomer-minutes`,
    "newcomerMinutes",
    "Minutes before newcomers may speak; 0: none",
    MAX_NEWCOMER_MINUTES,
  ),
  {
    name: `${OWN}banned-patterns`,
    show: ({ bans }) => ({
      type: "text-multi",
      label: "Banned addresses, with * for anything, one a line",
      value: bans,
    }),
    read(values, config) {
      const lines = values.flatMap((value) => value.split("\n")).filter((line) => line.trim() !== "");
      if (lines.length > config.bannedPatterns)
        throw notAcceptable(`at most ${config.bannedPatterns} patterns are possible`);
      const bans = lines.map((line) => {
        const pattern = readPattern(line);
        if (pattern === undefined) throw notAcceptable(`"${line}" is no pattern of an address`);
        return pattern;
      });
      return { bans: [...new Set(bans)] };
    },
  },
  choice("muc#roomconfig_whois", "whois", "Who may see real addresses", WHOIS, {
    moderators: "Moderators only",
    anyone: "Anyone",
  }),
  choice("muc#roomconfig_allowpm", "privateMessages", "Who may send private messages", PM_SENDERS, {
    anyone: "Anyone",
    participants: "Anyone with voice",
    moderators: "Moderators only",
    none: "Nobody",
  }),
  roles("muc#roomconfig_presencebroadcast", "presenceBroadcast", "Roles whose presence is shown"),
  roles("muc#roomconfig_getmemberlist", "memberList", "Roles that may have the list of members"),
  {
    name: "muc#roomconfig_maxusers",
    show: ({ maxOccupants }, config) => ({
      type: "list-single",
      label: "Most occupants at a time",
      value: maxOccupants === 0 ? NO_LIMIT : String(maxOccupants),
      options: [
        ...sizes(maxOccupants, config.occupants).map((size) => ({ value: String(size) })),
        { value: NO_LIMIT, label: "No limit" },
      ],
    }),
    read([value = NO_LIMIT], config) {
      if (value === NO_LIMIT || value === "" || value === "0") return { maxOccupants: 0 };
      const most = readCount(value, "the number of occupants");
      if (most > config.occupants) throw notAcceptable(`at most ${config.occupants} occupants are possible`);
      return { maxOccupants: most };
    },
  },
  {
    name: "muc#maxhistoryfetch",
    show: ({ history }) => ({
      type: "text-single",
      label: "Messages of its history that the room shows at most",
      value: String(history),
    }),
    read: ([value = "0"], config) => ({
      history: Math.min(readCount(value, "the number of messages"), config.history),
    }),
  },
];

const OWNERS = "muc#roomconfig_roomowners";
const ADMINS = "muc#roomconfig_roomadmins";
const PROTECTED = "muc#roomconfig_passwordprotectedroom";
const SECRET = "muc#roomconfig_roomsecret";

/** What an owner wants a room to be from now on. */
export interface Submission {
  readonly options: RoomOptions;
  /** Full lists of bare JIDs; undefined where nothing changes. */
  readonly owners: readonly Jid[] | undefined;
  readonly admins: readonly Jid[] | undefined;
}

/** XEP-0045 §10.1.3, §10.2: the room as it is now. */
export function configForm(room: Room, config: MucConfig): Omit<FormContent, "type"> {
  const { configured: options, affiliations, jid } = room;
  const list = (affiliation: "owner" | "admin") => affiliations.with(affiliation).map(([address]) => address);
  return {
    title: `Configuration of ${jid.toString()}`,
    formType: ns.MUC_CONFIG,
    fields: [
      ...FIELDS.map((field) => ({ name: field.name, ...field.show(options, config) })),
      {
        name: PROTECTED,
        type: "boolean",
        label: "A password is needed to enter",
        value: options.password !== "",
      },
      { name: SECRET, type: "text-private", label: "The password", value: options.password },
      { name: ADMINS, type: "jid-multi", label: "Room admins", value: list("admin") },
      { name: OWNERS, type: "jid-multi", label: "Room owners", value: list("owner") },
    ],
  };
}

/**
 * What a submitted form makes of the room; fields that are not there leave things as they are, unknown ones are ignored.
 * @throws StanzaError not-acceptable for what cannot be (§10.1.3), jid-malformed.
 */
export function readConfig(room: Room, values: Values, config: MucConfig): Submission {
  let options = room.configured;
  for (const { name, read } of FIELDS) {
    const given = values.get(name);
    if (given) options = { ...options, ...read(given, config) };
  }
  options = { ...options, password: readPassword(values, options.password, config) };
  return { options, owners: readJids(values.get(OWNERS)), admins: readJids(values.get(ADMINS)) };
}

/** §10.1.3: a room with a password has one. */
function readPassword(values: Values, before: string, { text: most }: MucConfig): string {
  const given = values.get(SECRET);
  const flag = values.get(PROTECTED)?.[0];
  const secret = given ? (given[0] ?? "") : before;
  const isProtected = flag === undefined ? secret !== "" : readBoolean(flag);
  if (!isProtected) return "";
  if (secret === "") throw notAcceptable("a password is missing");
  if (secret.length > most) throw notAcceptable("the password is too long");
  return secret;
}

function readJids(values: readonly string[] | undefined): readonly Jid[] | undefined {
  const lines = values?.flatMap((value) => value.split("\n")).map((line) => line.trim());
  return lines
    ?.filter((line) => line !== "")
    .map((line) => {
      const jid = readJid(line);
      if (!jid || jid.local === "") throw new StanzaError("jid-malformed", `"${line}" is no user's address`);
      return jid.bare;
    });
}

type Values = ReadonlyMap<string, readonly string[]>;

type Keys<T> = { [K in keyof RoomOptions]: RoomOptions[K] extends T ? K : never }[keyof RoomOptions];

function text(
  name: string,
  key: Extract<Keys<string>, "name" | "description" | "language" | "pubsub">,
  label: string,
): OptionField {
  return {
    name,
    show: (options) => ({ type: "text-single", label, value: options[key] }),
    read([value = ""], config) {
      if (value.length > config.text) throw notAcceptable(`${label}: longer than ${config.text} characters`);
      return { [key]: value.trim() };
    },
  };
}

function count(name: string, key: "slowMode" | "newcomerMinutes", label: string, most: number): OptionField {
  return {
    name,
    show: (options) => ({ type: "text-single", label, value: String(options[key]) }),
    read([value = "0"]) {
      const given = readCount(value || "0", label);
      if (given > most) throw notAcceptable(`${label}: at most ${most}`);
      return { [key]: given };
    },
  };
}

function flag(name: string, key: Keys<boolean>, label: string): OptionField {
  return {
    name,
    show: (options) => ({ type: "boolean", label, value: options[key] }),
    read: ([value = "0"]) => ({ [key]: readBoolean(value) }),
  };
}

function choice<K extends "whois" | "privateMessages">(
  name: string,
  key: K,
  label: string,
  values: readonly RoomOptions[K][],
  labels: Readonly<Record<RoomOptions[K], string>>,
): OptionField {
  const options = values.map((value) => ({ value, label: labels[value] }));
  return {
    name,
    show: (current) => ({ type: "list-single", label, value: current[key], options }),
    read([value]) {
      if (!values.some((known) => known === value))
        throw notAcceptable(`${label}: "${value}" is not possible`);
      return { [key]: value };
    },
  };
}

function roles(name: string, key: "presenceBroadcast" | "memberList", label: string): OptionField {
  const options = PRESENT_ROLES.map((value) => ({ value }));
  const isRole = (value: string): value is PresentRole => PRESENT_ROLES.some((role) => role === value);
  return {
    name,
    show: (current) => ({ type: "list-multi", label, value: current[key], options }),
    read(values) {
      const unknown = values.find((value) => !isRole(value));
      if (unknown !== undefined) throw notAcceptable(`${label}: "${unknown}" is not possible`);
      return { [key]: PRESENT_ROLES.filter((role) => values.includes(role)) };
    },
  };
}

function sizes(current: number, most: number): readonly number[] {
  const all = current === 0 ? MAX_USERS_OPTIONS : [...MAX_USERS_OPTIONS, current];
  return [...new Set(all)].filter((size) => size <= most).sort((a, b) => a - b);
}

function readCount(value: string, what: string): number {
  if (!/^\d{1,9}$/.test(value.trim())) throw notAcceptable(`${what} is no number`);
  return Number(value);
}

function notAcceptable(text: string): StanzaError {
  return new StanzaError("not-acceptable", text);
}
