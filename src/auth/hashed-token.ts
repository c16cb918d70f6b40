/** HT (draft-schmaus-kitten-sasl-ht-09): a token that the server gave out proves itself by its HMAC, in one round trip. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Awaitable } from "../util/awaitable.ts";
import type { Jid } from "../xmpp/jid.ts";
import { authorize, decodeMessage, userNamed } from "./authorize.ts";
import {
  ChannelBindingError,
  type ChannelBindingType,
  type Mechanism,
  type SaslCondition,
  type SaslContext,
  SaslError,
  type SaslStep,
} from "./mechanism.ts";

/** Octets of the authentication identity (§3.1: 255 at least). */
const MAX_NAME_BYTES = 1023;

/** §2: the last part of a mechanism's name, and what it binds to; strongest first. */
const BINDINGS: Readonly<Record<string, ChannelBindingType | undefined>> = {
  EXPR: "tls-exporter",
  UNIQ: "tls-unique",
  ENDP: "tls-server-end-point",
  NONE: undefined,
};

/** The names of all mechanisms, strongest first. */
export const HASHED_TOKEN_MECHANISMS: readonly string[] = Object.keys(BINDINGS).map(
  (end) => `HT-SHA-256-${end}`,
);

/** A token that the client may be using. */
export interface Token {
  readonly secret: string;
  /** Called when it is this one that the client has, before it is let in. Returns why it is good no longer, if so. */
  accept(): Awaitable<SaslCondition | undefined>;
}

/** Which tokens a user may be using with this mechanism, as few as can be. */
export type TokenSource = (user: Jid) => Awaitable<readonly Token[]>;

/** Whether a stream can use that mechanism. */
export function canUseHashedTokens(name: string, context: SaslContext): boolean {
  if (!context.secure || !HASHED_TOKEN_MECHANISMS.includes(name)) return false;
  const binding = bindingOf(name);
  return binding === undefined || context.channelBindings.includes(binding);
}

export function hashedToken(name: string, tokensOf: TokenSource): Mechanism {
  const mechanism: Mechanism = {
    name,
    offered: (context) => canUseHashedTokens(name, context),
    begin(context) {
      if (!mechanism.offered(context)) throw new SaslError("invalid-mechanism", name);
      return { respond: (data) => verify(name, data, context, tokensOf) };
    },
  };
  return mechanism;
}

async function verify(
  name: string,
  data: Buffer,
  context: SaslContext,
  tokensOf: TokenSource,
): Promise<SaslStep> {
  const { username, hash } = parse(data);
  const user = userNamed(username, context);
  const binding = bindingOf(name);
  const bound = binding ? context.channelBinding(binding) : Buffer.alloc(0);
  if (!bound || (binding && bound.length === 0)) throw new ChannelBindingError("nothing to bind to");
  // Nobody has the empty token: it makes the work the same where there is none.
  const tokens = await tokensOf(user);
  const [token] = (tokens.length > 0 ? tokens : [NO_TOKEN]).filter(({ secret }) =>
    isEqual(hmac(secret, "Initiator", bound), hash),
  );
  if (!token) throw new SaslError("not-authorized", "token", user.toString());
  await authorize(user, undefined, context);
  const fault = await token.accept();
  if (fault) throw new SaslError(fault, "token", user.toString());
  return { kind: "success", user, data: hmac(token.secret, "Responder", bound) };
}

const NO_TOKEN: Token = { secret: "", accept: () => "not-authorized" };

/** §3.1: initiator-msg = authcid NUL initiator-hashed-token; the latter may contain any octet. */
function parse(data: Buffer): { username: string; hash: Buffer } {
  const end = data.indexOf(0);
  if (end <= 0 || end > MAX_NAME_BYTES) throw new SaslError("malformed-request", "HT: message");
  return { username: decodeMessage(data.subarray(0, end)), hash: data.subarray(end + 1) };
}

/** §3.1, §3.3: HMAC(token, role || cb-data). */
function hmac(token: string, role: "Initiator" | "Responder", bound: Buffer): Buffer {
  return createHmac("sha256", token).update(role).update(bound).digest();
}

/** §3.2, XEP-0484 §7: in constant time. */
function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function bindingOf(name: string): ChannelBindingType | undefined {
  return BINDINGS[name.slice(name.lastIndexOf("-") + 1)];
}
