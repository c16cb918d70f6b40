import { type Clock, TimeoutError } from "../../util/clock.ts";
import type { Logger } from "../../util/logger.ts";
import type { Counter } from "../../util/metrics.ts";
import { mediaType } from "./media-type.ts";
import type { Signer } from "./signature.ts";
import { BodySizeError, type UploadFiles } from "./upload-files.ts";
import { refusal, uploadAnswer } from "./upload-headers.ts";
import type { Purpose, UploadRow } from "./upload-row.ts";
import type { UploadStore } from "./upload-store.ts";

export interface ReceiverParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: UploadStore;
  readonly files: UploadFiles;
  readonly signer: Signer;
  readonly uploads: Counter;
  readonly bytes: Counter;
  /** Bytes in a second; slower uploads are given up. */
  readonly slowest: number;
  /** Uploads of one account at the same time. */
  readonly atOnce: number;
  /** Bytes of the disk that stay free. */
  readonly keepFree: number;
  /** How long files are kept by their purpose; milliseconds, 0 for ever. */
  readonly keep: Readonly<Record<Purpose, number>>;
  /** Aborted when the server ends. */
  readonly closing: AbortSignal;
  find(id: string, name: string): Promise<UploadRow | undefined>;
}

/** However small a file is; milliseconds. */
const LEAST_TIME_MS = 60_000;
/** However large it is: no timer takes more than some weeks. */
const MOST_TIME_MS = 7 * 86_400_000;

/** The server ends; the slot is still good when it is back. */
class ClosingError extends Error {
  override readonly name = "ClosingError";
}

/** The peer stopped in the middle of the body. */
class BrokenBodyError extends Error {
  override readonly name = "BrokenBodyError";
}

/** A file that is coming in. */
interface Arrival {
  readonly owner: string;
  /** Bytes that are still to come. */
  left: number;
}

/** `PUT` of a file into its slot (XEP-0363 §7). */
export class Receiver {
  readonly #parts: ReceiverParts;
  /** By their slots. */
  readonly #active = new Map<string, Arrival>();

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  /** Slots whose file is coming in. */
  get active(): ReadonlyMap<string, unknown> {
    return this.#active;
  }

  async put(request: Request, id: string, name: string, token: string): Promise<Response> {
    const slot = await this.#parts.find(id, name);
    const refused = this.#check(slot, request, token);
    if (refused || !slot) return refused ?? unknownSlot();
    // From here to the end of this turn nothing waits: nobody else comes between the question and the entry.
    const arrival: Arrival = { owner: slot.owner, left: slot.size };
    this.#active.set(id, arrival);
    try {
      return await this.#receive(slot, request, arrival);
    } finally {
      this.#active.delete(id);
    }
  }

  #check(slot: UploadRow | undefined, request: Request, token: string): Response | undefined {
    const { clock, signer, atOnce } = this.#parts;
    if (!slot || slot.owner === "") return unknownSlot();
    // A slot that was used has another end, and so another signature.
    if (slot.stored !== null) return refusal(409, "The file is there already");
    if (!signer.isSigned(slot, token)) return unknownSlot();
    if ((slot.expires ?? 0) <= clock.now()) return refusal(410, "The slot is over; ask for another one");
    if (this.#active.has(slot.id)) return refusal(409, "The file is coming in already");
    const others = [...this.#active.values()].filter(({ owner }) => owner === slot.owner).length;
    if (others >= atOnce) return refusal(429, "Too many uploads at once", { "Retry-After": "5" });
    return checkHeaders(slot, request.headers);
  }

  /** For all that is coming in: slots were given when there was room for each of them alone. */
  async #hasRoom(): Promise<boolean> {
    const { files, keepFree } = this.#parts;
    const free = await files.free();
    const coming = [...this.#active.values()].reduce((sum, { left }) => sum + left, 0);
    return free - coming >= keepFree;
  }

  async #receive(slot: UploadRow, request: Request, arrival: Arrival): Promise<Response> {
    const { clock, files, store, log, keep, slowest, uploads, bytes, closing } = this.#parts;
    const { id, size, purpose, latest } = slot;
    const type = mediaType(request.headers.get("content-type") ?? "") ?? "";
    try {
      if (!(await this.#hasRoom())) return noRoom();
      const time = Math.min(LEAST_TIME_MS + (size / slowest) * 1000, MOST_TIME_MS);
      const chunks = chunksOf(request.body, { clock, time, closing });
      await files.receive(id, counted(chunks, arrival), size);
      // Its owner may have gone meanwhile.
      const { owner } = (await store.get(id)) ?? { owner: "" };
      if (owner !== "") await files.publish(id);
      const kept = keep[purpose] === 0 ? null : clock.now() + keep[purpose];
      const expires = kept === null || latest === null ? (latest ?? kept) : Math.min(kept, latest);
      const isStored = await store.complete(id, slot.type || type, expires);
      if (!isStored) {
        await files.remove(id);
        return unknownSlot();
      }
    } catch (error) {
      if (error instanceof BodySizeError) return refusal(400, "The body is not as long as it was to be");
      if (error instanceof TimeoutError) return refusal(408, "Too slow", { Connection: "close" });
      if (error instanceof ClosingError) return refusal(503, "The server goes down", { Connection: "close" });
      if (error instanceof BrokenBodyError) return refusal(400, "The body broke off");
      log.warn("an upload could not be written", { id, error: (error as Error).message });
      return noRoom();
    }
    uploads.inc();
    bytes.inc(size);
    return uploadAnswer(201, null);
  }
}

/** Whatever is wrong: nobody learns which slots there are. */
function unknownSlot(): Response {
  return refusal(403, "There is no such slot");
}

function noRoom(): Response {
  return refusal(507, "There is no room for the file");
}

async function* counted(chunks: AsyncIterable<Uint8Array>, arrival: Arrival): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    arrival.left -= chunk.length;
  }
}

function checkHeaders(slot: UploadRow, headers: Headers): Response | undefined {
  const length = headers.get("content-length");
  if (length === null || headers.has("transfer-encoding")) return refusal(411, "A Content-Length is needed");
  // XEP-0363 §7: both have to be what the slot is for.
  if (Number(length) !== slot.size) {
    const text = `The slot is for ${slot.size} bytes`;
    return refusal(Number(length) > slot.size ? 413 : 400, text);
  }
  if ((headers.get("content-encoding") ?? "identity") !== "identity") {
    return refusal(415, "The file has to come as it is");
  }
  const type = headers.get("content-type");
  if (type !== null && slot.type !== "" && mediaType(type) !== slot.type) {
    return refusal(415, `The slot is for ${slot.type}`);
  }
  return undefined;
}

interface BodyBounds {
  readonly clock: Clock;
  /** Milliseconds from now. */
  readonly time: number;
  readonly closing: AbortSignal;
}

/** A body that comes to its end in time. @throws TimeoutError, ClosingError, BrokenBodyError */
async function* chunksOf(
  body: ReadableStream<Uint8Array> | null,
  { clock, time, closing }: BodyBounds,
): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  let failure: Error | undefined;
  const giveUp = (error: Error) => {
    failure ??= error;
    void reader.cancel().catch(() => {});
  };
  const close = () => giveUp(new ClosingError());
  const timer = clock.after(time, () => giveUp(new TimeoutError("the upload took too long")));
  closing.addEventListener("abort", close);
  if (closing.aborted) close();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: Error) => {
        throw failure ?? new BrokenBodyError(error.message);
      });
      if (failure) throw failure;
      if (done) return;
      yield value;
    }
  } finally {
    timer.cancel();
    closing.removeEventListener("abort", close);
    await reader.cancel().catch(() => {});
  }
}
