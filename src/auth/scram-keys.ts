/** RFC 5802 §3: what a server keeps instead of a password, and the hash functions it is made with. */
import { createHash, createHmac, createSecretKey } from "node:crypto";

/** By their names in mechanism names (RFC 5802 §4). */
export type ScramHash = "SHA-1" | "SHA-256" | "SHA-512";

/** Strongest first. */
export const SCRAM_HASHES: readonly ScramHash[] = ["SHA-512", "SHA-256", "SHA-1"];

const DIGESTS = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512" } as const;
const LENGTHS = { "SHA-1": 20, "SHA-256": 32, "SHA-512": 64 } as const;

/** Node's name of the digest. */
export function digestName(hash: ScramHash): string {
  return DIGESTS[hash];
}

/** Octets of output. */
export function digestLength(hash: ScramHash): number {
  return LENGTHS[hash];
}

/** RFC 5802 §2.2: H(str). */
export function digest(hash: ScramHash, data: Buffer): Buffer {
  return createHash(DIGESTS[hash]).update(data).digest();
}

/** RFC 5802 §2.2: HMAC(key, str). Node takes a key object three times as fast as the buffer itself. */
export function hmac(hash: ScramHash, key: Buffer, data: string): Buffer {
  return createHmac(DIGESTS[hash], createSecretKey(key)).update(data, "utf8").digest();
}

export interface ScramKeys {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

export interface Credentials extends ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
  /** False for those made up for an unknown user: nothing proves their possession. */
  readonly genuine: boolean;
}

/** RFC 5802 §3: StoredKey and ServerKey from SaltedPassword. */
export function scramKeys(hash: ScramHash, saltedPassword: Buffer): ScramKeys {
  return {
    storedKey: digest(hash, hmac(hash, saltedPassword, "Client Key")),
    serverKey: hmac(hash, saltedPassword, "Server Key"),
  };
}
