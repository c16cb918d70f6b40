import { Duplex } from "node:stream";
import type { Pipe } from "./pipe.ts";

/** The client's end of a pipe as Node's libraries take it. */
export class PipeDuplex extends Duplex {
  readonly #pipe: Pipe;

  constructor(pipe: Pipe) {
    super({ allowHalfOpen: false });
    this.#pipe = pipe;
    pipe.open({
      data: (text) => void this.push(text),
      ended: () => void this.push(null),
    });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#pipe.send(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.#pipe.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#pipe.end();
    done(error);
  }
}
