/** Every namespace the server knows, with the document that defines it. */
export const ns = {
  /** RFC 6120 §4.8.1 */
  STREAMS: "http://etherx.jabber.org/streams",
  /** RFC 6120 §4.8.2: content of client streams */
  CLIENT: "jabber:client",
  /** RFC 6120 §4.9.2 */
  STREAM_ERRORS: "urn:ietf:params:xml:ns:xmpp-streams",
  /** RFC 6120 §8.3.2 */
  STANZA_ERRORS: "urn:ietf:params:xml:ns:xmpp-stanzas",
  /** RFC 6120 §5 */
  TLS: "urn:ietf:params:xml:ns:xmpp-tls",
  /** RFC 6120 §6 */
  SASL: "urn:ietf:params:xml:ns:xmpp-sasl",
  /** RFC 6120 §7 */
  BIND: "urn:ietf:params:xml:ns:xmpp-bind",
  /** RFC 3921 §3, kept for old clients */
  SESSION: "urn:ietf:params:xml:ns:xmpp-session",
  /** XEP-0440: SASL Channel-Binding Type Capability */
  SASL_CHANNEL_BINDING: "urn:xmpp:sasl-cb:0",
  /** RFC 6121 §2 */
  ROSTER: "jabber:iq:roster",
  /** RFC 6121 §2.6 */
  ROSTER_VERSIONING: "urn:xmpp:features:rosterver",
  /** RFC 6121 §3.4 */
  PRE_APPROVAL: "urn:xmpp:features:pre-approval",
  /** XEP-0004: Data Forms */
  DATA_FORMS: "jabber:x:data",
  /** XEP-0012: Last Activity */
  LAST: "jabber:iq:last",
  /** XEP-0030: Service Discovery */
  DISCO_INFO: "http://jabber.org/protocol/disco#info",
  DISCO_ITEMS: "http://jabber.org/protocol/disco#items",
  /** XEP-0077: In-Band Registration */
  REGISTER: "jabber:iq:register",
  REGISTER_FEATURE: "http://jabber.org/features/iq-register",
  /** XEP-0092: Software Version */
  VERSION: "jabber:iq:version",
  /** XEP-0157: Contact Addresses for XMPP Services */
  SERVER_INFO: "http://jabber.org/network/serverinfo",
  /** XEP-0160: Best Practices for Handling Offline Messages */
  OFFLINE: "msgoffline",
  /** XEP-0198: Stream Management */
  STREAM_MANAGEMENT: "urn:xmpp:sm:3",
  /** XEP-0199: XMPP Ping */
  PING: "urn:xmpp:ping",
  /** XEP-0202: Entity Time */
  TIME: "urn:xmpp:time",
  /** XEP-0203: Delayed Delivery */
  DELAY: "urn:xmpp:delay",
  /** XEP-0085: Chat State Notifications */
  CHAT_STATES: "http://jabber.org/protocol/chatstates",
  /** XEP-0184: Message Delivery Receipts */
  RECEIPTS: "urn:xmpp:receipts",
  /** XEP-0334: Message Processing Hints */
  HINTS: "urn:xmpp:hints",
} as const;
