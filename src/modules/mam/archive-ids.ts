import { createCipheriv, createDecipheriv } from "node:crypto";

const ALGORITHM = "aes-128-ecb";
export const ARCHIVE_KEY_BYTES = 16;
const BLOCK_BYTES = 16;
/** 16 bytes in base64url. */
const TEXT = /^[\w-]{22}$/;

/** Numbers of rows as the opaque ids that clients see, and back. */
export interface ArchiveIds {
  encode(id: number): string;
  /** Undefined for a text that `encode` did not make. */
  decode(text: string): number | undefined;
}

/**
 * The number, enciphered as one block with eight zero bytes: nobody without the key can tell anything from an id
 * (XEP-0359 §6) or make one up (XEP-0313 §3), and nothing but the number need be stored.
 */
export function createArchiveIds(key: Buffer): ArchiveIds {
  const cipher = createCipheriv(ALGORITHM, key, null).setAutoPadding(false);
  const decipher = createDecipheriv(ALGORITHM, key, null).setAutoPadding(false);
  const block = Buffer.alloc(BLOCK_BYTES);
  return {
    encode(id) {
      block.writeBigUInt64BE(BigInt(id));
      return cipher.update(block).toString("base64url");
    },
    decode(text) {
      if (!TEXT.test(text)) return undefined;
      const plain = decipher.update(Buffer.from(text, "base64url"));
      const id = Number(plain.readBigUInt64BE());
      return plain.readBigUInt64BE(BLOCK_BYTES / 2) === 0n && Number.isSafeInteger(id) ? id : undefined;
    },
  };
}
