import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Lane } from "./lane.ts";
import type { Line } from "./lines.ts";

/** Which of a line's lanes a link reads from: `in` at the server's end, `out` at a client's. */
export type LinkEnd = "server" | "client";

/**
 * One end of a connection, with a line between it and the far end, where a network would be. It is no socket, for TLS would
 * wait for one without a handle to be connected.
 */
export class Link extends Duplex {
  readonly #far: Duplex;
  readonly #reads: Lane;
  readonly #writes: Lane;
  /** Called when there is room for what comes. */
  #room: (() => void)[] = [];
  #timeout = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(far: Duplex, end: LinkEnd, line: Line) {
    super({ allowHalfOpen: false });
    this.#far = far;
    const reads = line.lane(end === "server" ? "in" : "out", (bytes, done) => {
      this.#touch();
      if (this.push(bytes)) done();
      else this.#room.push(done);
    });
    const writes = line.lane(end === "server" ? "out" : "in", (bytes, done) => {
      if (far.writable) far.write(bytes, done);
      else done(new Error("the connection is gone"));
    });
    this.#reads = reads;
    this.#writes = writes;
    line.onCut(() => {
      far.destroy();
      reads.close();
      writes.close();
      this.destroy();
    });
    this.#listen();
  }

  override _read(): void {
    for (const done of this.#room.splice(0)) done();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    this.#send([{ chunk, encoding }], done);
  }

  override _writev(chunks: readonly Chunk[], done: Done): void {
    this.#send(chunks, done);
  }

  override _final(done: Done): void {
    this.#writes.after(() => this.#far.end());
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#reads.close();
    this.#writes.after(() => void this.#far.destroy());
    clearTimeout(this.#timer);
    done(error);
  }

  /** For those who take connections: it has all of a socket that they ask for. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  setNoDelay(): this {
    return this;
  }

  /** As of a socket: "timeout" when nothing came or went for so long; milliseconds, 0: never. */
  setTimeout(ms: number): this {
    this.#timeout = ms;
    this.#touch();
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => void this.destroy());
  }

  #send(chunks: readonly Chunk[], done: Done): void {
    this.#touch();
    const bytes = chunks.map(({ chunk, encoding }) =>
      typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk,
    );
    this.#writes.write(bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes), done);
  }

  #listen(): void {
    const far = this.#far;
    // It ends when this side of it does, which may take its time.
    far.allowHalfOpen = true;
    far.on("data", (bytes: Buffer) => {
      let isTaken = false;
      this.#reads.write(bytes, () => {
        isTaken = true;
        if (far.isPaused()) far.resume();
      });
      if (!isTaken) far.pause();
    });
    far.on("end", () => this.#reads.after(() => void this.push(null)));
    // The end of it says so as well.
    far.on("error", () => {});
    far.on("close", () => {
      if (!far.readableEnded) this.#reads.after(() => void this.destroy());
    });
  }

  #touch(): void {
    clearTimeout(this.#timer);
    if (this.#timeout > 0) this.#timer = setTimeout(() => this.emit("timeout"), this.#timeout).unref();
  }
}

type Done = (error?: Error | null) => void;

interface Chunk {
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}
