import type { Jid } from "../xmpp/jid.ts";
import { iq, type Stanza } from "../xmpp/stanza.ts";

/** Requests delivered to a peer that has not answered them (RFC 6120 §8.2.3), without what they carry. */
export class Unanswered {
  readonly #limit: number;
  readonly #requests = new Map<string, Stanza>();

  /** @param limit of more than that the oldest go unremembered. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add({ id, type, from, to }: Stanza): void {
    if (!from || id === undefined) return;
    const requests = this.#requests;
    if (requests.size >= this.#limit) requests.delete(requests.keys().next().value as string);
    requests.set(requestKey(from, id), iq({ id, type, from, to }));
  }

  settle({ to, id }: Stanza): void {
    if (to && id !== undefined) this.#requests.delete(requestKey(to, id));
  }

  /** All of them, which are then forgotten. */
  drain(): readonly Stanza[] {
    const drained = [...this.#requests.values()];
    this.#requests.clear();
    return drained;
  }
}

export function isRequest({ kind, type }: Stanza): boolean {
  return kind === "iq" && (type === "get" || type === "set");
}

function requestKey(peer: Jid, id: string): string {
  return `${peer.toString()} ${id}`;
}
