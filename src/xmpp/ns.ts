/** Every namespace the server knows, with the document that defines it. */
export const ns = {
  /** RFC 6120 §4.8.1 */
  STREAMS: "http://etherx.jabber.org/streams",
  /** RFC 6120 §4.8.2: content of client streams */
  CLIENT: "jabber:client",
  /** XEP-0114: Jabber Component Protocol */
  COMPONENT: "jabber:component:accept",
  /** RFC 6120 §4.9.2 */
  STREAM_ERRORS: "urn:ietf:params:xml:ns:xmpp-streams",
  /** RFC 7395 §3.3.2 */
  FRAMING: "urn:ietf:params:xml:ns:xmpp-framing",
  /** XEP-0124: Bidirectional-streams Over Synchronous HTTP */
  HTTP_BIND: "http://jabber.org/protocol/httpbind",
  /** XEP-0206: XMPP Over BOSH */
  XBOSH: "urn:xmpp:xbosh",
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
  /** XEP-0388: Extensible SASL Profile */
  SASL2: "urn:xmpp:sasl:2",
  /** XEP-0386: Bind 2 */
  BIND2: "urn:xmpp:bind:0",
  /** XEP-0484: Fast Authentication Streamlining Tokens */
  FAST: "urn:xmpp:fast:0",
  /** XEP-0480: SASL Upgrade Tasks */
  SASL_UPGRADE: "urn:xmpp:sasl:upgrade:0",
  SCRAM_UPGRADE: "urn:xmpp:scram-upgrade:0",
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
  /** XEP-0045: Multi-User Chat */
  MUC: "http://jabber.org/protocol/muc",
  MUC_USER: "http://jabber.org/protocol/muc#user",
  MUC_ADMIN: "http://jabber.org/protocol/muc#admin",
  MUC_OWNER: "http://jabber.org/protocol/muc#owner",
  MUC_CONFIG: "http://jabber.org/protocol/muc#roomconfig",
  MUC_INFO: "http://jabber.org/protocol/muc#roominfo",
  MUC_REGISTER: "http://jabber.org/protocol/muc#register",
  MUC_REQUEST: "http://jabber.org/protocol/muc#request",
  MUC_STABLE_ID: "http://jabber.org/protocol/muc#stable_id",
  MUC_TRAFFIC: "http://jabber.org/protocol/muc#traffic",
  /** XEP-0410: MUC Self-Ping */
  MUC_SELF_PING: "http://jabber.org/protocol/muc#self-ping-optimization",
  /** XEP-0421: Occupant identifiers for semi-anonymous MUCs */
  OCCUPANT_ID: "urn:xmpp:occupant-id:0",
  /** XEP-0050: Ad-Hoc Commands */
  COMMANDS: "http://jabber.org/protocol/commands",
  /** XEP-0059: Result Set Management */
  RSM: "http://jabber.org/protocol/rsm",
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
  /** XEP-0297: Stanza Forwarding */
  FORWARD: "urn:xmpp:forward:0",
  /** XEP-0313: Message Archive Management */
  MAM: "urn:xmpp:mam:2",
  MAM_EXTENDED: "urn:xmpp:mam:2#extended",
  MAM_GROUPCHAT_FIELD: "urn:xmpp:mam:2#groupchat-field",
  /** XEP-0333: Displayed Markers */
  MARKERS: "urn:xmpp:chat-markers:0",
  /** XEP-0334: Message Processing Hints */
  HINTS: "urn:xmpp:hints",
  /** XEP-0280: Message Carbons */
  CARBONS: "urn:xmpp:carbons:2",
  CARBONS_RULES: "urn:xmpp:carbons:rules:0",
  /** XEP-0249: Direct MUC Invitations */
  CONFERENCE: "jabber:x:conference",
  /** XEP-0352: Client State Indication */
  CSI: "urn:xmpp:csi:0",
  /** XEP-0060 §12: events */
  PUBSUB_EVENT: "http://jabber.org/protocol/pubsub#event",
  /** XEP-0359: Unique and Stable Stanza IDs */
  STANZA_ID: "urn:xmpp:sid:0",
  /** XEP-0122: Data Forms Validation */
  FORM_VALIDATION: "http://jabber.org/protocol/xdata-validate",
  /** XEP-0363: HTTP File Upload */
  UPLOAD: "urn:xmpp:http:upload:0",
  UPLOAD_PURPOSE: "urn:xmpp:http:upload:purpose:0",
  /** XEP-0424: Message Retraction */
  MAV: "urn:xmpp:muc:affiliations:1",
  RAI: "urn:xmpp:rai:0",
  REFERENCE: "urn:xmpp:reference:0",
  HATS: "urn:xmpp:hats:0",
  HATS_COMMANDS: "urn:xmpp:hats:commands",
  RETRACT: "urn:xmpp:message-retract:1",
  RETRACT_TOMBSTONE: "urn:xmpp:message-retract:1#tombstone",
  /** XEP-0425: Moderated Message Retraction */
  MODERATE: "urn:xmpp:message-moderate:1",
  /** XEP-0433: Extended Channel Search */
  CHANNEL_SEARCH: "urn:xmpp:channel-search:0:search",
  /** XEP-0431: Full Text Search in MAM */
  FULLTEXT: "urn:xmpp:fulltext:0",
  /** XEP-0444: Message Reactions */
  REACTIONS: "urn:xmpp:reactions:0",
  /** XEP-0357: Push Notifications */
  PUSH: "urn:xmpp:push:0",
  PUSH_SUMMARY: "urn:xmpp:push:summary",
  /** XEP-0060: Publish-Subscribe */
  PUBSUB: "http://jabber.org/protocol/pubsub",
  PUBLISH_OPTIONS: "http://jabber.org/protocol/pubsub#publish-options",
  PUBSUB_OWNER: "http://jabber.org/protocol/pubsub#owner",
  PUBSUB_ERRORS: "http://jabber.org/protocol/pubsub#errors",
  NODE_CONFIG: "http://jabber.org/protocol/pubsub#node_config",
  NODE_METADATA: "http://jabber.org/protocol/pubsub#meta-data",
  SUBSCRIBE_OPTIONS: "http://jabber.org/protocol/pubsub#subscribe_options",
  SUBSCRIBE_AUTHORIZATION: "http://jabber.org/protocol/pubsub#subscribe_authorization",
  /** XEP-0033: Extended Stanza Addressing */
  ADDRESSES: "http://jabber.org/protocol/address",
  /** XEP-0115: Entity Capabilities */
  CAPS: "http://jabber.org/protocol/caps",
  /** XEP-0390: Entity Capabilities 2.0 */
  CAPS_2: "urn:xmpp:caps",
  /** XEP-0300: Use of Cryptographic Hash Functions in XMPP */
  HASHES: "urn:xmpp:hashes:2",
  /** XEP-0380: Explicit Message Encryption */
  ENCRYPTION: "urn:xmpp:eme:0",
  /** XEP-0166: Jingle */
  JINGLE: "urn:xmpp:jingle:1",
  /** XEP-0353: Jingle Message Initiation */
  JINGLE_MESSAGE: "urn:xmpp:jingle-message:0",
  /** XEP-0191: Blocking Command */
  BLOCKING: "urn:xmpp:blocking",
  BLOCKING_ERRORS: "urn:xmpp:blocking:errors",
  /** XEP-0377: Blocking Command Reports */
  REPORTING: "urn:xmpp:reporting:1",
  /** XEP-0133: Service Administration */
  ADMIN: "http://jabber.org/protocol/admin",
  /** XEP-0379: Pre-Authenticated Roster Subscription */
  PARS: "urn:xmpp:pars:0",
  /** XEP-0401: Ad-hoc Account Invitation Generation */
  INVITE: "urn:xmpp:invite#invite",
  INVITE_ACCOUNT: "urn:xmpp:invite#create-account",
  INVITATION: "urn:xmpp:invite#invitation",
  /** XEP-0445: Pre-Authenticated In-Band Registration */
  IBR_TOKEN: "urn:xmpp:ibr-token:0",
  /** XEP-0215: External Service Discovery */
  EXTERNAL_SERVICES: "urn:xmpp:extdisco:2",
  /** XEP-0049: Private XML Storage */
  PRIVATE: "jabber:iq:private",
  /** XEP-0054: vcard-temp */
  VCARD: "vcard-temp",
  /** XEP-0153: vCard-Based Avatars */
  VCARD_UPDATE: "vcard-temp:x:update",
  /** XEP-0084: User Avatar */
  AVATAR_DATA: "urn:xmpp:avatar:data",
  AVATAR_METADATA: "urn:xmpp:avatar:metadata",
  /** XEP-0398: User Avatar to vCard-Based Avatars Conversion */
  AVATAR_CONVERSION: "urn:xmpp:pep-vcard-conversion:0",
  /** XEP-0402: PEP Native Bookmarks */
  BOOKMARKS: "urn:xmpp:bookmarks:1",
  BOOKMARKS_COMPAT: "urn:xmpp:bookmarks:1#compat",
  BOOKMARKS_COMPAT_PEP: "urn:xmpp:bookmarks:1#compat-pep",
  /** XEP-0048: Bookmarks */
  OLD_BOOKMARKS: "storage:bookmarks",
  /** XEP-0227: Portable Import/Export Format for XMPP-IM Servers */
  PIE: "urn:xmpp:pie:0",
  PIE_SCRAM: "urn:xmpp:pie:0#scram",
  PIE_MAM: "urn:xmpp:pie:0#mam",
  /** XEP-0227 §5 */
  XINCLUDE: "http://www.w3.org/2001/XInclude",
  /** XEP-0016: Privacy Lists, in exports of other servers */
  PRIVACY: "jabber:iq:privacy",
} as const;
