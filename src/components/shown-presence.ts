import type { Jid } from "../xmpp/jid.ts";
import { presence, type Stanza } from "../xmpp/stanza.ts";

/** A presence that was shown: whose, by the address as text, to whom. */
interface Shown {
  readonly from: Jid;
  readonly to: Map<string, Jid>;
}

/**
 * Who of a component's addresses showed themselves to whom, contacts as well as rooms, and did not say that they went: all that
 * has to be taken back when the component is gone (RFC 6121 §4.5, §4.6).
 */
export class ShownPresence {
  readonly #limit: number;
  /** By the address that showed itself, the one that began first in front. */
  readonly #shown = new Map<string, Shown>();
  #size = 0;

  /** @param limit how much is remembered; of more the oldest is forgotten. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A presence of the component on its way. */
  note({ type, from, to }: Stanza): void {
    if (!from || !to) return;
    if (type === undefined) this.#add(from, to);
    else if (type === "unavailable") this.#delete(from, to);
  }

  /** Takes what is remembered out, as what tells that it is over. */
  *withdraw(): Generator<Stanza> {
    for (const [key, { from, to }] of this.#shown) {
      this.#shown.delete(key);
      this.#size -= to.size;
      for (const each of to.values()) yield presence({ type: "unavailable", from, to: each });
    }
  }

  #add(from: Jid, to: Jid): void {
    const key = from.toString();
    const shown = this.#shown.get(key) ?? { from, to: new Map() };
    this.#shown.set(key, shown);
    const before = shown.to.size;
    shown.to.set(to.toString(), to);
    this.#size += shown.to.size - before;
    while (this.#size > this.#limit) this.#forgetOldest();
  }

  #delete(from: Jid, to: Jid): void {
    const key = from.toString();
    const shown = this.#shown.get(key);
    if (!shown?.to.delete(to.toString())) return;
    this.#size--;
    if (shown.to.size === 0) this.#shown.delete(key);
  }

  #forgetOldest(): void {
    for (const [key, { to }] of this.#shown) {
      const [first] = to.keys();
      if (first !== undefined && to.delete(first)) this.#size--;
      if (to.size === 0) this.#shown.delete(key);
      return;
    }
  }
}
