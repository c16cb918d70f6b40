import { ns } from "../../xmpp/ns.ts";
import type { Likeness } from "./mimicry.ts";
import { known } from "./quirk.ts";
import { roomErrors } from "./room-errors.ts";
import { destroyedForNobody, inOrderOf, namedEmptySubject, ownAddress, without } from "./room-quirks.ts";

/** In xmppserver/src/main/java/org/jivesoftware/openfire. */
const place = (what: string) => `Its source: muc/${what}`;

export const openfire: Likeness = {
  of: "Openfire 5.0.0 Alpha",
  source:
    "Its source, https://github.com/igniterealtime/Openfire, and an answer to discovery that was made public; it was not observed",
  // LocalClientSession.getAvailableStreamFeatures; <sm/> of version 2, <c/> and <limits/> are left out.
  features: [
    `starttls ${ns.TLS}`,
    `mechanisms ${ns.SASL}`,
    "ver urn:xmpp:features:rosterver",
    "register http://jabber.org/features/iq-register",
    `bind ${ns.BIND}`,
    `session ${ns.SESSION}`,
    `sm ${ns.STREAM_MANAGEMENT}`,
    "csi urn:xmpp:csi:0",
  ],
  // SASLAuthentication.getSASLMechanisms goes through a set: their order is nobody's.
  mechanisms: ["SCRAM-SHA-1", "PLAIN"],
  // IQDiscoInfoHandler.
  identities: [
    { category: "server", name: "Openfire Server", type: "im" },
    { category: "pubsub", type: "pep" },
  ],
  // A set as well; in the order of that answer.
  discovered: [
    "msgoffline",
    "jabber:iq:register",
    "http://jabber.org/protocol/disco#items",
    "urn:xmpp:time",
    "urn:xmpp:carbons:2",
    "vcard-temp",
    "urn:xmpp:blocking",
    "urn:xmpp:ping",
    "jabber:iq:roster",
    "jabber:iq:version",
    "jabber:iq:last",
    "http://jabber.org/protocol/commands",
    "http://jabber.org/protocol/disco#info",
    "jabber:iq:private",
  ],
  // IQVersionHandler.
  version: [
    ["name", "Openfire"],
    ["version", "5.0.0 Alpha"],
    ["os", "Linux 6.8.0-59-generic (amd64) - Java 21.0.7"],
  ],
  // SessionManager.getSessionDetachTime.
  resumeTime: "10m",
  // IQDiscoInfoHandler.handleIQ and others answer with a copy of what was asked.
  errorsRepeat: true,
  roomDefaults: {},
  answeredLast: [],
  quirks: [
    ...known(place("MUCRoom.java, createSelfPresenceCopy"), [
      without("mav urn:xmpp:muc:affiliations:1"),
      ownAddress,
    ]),
    ...known(place("MUCRoom.java, destroyRoom"), [destroyedForNobody]),
    ...known(place("MUCRoom.java, createSelfPresenceCopy; MUCUser.java, processNickNameChange"), [
      inOrderOf("item", "destroy", "303", "307", "301", "110", "100", "170", "201"),
    ]),
    ...known(place("MUCRoom.java, sendRoomSubjectAfterJoin"), [namedEmptySubject]),
    // Types are those that PacketError of its library tinder has for the conditions.
    ...known(place("MUCUser.java, process, processRoomJoinRequest, processPrivateMessage, sendErrorPacket"), [
      roomErrors(
        [
          {
            on: "message",
            is: "item-not-found",
            from: "room",
            becomes: "recipient-unavailable",
            type: "wait",
            text: "The room that the message was addressed to is not available.",
          },
          {
            on: "message",
            is: "item-not-found",
            from: "occupant",
            becomes: "recipient-unavailable",
            type: "wait",
            text: "The intended recipient of your private message is not available.",
          },
          { on: "message", is: "not-acceptable", type: "modify", text: "You are not in the room." },
          {
            on: "message",
            is: "forbidden",
            from: "room",
            text: "You are not allowed to change the subject of this room.",
          },
          {
            on: "iq",
            is: "not-acceptable",
            from: "occupant",
            becomes: "bad-request",
            type: "modify",
            text: "You are not an occupant of this room.",
          },
          {
            on: "presence",
            is: "jid-malformed",
            from: "room",
            text: "A nickname (resource-part) is required in order to join a room.",
          },
          {
            on: "presence",
            is: "conflict",
            text: "The nickname that is being used is used by someone else.",
          },
          {
            on: "presence",
            is: "item-not-found",
            text: "This room is locked (it might not have been configured yet).",
          },
          {
            on: "presence",
            is: "not-authorized",
            text: "You're not authorized to create or join the room.",
          },
          { on: "presence", is: "forbidden", text: "You're not allowed to join this room." },
          {
            on: "presence",
            is: "registration-required",
            text: "This is a member-only room. Membership is required.",
          },
        ],
        { message: "before", presence: "before", iq: "before" },
        false,
      ),
    ]),
  ],
};
