import { ns } from "../../xmpp/ns.ts";
import type { Likeness } from "./mimicry.ts";
import { known } from "./quirk.ts";
import { roomErrors } from "./room-errors.ts";
import {
  avatarHash,
  configForm,
  countedRooms,
  destroyedForNobody,
  inOrderOf,
  invitation,
  language,
  moved,
  noActor,
  ownAddress,
  roomInfo,
  stamps,
  undatedSubject,
  unlocked,
  without,
} from "./room-quirks.ts";

const NOT_THERE = "Conference room does not exist";

/**
 * ejabberd 23.01, as packaged by Debian 12 and observed on loopback, without TLS, with the modules of its own configuration that
 * have to do with clients. test/fixtures/mimicry/ejabberd-23.01.json is what it said.
 */
export const ejabberd: Likeness = {
  // Its <sm/> of version 2 and its <c/> are left out: the server does not speak the one, and the hash would be wrong.
  features: [
    `starttls ${ns.TLS}`,
    `mechanisms ${ns.SASL}`,
    `bind ${ns.BIND}`,
    `session ${ns.SESSION}`,
    `sm ${ns.STREAM_MANAGEMENT}`,
    "ver urn:xmpp:features:rosterver",
    "csi urn:xmpp:csi:0",
  ],
  // The weakest first; X-OAUTH2 is left out.
  mechanisms: ["PLAIN", "SCRAM-SHA-1"],
  identities: [
    { type: "pep", category: "pubsub" },
    { name: "ejabberd", type: "im", category: "server" },
  ],
  discovered: [
    "http://jabber.org/protocol/commands",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "jabber:iq:last",
    "jabber:iq:version",
    "msgoffline",
    "urn:xmpp:blocking",
    "urn:xmpp:carbons:2",
    "urn:xmpp:carbons:rules:0",
    "urn:xmpp:mam:2",
    "urn:xmpp:ping",
    "vcard-temp",
  ],
  rooms: "Chatrooms",
  version: [
    ["name", "ejabberd"],
    ["os", "unix/linux 6"],
    ["version", "23.01-1"],
  ],
  resumeTime: "5m",
  errorsRepeat: true,
  unhandledText: "No module is handling this query",
  roomDefaults: { archive: false, changeSubject: true },
  answeredLast: [ns.MUC_ADMIN, ns.MUC_OWNER],
  // Its presence of rooms themselves, with their capabilities, is not shown: the hash would be wrong.
  quirks: known("ejabberd 23.01, observed: test/fixtures/mimicry/ejabberd-23.01-rooms.json", [
    without("mav urn:xmpp:muc:affiliations:1", `occupant-id ${ns.OCCUPANT_ID}`),
    unlocked,
    ownAddress,
    noActor,
    destroyedForNobody,
    inOrderOf("destroy", "item", "201", "303", "110", "status"),
    avatarHash(false),
    moved("message", `delay ${ns.DELAY}`, "first"),
    stamps(6),
    invitation(
      "client",
      (by, room, reason) => `${by} invites you to the room ${room}${reason && ` (${reason}) `}`,
      "attribute",
    ),
    roomErrors(
      [
        { on: "presence", is: "conflict", text: "That nickname is already in use by another occupant" },
        { on: "presence", is: "jid-malformed", from: "room", text: "Nickname can't be empty" },
        {
          on: "message",
          is: "not-acceptable",
          type: "modify",
          text: "Only occupants are allowed to send messages to the conference",
        },
        {
          on: "iq",
          is: "not-acceptable",
          type: "modify",
          text: "Only occupants are allowed to send queries to the conference",
        },
        {
          on: "message",
          is: "item-not-found",
          from: "occupant",
          text: "Recipient is not in the conference room",
        },
        { on: "message", is: "item-not-found", from: "room", text: NOT_THERE },
        { on: "iq", is: "item-not-found", from: "room", text: NOT_THERE },
        { on: "iq", is: "forbidden", of: ns.MUC_ADMIN, text: "Administrator privileges required" },
        { on: "iq", is: "forbidden", of: ns.MUC_OWNER, text: "Owner privileges required" },
      ],
      { message: "behind", presence: "before", iq: "before" },
      false,
    ),
    language(true),
    undatedSubject,
    countedRooms,
    roomInfo(
      [
        "vcard-temp",
        ns.MUC,
        ns.DISCO_INFO,
        ns.DISCO_ITEMS,
        "http://jabber.org/protocol/commands",
        "muc_public",
        "muc_hidden",
        "muc_temporary",
        "muc_persistent",
        "muc_open",
        "muc_membersonly",
        "muc_semianonymous",
        "muc_nonanonymous",
        "muc_moderated",
        "muc_unmoderated",
        "muc_unsecured",
        "muc_passwordprotected",
      ],
      [
        "muc#roominfo_occupants",
        "muc#roomconfig_roomname",
        "muc#roominfo_description",
        "muc#roomconfig_allowinvites",
        "muc#roomconfig_allowpm",
        "muc#roominfo_lang",
      ],
    ),
    configForm(
      (room) => `Configuration of room ${room}`,
      [
        "muc#roomconfig_roomname",
        "muc#roomconfig_roomdesc",
        "muc#roomconfig_lang",
        "muc#roomconfig_persistentroom",
        "muc#roomconfig_publicroom",
        "muc#roomconfig_passwordprotectedroom",
        "muc#roomconfig_roomsecret",
        "muc#roomconfig_maxusers",
        "muc#roomconfig_whois",
        "muc#roomconfig_presencebroadcast",
        "muc#roomconfig_membersonly",
        "muc#roomconfig_moderatedroom",
        "muc#roomconfig_changesubject",
        "muc#roomconfig_allowinvites",
        "muc#roomconfig_pubsub",
      ],
    ),
  ]),
};
