import type { Host } from "../../core/host.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import { formatSize } from "../../util/size.ts";
import { type Element, el } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { encodeSegment } from "./file-name.ts";
import type { Signer } from "./signature.ts";
import { readSlotRequest, unknownPurpose } from "./slot-request.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { Purpose, UploadRow } from "./upload-row.ts";
import type { Refusal, UploadStore } from "./upload-store.ts";

export interface SlotRules {
  /** Bytes; whoever asks for more is told it. 0: there are no files for that. */
  readonly maxFileSize: Readonly<Record<Purpose, number>>;
  /** Whether guests without an account may upload. */
  readonly anonymous: boolean;
  /** For how long a slot waits for its file; milliseconds. */
  readonly slotTime: number;
  /** Bytes of the disk that stay free. */
  readonly keepFree: number;
}

export interface SlotParts {
  readonly host: Host;
  readonly store: UploadStore;
  readonly files: UploadFiles;
  readonly signer: Signer;
  readonly rules: SlotRules;
  /** Where files are found, without a slash at the end. */
  url(): string;
}

const ID_BYTES = 16;

/** XEP-0363 §4: gives out slots, each good for one file of one account. */
export class Slots {
  readonly #parts: SlotParts;

  constructor(parts: SlotParts) {
    this.#parts = parts;
  }

  /** The `<slot/>`. @throws StanzaError (§6). */
  async give({ from, payload }: IqRequest): Promise<Element> {
    const { host, store, signer, rules } = this.#parts;
    if (!host.http.listens) throw new StanzaError("service-unavailable", "there is no place to put files");
    await this.#checkOwner(from.bare);
    const wanted = readSlotRequest(payload);
    const now = host.clock.now();
    if (wanted.latest !== null && wanted.latest <= now) {
      throw new StanzaError("not-acceptable", "the file would be gone already");
    }
    const max = rules.maxFileSize[wanted.purpose];
    if (max === 0) throw unknownPurpose();
    if (wanted.size > max) throw tooLarge(max);
    await this.#checkDisk(wanted.size);
    const slot: UploadRow = {
      ...wanted,
      domain: host.domain,
      id: host.random.bytes(ID_BYTES).toString("hex"),
      owner: from.bare.toString(),
      stored: null,
      expires: now + rules.slotTime,
    };
    const refusal = await store.reserve(slot);
    if (refusal) throw tooMuch(refusal, now);
    const url = this.urlOf(slot);
    return el(
      "slot",
      { xmlns: ns.UPLOAD },
      el("put", { url: `${url}?token=${signer.sign(slot)}` }),
      el("get", { url }),
    );
  }

  /** Where the file is to be had. §4: everything but ASCII is percent-encoded, and the name stays. */
  urlOf({ id, name }: Pick<UploadRow, "id" | "name">): string {
    return `${this.#parts.url()}/upload/${id}/${encodeSegment(name)}`;
  }

  async #checkOwner(owner: Jid): Promise<void> {
    const { host, rules } = this.#parts;
    const isOurs = owner.local !== "" && owner.domain === host.domain;
    if (isOurs && (await host.accounts.exists(owner))) return;
    if (isOurs && rules.anonymous && host.sessions.of(owner).length > 0) return;
    throw new StanzaError("forbidden", "only for those who have an account here");
  }

  async #checkDisk(size: number): Promise<void> {
    const { files, rules } = this.#parts;
    if ((await files.free()) - size >= rules.keepFree) return;
    throw new StanzaError("resource-constraint", "there is no room for more files");
  }
}

function tooLarge(max: number): StanzaError {
  return new StanzaError("not-acceptable", `the file is too large; the most are ${formatSize(max)}`, {
    detail: { name: "file-too-large", ns: ns.UPLOAD, texts: { "max-file-size": String(max) } },
  });
}

function tooMuch(refusal: Refusal, now: number): StanzaError {
  if (refusal.spent === "room") {
    return new StanzaError("resource-constraint", "you have all the files that you may keep for ever");
  }
  const text = refusal.spent === "bytes" ? "you have uploaded all that you may in a day" : "too many files";
  const attributes = { stamp: formatDateTime(now + refusal.wait) };
  return new StanzaError("resource-constraint", text, {
    detail: { name: "retry", ns: ns.UPLOAD, attributes },
  });
}
