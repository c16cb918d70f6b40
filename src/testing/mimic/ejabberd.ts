import { ns } from "../../xmpp/ns.ts";
import type { Likeness } from "./mimicry.ts";

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
};
