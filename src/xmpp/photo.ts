import { createHash } from "node:crypto";
import { childElements, clone, type Element, el } from "../xml/element.ts";
import { ns } from "./ns.ts";

/** A picture as vCards and avatars have it. */
export interface Photo {
  /** SHA-1 of the data, in lower case hexadecimal (XEP-0153 §3.1, XEP-0084 §4.2). */
  readonly hash: string;
  readonly data: Buffer;
  /** What the vCard says that it is; "" when it says nothing. */
  readonly type: string;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The first picture in a vCard that is one: XEP-0153 §4.4, §4.5. Undefined when there is none. */
export function photoOf(vCard: Element): Photo | undefined {
  for (const photo of vCard.getChildren("PHOTO")) {
    const data = decodeImage(photo.getChildText("BINVAL") ?? "");
    if (data) return { hash: sha1(data), data, type: (photo.getChildText("TYPE") ?? "").trim() };
  }
  return undefined;
}

/** The vCard with this picture in place of those that it has, or without any; a new one when there is none. */
export function withPicture(
  card: Element | undefined,
  photo: Pick<Photo, "data" | "type"> | undefined,
): Element {
  const others = card ? childElements(card).filter((child) => child.getName() !== "PHOTO") : [];
  const picture = photo && [
    el(
      "PHOTO",
      {},
      ...(photo.type === "" ? [] : [el("TYPE", {}, photo.type)]),
      el("BINVAL", {}, photo.data.toString("base64")),
    ),
  ];
  return el("vCard", { xmlns: ns.VCARD }, ...others.map((child) => clone(child)), ...(picture ?? []));
}

/** XEP-0153 §4.5: white space means nothing. Undefined for what is no base64, and for nothing. */
export function decodeImage(text: string): Buffer | undefined {
  const packed = text.replaceAll(/\s+/g, "");
  return packed !== "" && BASE64.test(packed) ? Buffer.from(packed, "base64") : undefined;
}

export function sha1(data: Buffer): string {
  return createHash("sha1").update(data).digest("hex");
}
