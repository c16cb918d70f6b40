import { randomBytes } from "node:crypto";

/** Randomness, injected: tests may seed it, the server uses the system's strong source. */
export interface Random {
  bytes(length: number): Buffer;
  /** An unguessable identifier: 128 bits in base64url, 22 characters. */
  id(): string;
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  id: () => randomBytes(16).toString("base64url"),
};
