import { Duplex } from "node:stream";
import type { Pipe, PipeEvents } from "./pipe.ts";

/** The client's end of a pipe as Node's libraries take it. */
export class PipeDuplex extends Duplex {
  readonly #connect: (events: PipeEvents) => Promise<Pipe>;
  #pipe: Pipe | undefined;

  /** `connect` makes the pipe; what is written before there is one waits. */
  constructor(connect: (events: PipeEvents) => Promise<Pipe>) {
    super({ allowHalfOpen: false });
    this.#connect = connect;
  }

  override _construct(done: (error?: Error) => void): void {
    const events = {
      data: (text: string) => void this.push(text),
      ended: () => void this.push(null),
    };
    const connected = (pipe: Pipe) => {
      this.#pipe = pipe;
      done();
    };
    this.#connect(events).then(connected, done);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#pipe?.send(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.#pipe?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#pipe?.end();
    done(error);
  }
}
