/** XEP-0363 §4, §5: what a client asks for. */
import { childElements, type Element } from "../../xml/element.ts";
import { parseDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { safeFileName } from "./file-name.ts";
import { mediaType } from "./media-type.ts";
import { PURPOSES, type Purpose } from "./upload-row.ts";

export interface SlotRequest {
  /** A safe one. */
  readonly name: string;
  /** Bytes, at least 1. */
  readonly size: number;
  /** Without parameters; "" when none is said. */
  readonly type: string;
  readonly purpose: Purpose;
  /** When the file must be gone; milliseconds since the epoch. */
  readonly latest: number | null;
}

/** @throws StanzaError */
export function readSlotRequest(request: Element): SlotRequest {
  const { filename, size, "content-type": type } = request.attrs as Record<string, string | undefined>;
  if (filename === undefined) throw new StanzaError("bad-request", "a file name is missing");
  // §11: a positive integer.
  if (!/^\+?\d{1,15}$/.test(size ?? "") || Number(size) === 0) {
    throw new StanzaError("bad-request", "the size is a number of bytes, 1 or more");
  }
  return { name: safeFileName(filename), size: Number(size), type: readType(type), ...readPurpose(request) };
}

function readType(text: string | undefined): string {
  if (text === undefined || text.trim() === "") return "";
  const type = mediaType(text);
  if (type === undefined) throw new StanzaError("bad-request", "the content type is none");
  return type;
}

/** §5: "message" when none is said. */
function readPurpose(request: Element): Pick<SlotRequest, "purpose" | "latest"> {
  const wanted = childElements(request).filter((child) => child.getNS() === ns.UPLOAD_PURPOSE);
  if (wanted.length > 1) throw new StanzaError("bad-request", "a file has one purpose");
  const [purpose] = wanted;
  const name = purpose?.getName() ?? "message";
  if (name === "ephemeral") {
    return { purpose: "message", latest: readEnd(purpose?.attrs["expire-before"] as string | undefined) };
  }
  const known = PURPOSES.find((each) => each === name);
  if (known === undefined) throw unknownPurpose();
  return { purpose: known, latest: null };
}

/** §5.3: an ephemeral file must say when it ends. */
function readEnd(text: string | undefined): number {
  const end = text === undefined ? undefined : parseDateTime(text);
  if (end === undefined) throw new StanzaError("bad-request", "expire-before is no date with time and zone");
  return end;
}

export function unknownPurpose(): StanzaError {
  return new StanzaError("feature-not-implemented", "files are not kept for that purpose");
}
