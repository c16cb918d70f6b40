import { defineService } from "../../core/module.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Photo } from "../../xmpp/photo.ts";

/** The vCards of users, by their bare JIDs, for other modules. */
export interface VCards {
  get(user: Jid): Awaitable<Element | undefined>;
  /** SHA-1 of the picture: "" without one, undefined without a vCard. */
  photoHash(user: Jid): Awaitable<string | undefined>;
  /** Puts another picture into the vCard, or none, and shows it to those who see the user; false if it is too large. */
  setPhoto(user: Jid, photo: Pick<Photo, "data" | "type"> | undefined): Promise<boolean>;
}

export const vcardService = defineService<VCards>("vcard");

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A user published a vCard with another picture than before, or with none; or one was imported. */
    "vcard:photo": { readonly user: Jid; readonly photo: Photo | undefined };
  }
}
