import { ns } from "../../xmpp/ns.ts";
import type { Likeness } from "./mimicry.ts";

/**
 * Prosody 0.12.3, as packaged by Debian 12 and observed on loopback, without TLS, with the modules that its own configuration names
 * and offline, limits, mam, register. test/fixtures/mimicry/prosody-0.12.3.json is what it said.
 */
export const prosody: Likeness = {
  // Its <sm/> of version 2 and its <c/> are left out: the server does not speak the one, and the hash would be wrong.
  features: [
    `starttls ${ns.TLS}`,
    `mechanisms ${ns.SASL}`,
    "sub urn:xmpp:features:pre-approval",
    `sm ${ns.STREAM_MANAGEMENT}`,
    "csi urn:xmpp:csi:0",
    `bind ${ns.BIND}`,
    `session ${ns.SESSION}`,
    "ver urn:xmpp:features:rosterver",
  ],
  mechanisms: ["SCRAM-SHA-1", "PLAIN"],
  identities: [{ name: "Prosody", category: "server", type: "im" }],
  discovered: [
    "msgoffline",
    "jabber:iq:private",
    "urn:xmpp:blocking",
    "vcard-temp",
    "jabber:iq:version",
    "urn:xmpp:time",
    "jabber:iq:register",
    "urn:xmpp:carbons:rules:0",
    "urn:xmpp:carbons:2",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "jabber:iq:roster",
    "jabber:iq:last",
    "urn:xmpp:ping",
    "http://jabber.org/protocol/commands",
  ],
  rooms: "Prosody Chatrooms",
  version: [
    ["name", "Prosody"],
    ["version", "0.12.3"],
    ["os", "Linux"],
  ],
  resumeTime: "10m",
  errorsRepeat: false,
};
