/** XEP-0421 Occupant identifiers for semi-anonymous MUCs, version 1.0.1, https://xmpp.org/extensions/xep-0421.html */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { Host } from "../../core/host.ts";
import { Lru } from "../../util/lru.ts";
import { type Element, el } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";

const KEY_BYTES = 32;
const KNOWN = 10_000;

/** Tells that two occupants are the same user without telling which: the same for a user in one room, and nowhere else. */
export class OccupantIds {
  /** A third of the cost of the bytes, for every HMAC. */
  readonly #key: KeyObject;
  readonly #known = new Lru<string, string>(KNOWN);

  private constructor(key: Buffer) {
    this.#key = createSecretKey(key);
  }

  /** The secret of the domain's services is made once and kept: ids outlive restarts. */
  static async open(host: Host): Promise<OccupantIds> {
    const table = await host.table<{ domain: string; key: Buffer }>({
      name: "muc_keys",
      version: 1,
      columns: { domain: "text", key: "blob" },
      key: ["domain"],
    });
    const stored = await table.get({ domain: host.domain });
    if (stored) return new OccupantIds(stored.key);
    const key = host.random.bytes(KEY_BYTES);
    await table.put({ domain: host.domain, key });
    return new OccupantIds(key);
  }

  of(room: Jid, user: Jid): string {
    const text = `${room.toString()} ${user.bare.toString()}`;
    let id = this.#known.get(text);
    if (id === undefined) {
      id = createHmac("sha256", this.#key).update(text).digest("base64url");
      this.#known.set(text, id);
    }
    return id;
  }
}

export function occupantIdElement(id: string): Element {
  return el("occupant-id", { xmlns: ns.OCCUPANT_ID, id });
}
