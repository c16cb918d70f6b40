import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { Accounts, type AccountsOptions } from "../../../src/auth/accounts.ts";
import {
  type Mechanism,
  type SaslContext,
  SaslError,
  type SaslExchange,
  type SaslStep,
} from "../../../src/auth/mechanism.ts";
import { selectMechanisms } from "../../../src/auth/mechanisms.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { systemRandom } from "../../../src/util/random.ts";
import { Jid } from "../../../src/xmpp/jid.ts";

export const ALICE = Jid.parse("alice@example.org");
export const PASSWORD = "correct horse";

/** Time that a test turns. */
export function handClock(): Clock & { time: number } {
  const unused = () => {
    throw new Error("no timers here");
  };
  return {
    time: 1_000_000,
    now() {
      return this.time;
    },
    after: unused,
    every: unused,
    immediate: unused,
  };
}

export function openAccounts(options: Partial<AccountsOptions> = {}): Promise<Accounts> {
  const defaults = { clock: handClock(), random: systemRandom, iterations: 4096 };
  return Accounts.open(createMemoryStore(), { ...defaults, ...options });
}

export async function accountsWithAlice(options: Partial<AccountsOptions> = {}): Promise<Accounts> {
  const accounts = await openAccounts(options);
  await accounts.create(ALICE, PASSWORD);
  return accounts;
}

export function contextOf(accounts: SaslContext["accounts"], more: Partial<SaslContext> = {}): SaslContext {
  return {
    domain: "example.org",
    secure: true,
    remote: "192.0.2.1",
    channelBindings: [],
    channelBinding: () => undefined,
    accounts,
    random: systemRandom,
    ...more,
  };
}

const ALL = selectMechanisms({ plainWithoutTls: false, anonymous: true, external: true });

export function mechanismNamed(name: string): Mechanism {
  const mechanism = ALL.find((each) => each.name === name);
  if (!mechanism) throw new Error(`no mechanism ${name}`);
  return mechanism;
}

export async function respond(exchange: SaslExchange, text: string): Promise<SaslStep> {
  return await exchange.respond(Buffer.from(text));
}

/** The text of a challenge. */
export async function challengeTo(exchange: SaslExchange, text: string): Promise<string> {
  const step = await respond(exchange, text);
  if (step.kind !== "challenge") throw new Error("expected a challenge");
  return step.data.toString();
}

/** The error that an exchange ends with. */
export async function failure(attempt: () => unknown): Promise<SaslError> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof SaslError) return error;
    throw error;
  }
  throw new Error("expected a SaslError");
}

/** A client of RFC 5802, written apart from the server's code. */
export class ScramClient {
  readonly nonce: string;
  readonly first: string;
  readonly #bare: string;
  readonly #digest: string;
  readonly #header: string;
  readonly #password: string;
  serverSignature = "";

  constructor(digest: string, username: string, password: string, header = "n,,", nonce = hexNonce()) {
    this.nonce = nonce;
    this.#digest = digest;
    this.#header = header;
    this.#password = password;
    this.#bare = `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
    this.first = header + this.#bare;
  }

  /** `lie` changes what is signed and sent. */
  final(challenge: string, bindingData: Buffer = Buffer.alloc(0), lie = (text: string) => text): string {
    const match = /^r=([^,]+),s=([^,]+),i=(\d+)(?:,[a-z]=[^,]+)*$/.exec(challenge);
    if (!match?.[1] || !match[2]) throw new Error(`not a server-first-message: ${challenge}`);
    const binding = Buffer.concat([Buffer.from(this.#header), bindingData]).toString("base64");
    const withoutProof = lie(`c=${binding},r=${match[1]}`);
    const length = createHash(this.#digest).digest().length;
    const salt = Buffer.from(match[2], "base64");
    const salted = pbkdf2Sync(this.#password, salt, Number(match[3]), length, this.#digest);
    const clientKey = this.#hmac(salted, "Client Key");
    const storedKey = createHash(this.#digest).update(clientKey).digest();
    const message = `${this.#bare},${challenge},${withoutProof}`;
    const signature = this.#hmac(storedKey, message);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
    this.serverSignature = this.#hmac(this.#hmac(salted, "Server Key"), message).toString("base64");
    return `${withoutProof},p=${proof.toString("base64")}`;
  }

  #hmac(key: Buffer, data: string): Buffer {
    return createHmac(this.#digest, key).update(data).digest();
  }
}

function hexNonce(): string {
  return randomBytes(12).toString("hex");
}
