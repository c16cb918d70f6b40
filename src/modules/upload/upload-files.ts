import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ByteRange } from "./range.ts";

/** Bytes in memory for each download. */
const CHUNK_BYTES = 131_072;

/** The body of an upload was not what its slot is for. */
export class BodySizeError extends Error {
  override readonly name = "BodySizeError";
}

/** Files on disk by their ids. Whether there is such a file is the store's matter. */
export class UploadFiles {
  readonly #open: () => Promise<string>;
  #folder: Promise<string> | undefined;

  /** @param openFolder makes the folder; called at the first use. */
  constructor(openFolder: () => Promise<string>) {
    this.#open = openFolder;
  }

  /**
   * Writes a body that is exactly `size` bytes long beside the place of its file, through to the disk. What comes of it
   * waits until what came before is written. Leaves nothing when it fails.
   * @throws BodySizeError, and what `body` throws.
   */
  async receive(id: string, body: AsyncIterable<Uint8Array>, size: number): Promise<void> {
    const path = await this.#part(id);
    try {
      const handle = await create(path);
      try {
        await write(handle, body, size);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Puts a file that was received into its place, through to the disk. */
  async publish(id: string): Promise<void> {
    const path = await this.#path(id);
    await rename(await this.#part(id), path);
    await syncFolder(dirname(path));
  }

  /** The file, and what there is of one that was not received completely; also when there is neither. */
  async remove(id: string): Promise<void> {
    await rm(await this.#part(id), { force: true });
    await rm(await this.#path(id), { force: true });
  }

  /** Whether the file is there and complete. */
  async has(id: string, size: number): Promise<boolean> {
    const stats = await stat(await this.#path(id)).catch(() => undefined);
    return stats?.isFile() === true && stats.size === size;
  }

  /** A part of the file, read as fast as it is taken. The file is opened when somebody begins to read. */
  read(id: string, { first, last }: ByteRange): ReadableStream<Uint8Array> {
    let handle: FileHandle | undefined;
    let position = first;
    const close = async () => {
      const opened = handle;
      handle = undefined;
      await opened?.close();
    };
    const next = async () => {
      handle ??= await open(await this.#path(id), "r");
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, last + 1 - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error("the file is shorter than it was");
      position += bytesRead;
      return buffer.subarray(0, bytesRead);
    };
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            controller.enqueue(await next());
            if (position <= last) return;
          } catch (error) {
            await close();
            throw error;
          }
          await close();
          controller.close();
        },
        cancel: close,
      },
      { highWaterMark: 0 },
    );
  }

  /** Bytes that are free on the disk. */
  async free(): Promise<number> {
    // Made anew if somebody took it away.
    const { bavail, bsize } = await statfs(await this.#open());
    return bavail * bsize;
  }

  #root(): Promise<string> {
    this.#folder ??= this.#open();
    return this.#folder;
  }

  /** In one of 256 folders: no folder gets too large. */
  async #path(id: string): Promise<string> {
    return join(await this.#root(), id.slice(0, 2), id);
  }

  async #part(id: string): Promise<string> {
    return `${await this.#path(id)}.part`;
  }
}

/** A new file to write, in a folder that is made when it is missing. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, "w", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
  return open(path, "w", 0o600);
}

async function write(handle: FileHandle, body: AsyncIterable<Uint8Array>, size: number): Promise<void> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > size) throw new BodySizeError("the body is longer than its slot");
    for (let written = 0; written < chunk.length; ) {
      written += (await handle.write(chunk, written)).bytesWritten;
    }
  }
  if (length < size) throw new BodySizeError("the body is shorter than its slot");
}

/** A name is durable when its folder is; Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
