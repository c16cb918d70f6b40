import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { type Element, serialize } from "../../xml/element.ts";
import { readFragment } from "../../xml/fragment.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { photoOf } from "../../xmpp/photo.ts";

interface VCardRow {
  user: string;
  xml: string;
  /** SHA-1 of the picture; "" when there is none. */
  photo: string;
}

/** Users whose pictures' hashes are remembered. */
const KNOWN_USERS = 20_000;

/** The hash of nobody's picture, so that the cache can hold it. */
const NO_VCARD = "-";

/** The vCards of a host. */
export class VCardStore {
  readonly #table: Table<VCardRow>;
  readonly #hashes = new Lru<string, string>(KNOWN_USERS);

  private constructor(table: Table<VCardRow>) {
    this.#table = table;
  }

  static async open(host: Pick<Host, "table">): Promise<VCardStore> {
    const table = await host.table<VCardRow>({
      name: "vcards",
      version: 1,
      columns: { user: "text", xml: "text", photo: "text" },
      key: ["user"],
    });
    return new VCardStore(table);
  }

  /** The `<vCard/>` as XML text. */
  text(user: Jid): Awaitable<string | undefined> {
    return after(this.#table.get({ user: user.bare.toString() }), (row) => row?.xml);
  }

  get(user: Jid): Awaitable<Element | undefined> {
    return after(this.text(user), (xml) => (xml === undefined ? undefined : readVCard(xml)));
  }

  /** SHA-1 of the picture in the user's vCard: "" without a picture, undefined without a vCard. */
  photoHash(user: Jid): Awaitable<string | undefined> {
    const key = user.bare.toString();
    const known = this.#hashes.get(key);
    if (known !== undefined) return known === NO_VCARD ? undefined : known;
    return after(this.#table.get({ user: key }), (row) => {
      this.#hashes.set(key, row?.photo ?? NO_VCARD);
      return row?.photo;
    });
  }

  /** Returns whether the picture is another one now. */
  async put(user: Jid, vCard: Element): Promise<boolean> {
    const key = user.bare.toString();
    const before = await this.photoHash(user);
    const photo = photoOf(vCard)?.hash ?? "";
    this.#hashes.set(key, photo);
    await this.#table.put({ user: key, xml: serialize(vCard), photo });
    return photo !== (before ?? "");
  }

  async remove(user: Jid): Promise<void> {
    const key = user.bare.toString();
    this.#hashes.delete(key);
    await this.#table.delete({ user: key });
  }

  forget(): void {
    this.#hashes.clear();
  }
}

function readVCard(xml: string): Element {
  const [vCard] = readFragment(`<x>${xml}</x>`).children;
  if (!vCard) throw new Error("a vCard without an element");
  vCard.parent = null;
  return vCard;
}
