import { ns } from "../../xmpp/ns.ts";
import type { Likeness } from "./mimicry.ts";

/**
 * Openfire, after its source and an answer to discovery by version 5.0.0 Alpha that was made public; it was not observed here.
 * https://github.com/igniterealtime/Openfire
 */
export const openfire: Likeness = {
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
};
