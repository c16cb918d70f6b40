/** RFC 6120 §6.5.10: what is shown of a user who is not there, so that nobody can tell. */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { Store } from "../store/store.ts";
import type { Random } from "../util/random.ts";
import type { Jid } from "../xmpp/jid.ts";
import { keyOf } from "./account-table.ts";
import { type Credentials, digestLength, type ScramHash } from "./scram-keys.ts";

/** Octets of the secret that they come from. */
const SECRET_BYTES = 32;

interface SecretRow {
  name: string;
  value: Buffer;
}

export class MadeUpCredentials {
  readonly #secret: KeyObject;
  readonly #saltBytes: number;

  private constructor(secret: Buffer, saltBytes: number) {
    this.#secret = createSecretKey(secret);
    this.#saltBytes = saltBytes;
  }

  /** Opens the table `auth_secrets`. @param saltBytes as many as genuine salts have. */
  static async open(store: Store, random: Random, saltBytes: number): Promise<MadeUpCredentials> {
    const secrets = await store.table<SecretRow>({
      name: "auth_secrets",
      version: 1,
      columns: { name: "text", value: "blob" },
      key: ["name"],
    });
    const kept = await secrets.get({ name: "unknown-users" });
    const secret = kept?.value ?? random.bytes(SECRET_BYTES);
    if (!kept) await secrets.put({ name: "unknown-users", value: secret });
    return new MadeUpCredentials(secret, saltBytes);
  }

  /**
   * The same each time. Only the salt is ever shown; nothing proves the possession of these keys, so they need not differ.
   */
  of(user: Jid, hash: ScramHash, iterations: number): Credentials {
    const bytes = createHmac("sha512", this.#secret)
      .update(`salt\0${hash}\0${keyOf(user)}`)
      .digest();
    const key = bytes.subarray(0, digestLength(hash));
    return {
      salt: bytes.subarray(0, this.#saltBytes),
      iterations,
      storedKey: key,
      serverKey: key,
      genuine: false,
    };
  }
}
