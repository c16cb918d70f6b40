/**
 * SCRAM, the server's side (RFC 5802, RFC 7677; channel binding by RFC 5802 §6 and XEP-0440).
 *
 * Every failure is an error of the exchange: the `e=` of the server-final-message, which is optional, is never
 * sent, because it would tell an unknown user from a wrong password (RFC 6120 §6.5.10).
 */
import { timingSafeEqual } from "node:crypto";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Jid } from "../xmpp/jid.ts";
import { authorize, decodeMessage, requireOffered, userNamed } from "./authorize.ts";
import { Advertisements } from "./downgrade-protection.ts";
import {
  ChannelBindingError,
  type Mechanism,
  type SaslContext,
  SaslError,
  type SaslExchange,
  type SaslStep,
} from "./mechanism.ts";
import { type Credentials, digest, hmac, type ScramHash } from "./scram-keys.ts";
import {
  type BindingFlag,
  type ClientFinal,
  type ClientFirst,
  parseClientFinal,
  parseClientFirst,
} from "./scram-message.ts";

export interface ScramOptions {
  readonly hash: ScramHash;
  /** Whether this is the -PLUS variant, which binds to the channel. */
  readonly plus: boolean;
  /** Whether the server has any -PLUS variant, on streams that can bind. */
  readonly serverBinds: boolean;
}

export function scram({ hash, plus, serverBinds }: ScramOptions): Mechanism {
  const advertisements = new Advertisements(hash);
  const mechanism: Mechanism = {
    name: `SCRAM-${hash}${plus ? "-PLUS" : ""}`,
    offered: (context) =>
      (context.hashes ?? context.accounts.hashes).includes(hash) && (!plus || canBind(context)),
    begin(context) {
      requireOffered(mechanism, context);
      return new ScramExchange(context, { hash, plus, serverBinds }, advertisements);
    },
  };
  return mechanism;
}

function canBind(context: SaslContext): boolean {
  return context.channelBindings.length > 0;
}

/** Who the client says that it is. */
interface Claimed {
  readonly user: Jid;
  readonly first: ClientFirst;
  readonly credentials: Credentials;
  /** What `Accounts.changes` was when they were read. */
  readonly asOf: number;
}

interface Challenged extends Claimed {
  /** server-first-message. */
  readonly challenge: string;
  readonly nonce: string;
  /** What the client's c= has to be. */
  readonly channelBinding: string;
}

class ScramExchange implements SaslExchange {
  readonly #context: SaslContext;
  readonly #options: ScramOptions;
  readonly #advertisements: Advertisements;
  #state: "new" | "busy" | Challenged = "new";

  constructor(context: SaslContext, options: ScramOptions, advertisements: Advertisements) {
    this.#context = context;
    this.#options = options;
    this.#advertisements = advertisements;
  }

  respond(data: Buffer): Awaitable<SaslStep> {
    const state = this.#state;
    if (state === "busy") throw new SaslError("malformed-request", "SCRAM: a response too many");
    this.#state = "busy";
    const message = decodeMessage(data);
    return state === "new" ? this.#challenge(message) : this.#finish(state, message);
  }

  #challenge(message: string): Awaitable<SaslStep> {
    const first = parseClientFirst(message);
    const bindingData = this.#bindingData(first.binding);
    const user = userNamed(first.username, this.#context);
    const asOf = this.#context.accounts.changes;
    return after(this.#credentials(user), (credentials) =>
      this.#challengeFor({ user, first, credentials, asOf }, bindingData),
    );
  }

  #challengeFor(claimed: Claimed, bindingData: Buffer): SaslStep {
    const { first, credentials } = claimed;
    const { salt, iterations } = credentials;
    const nonce = first.nonce + this.#context.random.id();
    const challenge = `r=${nonce},s=${salt.toString("base64")},i=${iterations}${this.#protection()}`;
    // RFC 5802 §7: cbind-input = gs2-header [ cbind-data ]
    const channelBinding = Buffer.concat([Buffer.from(first.header), bindingData]).toString("base64");
    this.#state = { ...claimed, challenge, nonce, channelBinding };
    return { kind: "challenge", data: Buffer.from(challenge) };
  }

  #finish(expected: Challenged, message: string): Awaitable<SaslStep> {
    const name = expected.user.toString();
    const final = parseClientFinal(message);
    if (final.nonce !== expected.nonce) throw new SaslError("not-authorized", "nonce", name);
    // RFC 5802 §6: the server must always validate c=.
    if (final.channelBinding !== expected.channelBinding) {
      throw new SaslError("not-authorized", "channel binding", name);
    }
    // The password may have been changed since the challenge.
    const isSame = expected.asOf === this.#context.accounts.changes;
    const credentials = isSame ? expected.credentials : this.#credentials(expected.user);
    return after(credentials, (current) => this.#prove(expected, current, final));
  }

  async #prove(
    { user, first, challenge }: Challenged,
    credentials: Credentials,
    final: ClientFinal,
  ): Promise<SaslStep> {
    const authMessage = `${first.bare},${challenge},${final.withoutProof}`;
    if (!isProof(this.#options.hash, credentials, authMessage, final.proof)) {
      throw new SaslError("not-authorized", "proof", user.toString());
    }
    await authorize(user, first.authzid, this.#context);
    const signature = hmac(this.#options.hash, credentials.serverKey, authMessage);
    return { kind: "success", data: Buffer.from(`v=${signature.toString("base64")}`), user };
  }

  /** XEP-0474 §5.1: an extension that tells the client what it should have been offered. */
  #protection(): string {
    const { advertised, channelBindings } = this.#context;
    return advertised ? `,h=${this.#advertisements.hash(advertised, channelBindings)}` : "";
  }

  #credentials(user: Jid): Awaitable<Credentials> {
    return this.#context.accounts.credentials(user, this.#options.hash);
  }

  /** RFC 5802 §6: checks the gs2-cbind-flag and gives the data to bind to, empty without. */
  #bindingData(flag: BindingFlag): Buffer {
    const { plus, serverBinds } = this.#options;
    if (flag.kind === "unadvertised" && serverBinds && canBind(this.#context)) {
      throw new ChannelBindingError("the client was not shown -PLUS: a downgrade");
    }
    if (plus !== (flag.kind === "bound")) {
      throw new ChannelBindingError("the gs2-cbind-flag is another mechanism's");
    }
    if (flag.kind !== "bound") return Buffer.alloc(0);
    const data = this.#channelData(flag.type);
    if (!data?.length) throw new ChannelBindingError("channel binding type not supported");
    return data;
  }

  #channelData(type: string): Buffer | undefined {
    const { channelBindings, channelBinding } = this.#context;
    const known = channelBindings.find((announced) => announced === type);
    return known && channelBinding(known);
  }
}

/** RFC 5802 §3: ClientKey = ClientProof XOR HMAC(StoredKey, AuthMessage), and H(ClientKey) = StoredKey. */
function isProof(hash: ScramHash, credentials: Credentials, authMessage: string, proof: Buffer): boolean {
  const { storedKey, genuine } = credentials;
  const signature = hmac(hash, storedKey, authMessage);
  // As long as the proof: a proof of another length gives no key that has this hash.
  const clientKey = Buffer.allocUnsafe(proof.length);
  for (let i = 0; i < proof.length; i++) clientKey[i] = (proof[i] as number) ^ (signature[i] ?? 0);
  return timingSafeEqual(digest(hash, clientKey), storedKey) && genuine;
}
