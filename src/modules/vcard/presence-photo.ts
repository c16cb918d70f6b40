import { type Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/**
 * XEP-0398 §4: the presence as it goes out, with `hash` (SHA-1 in hexadecimal, "" for no picture) in it. A client that
 * says there is no picture is believed; one that says nothing yet, or something else, is corrected.
 */
export function withPhoto(stanza: Stanza, hash: string): Stanza {
  const update = stanza.child("x", ns.VCARD_UPDATE);
  if (!update) return stanza.append(photoElement(hash));
  const photo = update.getChild("photo");
  const announced = photo?.getText().trim();
  if (photo && (announced === "" || announced?.toLowerCase() === hash)) return stanza;
  return withoutPhoto(stanza).append(photoElement(hash));
}

export function withoutPhoto(stanza: Stanza): Stanza {
  return stanza.without("x", ns.VCARD_UPDATE);
}

/** XEP-0153 §4.1. */
function photoElement(hash: string): Element {
  const photo = hash === "" ? el("photo") : el("photo", {}, hash);
  return el("x", { xmlns: ns.VCARD_UPDATE }, photo);
}
