/** XEP-0317 Hats, version 0.3.1: https://xmpp.org/extensions/xep-0317.html */
import { createHash } from "node:crypto";
import { type Element, el } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";

export interface Hat {
  readonly uri: string;
  readonly title: string;
  /** An angle in degrees; "" for none. */
  readonly hue: string;
}

/** The hats of one room, and who wears them; by bare JID. */
export class Hats {
  readonly #hats = new Map<string, Hat>();
  readonly #worn = new Map<string, Set<string>>();
  #wearings = 0;

  get all(): Iterable<Hat> {
    return this.#hats.values();
  }

  get size(): number {
    return this.#hats.size;
  }

  /** How many hats are worn, each as often as it is. */
  get wearings(): number {
    return this.#wearings;
  }

  get(uri: string): Hat | undefined {
    return this.#hats.get(uri);
  }

  /** What somebody wears. */
  of(user: Jid): readonly Hat[] {
    const worn = this.#worn.get(user.toString());
    return worn ? [...worn].map((uri) => this.#hats.get(uri) as Hat) : [];
  }

  wearers(uri: string): readonly string[] {
    return [...this.#worn].filter(([, worn]) => worn.has(uri)).map(([user]) => user);
  }

  /** Who wears what. */
  *worn(): Iterable<{ readonly user: string; readonly hat: Hat }> {
    for (const [user, worn] of this.#worn) {
      for (const uri of worn) yield { user, hat: this.#hats.get(uri) as Hat };
    }
  }

  /** A new hat, or other looks for one that there is. */
  put(hat: Hat): void {
    this.#hats.set(hat.uri, hat);
  }

  /** Takes it from everybody as well. */
  delete(uri: string): void {
    for (const user of this.wearers(uri)) this.takeOff(user, uri);
    this.#hats.delete(uri);
  }

  /** The hat is one of the room's. */
  putOn(user: string, uri: string): void {
    let worn = this.#worn.get(user);
    if (!worn) this.#worn.set(user, (worn = new Set()));
    if (!worn.has(uri)) this.#wearings++;
    worn.add(uri);
  }

  /** Whether it was worn. */
  takeOff(user: string, uri: string): boolean {
    const worn = this.#worn.get(user);
    if (!worn?.delete(uri)) return false;
    this.#wearings--;
    if (worn.size === 0) this.#worn.delete(user);
    return true;
  }

  /** §2: another one whenever the list is another one; undefined without hats. */
  hash(): string | undefined {
    if (this.#hats.size === 0) return undefined;
    const lines = [...this.#hats.values()].map(({ uri, title, hue }) => JSON.stringify([uri, title, hue]));
    return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
  }
}

/** §3.1: for a presence; nothing for those who wear none. */
export function hatsElements(hats: readonly Hat[]): readonly Element[] {
  if (hats.length === 0) return [];
  const worn = hats.map(({ uri, title, hue }) => el("hat", { title, uri, hue: hue || undefined }));
  return [el("hats", { xmlns: ns.HATS }, ...worn)];
}
