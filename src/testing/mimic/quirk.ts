import type { Room } from "../../modules/muc/room.ts";
import type { Element } from "../../xml/element.ts";

/** What a quirk may look at, beside the stanza. */
export interface QuirkContext {
  /** The full JID of the client that gets the stanza. */
  readonly client: string;
  /** The room that the stanza is from, if there is one. */
  readonly room: Room | undefined;
  /** By its bare JID. */
  roomAt(jid: string): Room | undefined;
}

/** Something that rooms of another server say in another way, and that clients have come to rely on or stumble over. */
export interface Quirk {
  readonly name: string;
  /** What clients see. */
  readonly does: string;
  /** Where that is known from: an observation in test/fixtures/mimicry, or a place in a source. */
  readonly source: string;
  /** Changes what a group chat service sends to a client. */
  change(stanza: Element, context: QuirkContext): void;
}

/** How it is done; the likeness says where it is known from. */
export type QuirkKind = Omit<Quirk, "source">;

export function known(source: string, kinds: readonly QuirkKind[]): Quirk[] {
  return kinds.map((kind) => ({ ...kind, source }));
}
