import { randomBytes } from "node:crypto";

/** Randomness, injected: tests may seed it, the server uses the system's strong source. */
export interface Random {
  bytes(length: number): Buffer;
  /** An unguessable identifier: 128 bits in base64url, 22 characters. */
  id(): string;
}

/** Bytes asked of the system at once: asking costs more than the bytes do. */
const POOL_BYTES = 4096;

function createSystemRandom(): Random {
  let pool = Buffer.alloc(0);

  function bytes(length: number): Buffer {
    if (length > POOL_BYTES / 4) return randomBytes(length);
    if (pool.length < length) pool = randomBytes(POOL_BYTES);
    // A view, so no byte is given twice.
    const taken = pool.subarray(0, length);
    pool = pool.subarray(length);
    return taken;
  }

  return { bytes, id: () => bytes(ID_BYTES).toString("base64url") };
}

const ID_BYTES = 16;

export const systemRandom: Random = createSystemRandom();
