/**
 * XEP-0486 MUC Avatars, version 0.1.0
 * https://xmpp.org/extensions/xep-0486.html
 */
import type { Host } from "../../core/host.ts";
import type { Hooks } from "../../routing/hooks.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { type Element, el, serialize } from "../../xml/element.ts";
import { readFragment } from "../../xml/fragment.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { decodeImage, sha1 } from "../../xmpp/photo.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { statusElement } from "./presences.ts";
import type { Room } from "./room.ts";

interface RoomVCardRow {
  room: string;
  xml: string;
  /** SHA-1 of each picture, separated by spaces. */
  hashes: string;
}

/** What rooms look like. */
export class RoomVCards {
  readonly #table: Table<RoomVCardRow>;

  private constructor(table: Table<RoomVCardRow>) {
    this.#table = table;
  }

  static async open(host: Host): Promise<RoomVCards> {
    const table = await host.table<RoomVCardRow>({
      name: "muc_vcards",
      version: 1,
      columns: { room: "text", xml: "text", hashes: "text" },
      key: ["room"],
    });
    return new RoomVCards(table);
  }

  /** §3.4: for everybody who may know that there is the room; empty when it has none. */
  get(room: Room): Awaitable<Element> {
    return after(this.#row(room.jid), (row) =>
      row ? (readFragment(`<x>${row.xml}</x>`).children[0] as Element) : el("vCard", { xmlns: ns.VCARD }),
    );
  }

  /** §3.2: an owner's; an empty one takes it away. @throws StanzaError */
  async set({ host, config, delivery }: Context, room: Room, { from, payload }: IqRequest): Promise<void> {
    if (room.affiliationOf(from.bare) !== "owner") {
      throw new StanzaError("forbidden", "Only owners are allowed to set avatars.");
    }
    const xml = serialize(payload);
    if (xml.length > config.vcard) throw new StanzaError("policy-violation", "the vCard is too large");
    const key = room.jid.toString();
    if (payload.getChildElements().length === 0) await this.#table.delete({ room: key });
    else await this.#table.put({ room: key, xml, hashes: hashesOf(payload).join(" ") });
    const changed = el("x", { xmlns: ns.MUC_USER }, statusElement(104));
    await delivery.toAll(room, message({ from: room.jid, type: "groupchat", id: host.random.id() }, changed));
  }

  /** §3.3 */
  describe({ room, features, fields }: Hooks["muc:described"]): Awaitable<void> {
    features.push(ns.VCARD);
    return after(this.#row(room.jid), (row) => {
      if (!row?.hashes) return;
      const value = row.hashes.split(" ");
      fields.push({ name: "muc#roominfo_avatarhash", type: "text-multi", label: "Avatar hash", value });
    });
  }

  forget(room: Jid): Awaitable<void> {
    return after(this.#table.delete({ room: room.toString() }), () => undefined);
  }

  #row(room: Jid): Awaitable<RoomVCardRow | undefined> {
    return this.#table.get({ room: room.toString() });
  }
}

/** §5.1: of every version of the picture. */
function hashesOf(vCard: Element): readonly string[] {
  const images = vCard.getChildren("PHOTO").map((photo) => decodeImage(photo.getChildText("BINVAL") ?? ""));
  return images.flatMap((image) => (image ? [sha1(image)] : []));
}
