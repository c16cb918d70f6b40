import { createHash } from "node:crypto";
import { BoshError } from "./body.ts";

/** XEP-0124 "Protecting Insecure Sessions": each request shows what hashes to the key of the one before it. */
export class KeySequence {
  #expected: string | undefined;

  /** @throws BoshError when the key is not the next one, or is missing. */
  check({ key, newkey }: Readonly<Record<string, string>>): void {
    if (this.#expected !== undefined) {
      const hash = key === undefined ? "" : createHash("sha1").update(key).digest("hex");
      if (hash !== this.#expected) throw new BoshError("item-not-found", "not the next key");
    }
    // Case is not significant in hexadecimal digits.
    if (this.#expected !== undefined || newkey !== undefined) this.#expected = (newkey ?? key)?.toLowerCase();
  }
}
