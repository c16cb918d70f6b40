import { LOG_LEVELS } from "../util/logger.ts";
import { ConfigError, type Infer, t } from "../util/schema.ts";
import { addresses } from "./address.ts";
import { contradictions } from "./contradictions.ts";
import { bareAddress, byDomain, domainName, network, webOrigin, webOriginOrAny } from "./names.ts";

const domain = t.shorthand(
  t.object({
    name: domainName().doc("The domain that users have in their addresses."),
    certificate: t.optional(t.string()).doc("File with the certificate and its chain (PEM)."),
    key: t.optional(t.string()).doc("File with the private key (PEM)."),
    url: t
      .optional(webOrigin())
      .doc(
        "Where people and clients reach the web side of the domain, when that is elsewhere: behind a proxy. Absent: `https://` with the domain and the port of `listen.https`.",
      ),
  }),
  "name",
  "a domain name or an object with name, certificate, key and url",
);

const store = t.shorthand(
  t.object({
    sqlite: t.string().doc("The database file; made when absent."),
    synchronous: t
      .oneOf(["full", "normal"], "full")
      .doc("`full` survives a power cut; `normal` survives a crash of the server only, and is faster."),
    busyTimeout: t.duration("5s").doc("How long to wait for another process that holds the database."),
  }),
  "sqlite",
  'a file name, "memory" or an object with sqlite',
  { literals: ["memory"], fallback: "data/jackdaw.sqlite" },
);

const listen = t.object({
  c2s: addresses(5222).doc(
    "Client connections that begin in the clear and turn to TLS (STARTTLS, RFC 6120 §5).",
  ),
  c2sTls: addresses(5223).doc("Client connections that are TLS from the first byte (XEP-0368)."),
  https: t
    .optional(addresses(5443))
    .doc(
      "The web under TLS, and on the same port client connections as on `c2sTls`, told apart by ALPN or by what comes first. Absent: port 5443, or none when that is taken.",
    ),
  http: addresses(false).doc("The web in the clear: for a reverse proxy in front, which speaks TLS."),
  component: addresses("127.0.0.1:5347").doc(
    "External components (XEP-0114), in the clear or under TLS from the first byte. Open once there are `components`.",
  ),
});

const component = t.shorthand(
  t.object({
    secret: t
      .secret()
      .doc("What the component shows that it knows; the same stands in its own configuration."),
    name: t
      .optional(t.string())
      .doc(
        "How clients that look around on the server call it, before they have asked the component itself.",
      ),
  }),
  "secret",
  "a secret or an object with secret and name",
  { isSecret: true },
);

const http = t.object({
  headerBytes: t.size("16 KB", { min: 1000 }).doc("The header of a request."),
  headerTime: t.duration("15s", { min: 100 }).doc("How long a header may take to come in."),
  bodyBytes: t
    .size("256 KB", { min: 1000 })
    .doc("The body of a request, but for uploads, which have limits of their own."),
  idleTime: t
    .duration("30s", { min: 100 })
    .doc("How long nothing may come of a body that is not complete, or nothing be taken of an answer."),
  requestTime: t.duration("1h", { min: 1000 }).doc("How long a whole request may take to come in."),
  origins: t
    .list(webOriginOrAny(), ["*"])
    .doc(
      'Where web pages may come from that connect by WebSocket or BOSH, such as "https://chat.example.org"; "*": from anywhere. Clients log in there as everywhere, so no page can act in the name of somebody.',
    ),
  keepAlive: t
    .duration("65s", { min: 100 })
    .doc("How long a connection stays open for the next request; longer than those of the proxies in front."),
});

const websocket = t.object({
  enabled: t.boolean(true).doc("Take streams over WebSocket (RFC 7395) at `/xmpp-websocket`."),
  pingInterval: t
    .duration("50s")
    .doc(
      'How often clients are asked for a sign of life, which keeps proxies from closing the connection; those that have given none by the next time are cut off. "off": never.',
    ),
});

const bosh = t.object({
  enabled: t.boolean(true).doc("Take streams over BOSH (XEP-0124, XEP-0206) at `/http-bind`."),
  wait: t.duration("60s", { min: 1000 }).doc("The longest time that a request waits for its answer."),
  hold: t
    .integer(1, { min: 0, max: 10 })
    .doc(
      "Requests of one session that may wait at a time. With more than one, clients that ask for more than they need have none left to speak with.",
    ),
  inactivity: t
    .duration("60s", { min: 1000 })
    .doc("How long a session goes on without a request; longer for those that poll."),
  pause: t.duration("2m").doc('The longest pause that a client may ask for. "off": none.'),
  polling: t
    .duration("5s", { min: 1000 })
    .doc("The shortest time between empty requests of clients that poll."),
});

const proxies = t.object({
  trusted: t
    .list(network())
    .doc(
      "Addresses of reverse proxies. What they say of the client in `Forwarded` (RFC 7239), `X-Forwarded-For` and `X-Forwarded-Proto` is believed (requests with both, naming two clients, are refused), and they may have any number of connections.",
    ),
  protocol: t
    .list(t.oneOf(["c2s", "c2sTls", "https", "http"]))
    .doc(
      "The listeners where each connection of a trusted proxy begins with a header of the PROXY protocol, version 1 or 2, that names the client.",
    ),
});

const tls = t.object({
  directory: t
    .string("certs")
    .doc(
      "Where `<domain>.pem` or `.crt` and `<domain>.key` are looked for; a self-signed pair is made when absent.",
    ),
  required: t.boolean(true).doc("Refuse to authenticate anybody over a connection that is not encrypted."),
  minVersion: t.oneOf(["TLSv1.2", "TLSv1.3"], "TLSv1.2").doc("The oldest TLS version that is accepted."),
  ciphers: t
    .string(
      [
        "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
      ].join(":"),
    )
    .doc("OpenSSL's list of ciphers; the default has forward secrecy and authenticated encryption only."),
  clientCertificates: t
    .object({
      ca: t.optional(t.string()).doc("File with the authorities (PEM) whose client certificates may log in."),
    })
    .doc("Log-in by client certificate (SASL EXTERNAL, XEP-0178). Off without `ca`."),
});

/** Every SASL mechanism of the server, by its registered name. */
export const MECHANISMS = [
  "EXTERNAL",
  "SCRAM-SHA-512-PLUS",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-1-PLUS",
  "SCRAM-SHA-512",
  "SCRAM-SHA-256",
  "SCRAM-SHA-1",
  "PLAIN",
  "ANONYMOUS",
] as const;

const auth = t.object({
  mechanisms: t
    .optional(t.list(t.oneOf(MECHANISMS)))
    .doc(
      "SASL mechanisms to offer, in any order: the server prefers the strongest. Absent or null: all that the other settings allow.",
    ),
  offerAll: t
    .boolean(false)
    .doc(
      "Offer all SCRAM mechanisms to clients that do not say who they are before they log in. Otherwise those are offered that all accounts of the domain have keys for: accounts from another server may have keys for SCRAM-SHA-1 alone, and clients that choose a stronger mechanism could not log in to them.",
    ),
  plainWithoutTls: t
    .boolean(false)
    .doc("Offer PLAIN over connections that are not encrypted. For test networks only."),
  anonymous: t.boolean(false).doc("Let anybody in under a temporary address (XEP-0175)."),
  iterations: t
    .integer(10_000, { min: 4096, max: 10_000_000 })
    .doc("PBKDF2 rounds for passwords that are set from now on (RFC 5802)."),
  maxFailures: t.integer(5, { min: 1, max: 100 }).doc("Failed log-ins before a stream is closed."),
  backoff: t
    .duration("1s", { max: 60_000 })
    .doc(
      "How long an answer to a log-in waits, good or bad, from an address that has used up the few failures that are free; doubles with each.",
    ),
});

/** A component speaks for many people, so these are generous. */
const componentLimits = t.object({
  stanzaBytes: t.size("1 MB", { min: 10_000 }).doc("The largest stanza."),
  bytesPerSecond: t.size("10 MB", { off: true, min: 1000 }).doc("What is read from one in the long run."),
  burstBytes: t
    .size("40 MB", { min: 10_000 })
    .doc("What one may send at once before `bytesPerSecond` slows it."),
  unsentSoft: t.size("4 MB", { min: 10_000 }).doc("Unsent output above which nothing more is read from it."),
  unsentHard: t.size("64 MB", { min: 10_000 }).doc("Unsent output above which the connection is closed."),
  stanzasPerTurn: t
    .integer(256, { min: 1, max: 10_000 })
    .doc("Stanzas of one component before the others have their turn."),
  presences: t
    .integer(100_000, { min: 0 })
    .doc(
      "Presences that one has shown and not withdrawn that are remembered: their end is told when its connection ends. Beyond that the oldest are forgotten.",
    ),
});

const limits = t.object({
  stanzaBytes: t
    .size("256 KB", { min: 10_000 })
    .doc("The largest stanza. RFC 6120 §13.12 asks for 10,000 bytes at least."),
  stanzaBytesUnauthenticated: t.size("10 KB", { min: 1000 }).doc("The largest element before log-in."),
  depth: t.integer(64, { min: 8, max: 1000 }).doc("How deep elements may be nested."),
  attributes: t.integer(64, { min: 8, max: 10_000 }).doc("Attributes of one element."),
  attributeBytes: t.size("8 KB", { min: 1000 }).doc("The longest value of an attribute."),
  namespaces: t.integer(32, { min: 8, max: 1000 }).doc("Namespace declarations in scope at one time."),
  authenticationTime: t
    .duration("2m", { min: 1000 })
    .doc("How long a client may take to log in; people look at certificates and fill in forms meanwhile."),
  idleTime: t.duration("15m").doc('A client quiet for so long is pinged. "off": never.'),
  pingTimeout: t
    .duration("1m", { min: 1000 })
    .doc("A client that does not answer the ping, or a request for an acknowledgement, in time is dropped."),
  bytesPerSecond: t
    .size("1 MB", { off: true, min: 1000 })
    .doc("What is read from one connection in the long run."),
  burstBytes: t
    .size("4 MB", { min: 10_000 })
    .doc("What one connection may send at once before `bytesPerSecond` slows it."),
  streamsPerAddress: t
    .integer(200, { off: true, min: 1 })
    .doc("Connections from one IP address (IPv6: one /64)."),
  attemptsPerAddress: t
    .optional(t.integer(2000, { off: true, min: 1 }))
    .doc(
      "How often one IP address may connect in a minute; more is refused. Absent or null: ten times `streamsPerAddress`.",
    ),
  unsentSoft: t
    .size("256 KB", { min: 10_000 })
    .doc("Unsent output above which nothing more is read from that client."),
  unsentHard: t.size("4 MB", { min: 10_000 }).doc("Unsent output above which the connection is closed."),
  stanzasPerTurn: t
    .integer(64, { min: 1, max: 10_000 })
    .doc("Stanzas of one connection before the others have their turn."),
  resourcesPerAccount: t
    .integer(20, { min: 1, max: 10_000 })
    .doc(
      "Devices of one account at the same time; those that are away, to be resumed, give way to new ones.",
    ),
  resourceConflict: t
    .oneOf(["replace", "refuse"], "replace")
    .doc("Who stays when a resource is bound twice: the new connection, or the old one (RFC 6120 §7.7.2.2)."),
  components: componentLimits.doc("What one external component may ask of the server; the rest is as above."),
});

const modules = t
  .record(
    t.custom(
      "an object, true or false",
      { type: ["object", "boolean"] },
      (value): boolean | Readonly<Record<string, unknown>> | undefined =>
        typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value))
          ? (value as boolean | Readonly<Record<string, unknown>>)
          : undefined,
    ),
  )
  .doc("A section for each module; `false` switches a module off.");

export const configSchema = t.object({
  $schema: t.optional(t.string()).doc("The JSON Schema that lets an editor complete this file."),
  domains: t.list(domain, ["localhost"]).doc("The domains that are served. The first is the default one."),
  admins: t.list(bareAddress()).doc("Addresses (`user@domain`) of those who may administer the server."),
  listen: listen.doc(
    'Where connections are accepted: a port (all addresses, IPv6 and IPv4), `"127.0.0.1:5222"`, `"[::1]:5222"`, a list of these, or false. Port 0 takes any free port.',
  ),
  store: store.doc(
    'Where accounts and messages are kept: a SQLite file, with a lock and a control socket of the running server beside it, or `"memory"`, which forgets all at the end.',
  ),
  http: http.doc("What one request may take of the web side."),
  websocket: websocket.doc("Streams over WebSocket."),
  bosh: bosh.doc("Streams over requests of HTTP."),
  proxies: proxies.doc("What stands in front of the server."),
  tls: tls.doc("Encryption."),
  auth: auth.doc("Log-in."),
  limits: limits.doc("What one client may ask of the server."),
  components: byDomain(component).doc(
    "External components (XEP-0114): gateways, bots and other programs that speak for a whole domain each. The keys are their domains. See [Components](components.md).",
  ),
  log: t
    .object({ level: t.oneOf(LOG_LEVELS, "info").doc("The least severe messages that are written.") })
    .doc("Messages on standard error, one JSON object a line."),
  modules,
});

export type Config = Infer<typeof configSchema>;

/** The configuration with all defaults. Throws ConfigError with every problem; `path` begins their paths. */
export function parseConfig(value: unknown, path = ""): Config {
  const config = configSchema.parse(value, path);
  const problems = contradictions(config).map((problem) => ({
    ...problem,
    path: path ? `${path}.${problem.path}` : problem.path,
  }));
  if (problems.length > 0) throw ConfigError.of(problems);
  return config;
}
