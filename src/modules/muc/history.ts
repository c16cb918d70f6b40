import type { Element } from "../../xml/element.ts";
import { parseDateTime } from "../../xmpp/datetime.ts";
import { delayElement } from "../../xmpp/delay.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/** Something that was said in a room. */
export interface Said {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly stanza: Stanza;
  /** It has ids that somebody else gave it. */
  readonly isMarked: boolean;
}

/** XEP-0045 §7.2.14: how much of its history a client wants. */
export interface HistoryRequest {
  readonly maxChars?: number | undefined;
  readonly maxStanzas?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
}

/** XEP-0045 §7.2.13: the last messages of a room, for those who enter. */
export class History {
  readonly #most: number;
  readonly #mostSize: number;
  /** Stamped with their delays. */
  #entries: Said[] = [];
  #size = 0;

  /** `most` messages of `mostSize` characters together. */
  constructor(most: number, mostSize: number) {
    this.#most = most;
    this.#mostSize = mostSize;
  }

  /** §7.2.13: stamped with the room's address and the time it was sent. */
  add(room: Jid, { at, stanza, isMarked }: Said): void {
    if (this.#most === 0) return;
    const entry = { at, stanza: stanza.append(delayElement(room, at)), isMarked };
    this.#entries.push(entry);
    this.#size += entry.stanza.size;
    while (this.#entries.length > this.#most || this.#size > this.#mostSize) {
      this.#size -= this.#entries.shift()?.stanza.size ?? 0;
    }
  }

  /** The message is not shown to anybody any more. `id`: the one the room gave it (XEP-0359). */
  forget(id: string): void {
    const index = this.#entries.findIndex(({ stanza }) =>
      stanza.payload.some((child) => child.is("stanza-id", ns.STANZA_ID) && child.attrs.id === id),
    );
    if (index < 0) return;
    const [entry] = this.#entries.splice(index, 1);
    this.#size -= entry?.stanza.size ?? 0;
  }

  /** §7.2.14: the latest that meet every limit, oldest first. */
  select(to: Jid, limit: number, { maxChars, maxStanzas, since }: HistoryRequest): readonly Said[] {
    const most = Math.min(limit, maxStanzas ?? limit);
    let left = maxChars ?? Number.POSITIVE_INFINITY;
    const chosen: Said[] = [];
    for (let index = this.#entries.length - 1; index >= 0 && chosen.length < most; index--) {
      const entry = this.#entries[index] as Said;
      if (since !== undefined && entry.at < since) break;
      // The characters of complete stanzas.
      left -= entry.stanza.readdressed(to).toString().length;
      if (left < 0) break;
      chosen.push(entry);
    }
    return chosen.reverse();
  }
}

/** §7.2.14: the `<history/>` of the `<x/>` that somebody enters with. @throws StanzaError bad-request */
export function readHistoryRequest(x: Element, now: number): HistoryRequest {
  const history = x.getChild("history", ns.MUC);
  if (!history) return {};
  const { maxchars, maxstanzas, seconds, since } = history.attrs as Record<string, string | undefined>;
  const bounds: number[] = [];
  if (seconds !== undefined) bounds.push(now - 1000 * readCount(seconds));
  if (since !== undefined) {
    const at = parseDateTime(since);
    if (at === undefined) throw new StanzaError("bad-request", "`since` is no date and time");
    bounds.push(at);
  }
  return {
    maxChars: maxchars === undefined ? undefined : readCount(maxchars),
    maxStanzas: maxstanzas === undefined ? undefined : readCount(maxstanzas),
    since: bounds.length === 0 ? undefined : Math.max(...bounds),
  };
}

function readCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new StanzaError("bad-request", "a limit of the history is no number");
  return Number(text);
}
