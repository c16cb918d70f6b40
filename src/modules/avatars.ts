/**
 * XEP-0398 User Avatar to vCard-Based Avatars Conversion, version 1.0.0
 * XEP-0084 User Avatar, version 1.1.4
 * https://xmpp.org/extensions/xep-0398.html
 *
 * Users have one picture, whether their client publishes it with PEP (XEP-0084) or in the vCard (XEP-0153).
 */
import { defineModule } from "../core/module.ts";
import { type Element, el } from "../xml/element.ts";
import { readFragment } from "../xml/fragment.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { decodeImage, type Photo, sha1 } from "../xmpp/photo.ts";
import { pep } from "./pep/pep.ts";
import { type Pep, pepService } from "./pep/pep-service.ts";
import { vcard } from "./vcard/vcard.ts";
import { vcardService } from "./vcard/vcard-service.ts";

/** §3.2: a vCard is for everybody to see, and so is the picture from it. */
const OPEN = { access_model: "open" };

export const avatars = defineModule({
  name: "avatars",
  implements: ["XEP-0398 1.0.0", "XEP-0084 1.1.4"],
  accountFeatures: [ns.AVATAR_CONVERSION],
  requires: [vcard, pep],

  setup(host) {
    const cards = host.use(vcardService);
    const nodes = host.use(pepService);

    // §3.1. The data come first as a rule, but what is imported comes as it comes.
    host.hook("pubsub:published", "observe", ({ service, node, id }) => {
      if (node === ns.AVATAR_METADATA) return toVCard(service);
      return node === ns.AVATAR_DATA ? toVCard(service, id) : undefined;
    });
    host.hook("vcard:photo", "observe", ({ user, photo }) => toPep(user, photo));

    /** `arrived`: the data that came; only those of the current picture are of interest. */
    async function toVCard(user: Jid, arrived?: string): Promise<void> {
      const metadata = await nodes.node(user, ns.AVATAR_METADATA);
      const last = await metadata?.last();
      if (!last) return;
      const info = infoIn(last.payload);
      if (arrived !== undefined && arrived !== info?.id) return;
      const hash = await cards.photoHash(user);
      if (info === undefined) {
        // XEP-0084 §4.2.2: there is no picture any more.
        if (hash) await cards.setPhoto(user, undefined);
        return;
      }
      const { id, type } = info;
      if (id === hash) return;
      const stored = await nodes.node(user, ns.AVATAR_DATA);
      // §6: everybody sees the vCard.
      if (stored?.accessModel !== "open") return;
      const data = decodeImage(textIn((await stored.item(id))?.payload));
      // §3.1: what is not what it says is left where it is.
      if (!data || sha1(data) !== id) return;
      if (!(await cards.setPhoto(user, { data, type }))) {
        host.log.debug("an avatar is too large for the vCard", { user: user.toString(), bytes: data.length });
      }
    }

    /** §3.2. */
    async function toPep(user: Jid, photo: Photo | undefined): Promise<void> {
      const metadata = await nodes.node(user, ns.AVATAR_METADATA);
      const last = await metadata?.last();
      const current = last && infoIn(last.payload)?.id;
      if (current === photo?.hash) return;
      if (!photo) {
        await nodes.publish(
          user,
          ns.AVATAR_METADATA,
          "current",
          el("metadata", { xmlns: ns.AVATAR_METADATA }),
        );
        return;
      }
      const { hash, data } = photo;
      const type = photo.type || "image/png";
      const info = el("info", { id: hash, bytes: String(data.length), type });
      await publish(
        user,
        ns.AVATAR_DATA,
        hash,
        el("data", { xmlns: ns.AVATAR_DATA }, data.toString("base64")),
      );
      await publish(user, ns.AVATAR_METADATA, hash, el("metadata", { xmlns: ns.AVATAR_METADATA }, info));
    }

    /** Nodes that are there already stay as open as their owner made them. */
    async function publish(...[user, node, id, payload]: Parameters<Pep["publish"]>): Promise<void> {
      const isNew = (await nodes.node(user, node)) === undefined;
      try {
        await nodes.publish(user, node, id, payload, isNew ? OPEN : undefined);
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
        host.log.debug("a picture did not get into PEP", { user: user.toString(), reason: error.condition });
      }
    }
  },
});

/** §3.1: of several formats the one whose data are here; undefined when there is no picture. */
function infoIn(metadata: string): { readonly id: string; readonly type: string } | undefined {
  const infos = rootOf(metadata)?.getChildren("info", ns.AVATAR_METADATA) ?? [];
  const info = infos.find(({ attrs }) => attrs.url === undefined && typeof attrs.id === "string");
  return info && { id: String(info.attrs.id).toLowerCase(), type: String(info.attrs.type ?? "") };
}

function textIn(payload: string | undefined): string {
  return payload === undefined ? "" : (rootOf(payload)?.getText() ?? "");
}

function rootOf(payload: string): Element | undefined {
  return payload === "" ? undefined : readFragment(`<x>${payload}</x>`).children[0];
}
