/** What is implemented below the modules, for docs/xeps.md; modules say it themselves. */
export interface Specification {
  /** "RFC 6120", "XEP-0440 1.0.0". */
  readonly name: string;
  readonly title: string;
  /** Files and folders below `src`; none: not yet implemented. */
  readonly where: readonly string[];
  /** What is left out, a sentence each; without any it is complete. */
  readonly omits?: readonly string[];
}

export const specifications: readonly Specification[] = [
  {
    name: "RFC 6120",
    title: "XMPP: Core",
    where: ["stream", "session", "routing", "xmpp"],
    omits: ["Streams between servers: other domains are answered with `remote-server-not-found` (§10.4)."],
  },
  {
    name: "RFC 6121",
    title: "XMPP: Instant Messaging and Presence",
    where: ["routing"],
  },
  {
    name: "RFC 7590",
    title: "Use of Transport Layer Security (TLS) in XMPP",
    where: ["net", "stream/features/starttls.ts"],
  },
  {
    name: "RFC 7622",
    title: "XMPP: Address Format",
    where: ["xmpp/jid.ts", "xmpp/precis.ts", "xmpp/idna.ts"],
  },
  {
    name: "RFC 7395",
    title: "An XMPP Subprotocol for WebSocket",
    where: ["http/websocket"],
    omits: ["Clients are sent to no other address (`see-other-uri`, §3.6.1)."],
  },
  {
    name: "XEP-0124 1.11.2",
    title: "Bidirectional-streams Over Synchronous HTTP (BOSH)",
    where: ["http/bosh"],
    omits: [
      "One stream a session: the optional multiple streams, compression of bodies and other encodings than UTF-8 are not offered.",
      "Answers that a client says it has not got are not reported to it (`report`, `time`); it asks for them by their ids.",
      "Clients without `ver` get the conditions of the protocol, not the deprecated errors of HTTP.",
    ],
  },
  { name: "XEP-0206 1.4", title: "XMPP Over BOSH", where: ["http/bosh"] },
  {
    name: "XEP-0114 1.6",
    title: "Jabber Component Protocol",
    where: ["components", "stream/component-stream.ts"],
    omits: ["The method in which the server connects to the component (`jabber:component:connect`)."],
  },
  { name: "RFC 4616", title: "The PLAIN SASL Mechanism", where: ["auth/plain.ts"] },
  {
    name: "RFC 5802",
    title: "SCRAM: SASL and GSS-API Mechanisms",
    where: ["auth/scram.ts"],
  },
  { name: "RFC 7677", title: "SCRAM-SHA-256 and SCRAM-SHA-256-PLUS", where: ["auth/scram.ts"] },
  {
    name: "RFC 5929",
    title: "Channel Bindings for TLS",
    where: ["net/tls-socket.ts"],
  },
  { name: "RFC 9266", title: "Channel Bindings for TLS 1.3", where: ["net/tls-socket.ts"] },
  {
    name: "XEP-0170 1.0",
    title: "Recommended Order of Stream Feature Negotiation",
    where: ["stream/features"],
  },
  {
    name: "XEP-0175 1.2",
    title: "Best Practices for Use of SASL ANONYMOUS",
    where: ["auth/anonymous.ts"],
  },
  {
    name: "XEP-0178 1.2",
    title: "Best Practices for Use of SASL EXTERNAL with Certificates",
    where: ["auth/external.ts"],
    omits: ["Between servers (§3)."],
  },
  {
    name: "XEP-0205 1.0.2",
    title: "Best Practices to Discourage Denial of Service Attacks",
    where: ["net/listener.ts", "stream/xml-stream.ts", "auth/throttle.ts"],
  },
  {
    name: "XEP-0368 1.1.0",
    title: "SRV records for XMPP over TLS",
    where: ["listeners.ts", "net/spoken.ts"],
  },
  {
    name: "XEP-0438 0.2.0",
    title: "Best practices for password hashing and storage",
    where: ["auth/accounts.ts"],
  },
  {
    name: "XEP-0440 1.0.0",
    title: "SASL Channel-Binding Type Capability",
    where: ["stream/features/sasl.ts"],
  },
  {
    name: "XEP-0388 1.0.4",
    title: "Extensible SASL Profile",
    where: ["stream/features/sasl2.ts"],
    omits: [
      "The list of mechanisms is in the order of preference, not in a random one, for streams without `from` (§4).",
    ],
  },
  {
    name: "XEP-0474 0.5.0",
    title: "SASL SCRAM Downgrade Protection",
    where: ["auth/downgrade-protection.ts"],
  },
  { name: "XEP-0004 2.13.2", title: "Data Forms", where: ["xmpp/forms.ts"] },
  { name: "XEP-0068 1.3.0", title: "Field Standardization for Data Forms", where: ["xmpp/forms.ts"] },
  // What clients say to each other by means of the server: it has to let them.
  { name: "XEP-0131 1.2", title: "Stanza Headers and Internet Metadata", where: ["routing/router.ts"] },
  { name: "XEP-0080 1.10.0", title: "User Location", where: ["modules/pep"] },
  { name: "XEP-0107 1.2.2", title: "User Mood", where: ["modules/pep"] },
  { name: "XEP-0108 1.3", title: "User Activity", where: ["modules/pep"] },
  { name: "XEP-0118 1.3.0", title: "User Tune", where: ["modules/pep"] },
  { name: "XEP-0172 1.1", title: "User Nickname", where: ["modules/pep"] },
  { name: "XEP-0277 0.6.5", title: "Microblogging over XMPP", where: ["modules/pep"] },
  { name: "XEP-0292 0.12.0", title: "vCard4 Over XMPP", where: ["modules/pep"] },
  { name: "XEP-0384 0.9.1", title: "OMEMO Encryption", where: ["modules/pep"] },
  {
    name: "XEP-0490 1.0.1",
    title: "Message Displayed Synchronization",
    where: ["modules/pep"],
    omits: ["Server assist (§4.5.1), which is optional."],
  },
];
