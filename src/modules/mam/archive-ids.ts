import aes from "node-forge/lib/aes.js";

export const ARCHIVE_KEY_BYTES = 16;
const BLOCK_BYTES = 16;
/** What 4 bytes count up to. */
const WORD = 2 ** 32;
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
  const [keys, inverseKeys] = [aes._expandKey(wordsOf(key), false), aes._expandKey(wordsOf(key), true)];
  const [plain, cipher] = [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ];
  const block = Buffer.alloc(BLOCK_BYTES);
  return {
    encode(id) {
      plain[0] = Math.floor(id / WORD);
      plain[1] = id | 0;
      // For each message: five times as fast as OpenSSL, for which a buffer is made each time.
      aes._updateBlock(keys, plain, cipher, false);
      for (let word = 0; word < 4; word++) block.writeInt32BE(cipher[word] as number, word * 4);
      return block.toString("base64url");
    },
    decode(text) {
      if (!TEXT.test(text)) return undefined;
      const read: number[] = [];
      aes._updateBlock(inverseKeys, wordsOf(Buffer.from(text, "base64url")), read, true);
      const [high = 0, low = 0, ...rest] = read;
      const id = (high >>> 0) * WORD + (low >>> 0);
      return rest.every((word) => word === 0) && Number.isSafeInteger(id) ? id : undefined;
    },
  };
}

function wordsOf(bytes: Buffer): number[] {
  return [0, 4, 8, 12].map((place) => bytes.readInt32BE(place));
}
