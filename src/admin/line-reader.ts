import type { Socket } from "node:net";

const NEWLINE = 0x0a;

/** Lines of a connection, one when it is asked for: what comes meanwhile waits with the sender. */
export class LineReader {
  readonly #socket: Socket;
  /** What came behind the last line. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // between two lines it concerns nobody
  }

  /**
   * The next line, without its end. Rejects when it is longer than `maxBytes`, when the connection ends before the line
   * does, or after `timeout` milliseconds of silence. One at a time.
   */
  next(maxBytes: number, timeout: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isDone = false;
      const take = (chunk: Buffer): void => {
        const end = chunk.indexOf(NEWLINE);
        const part = end === -1 ? chunk : chunk.subarray(0, end);
        bytes += part.length;
        if (bytes > maxBytes) return fail("the line is too long");
        chunks.push(part);
        if (end === -1) return;
        this.#rest = chunk.subarray(end + 1);
        done();
        resolve(Buffer.concat(chunks).toString("utf8"));
      };
      const fail = (reason: string): void => {
        done();
        reject(new Error(reason));
      };
      const tooLate = () => fail("took too long");
      const failed = (error: Error) => fail(error.message);
      const ended = () => fail("closed before the line was complete");
      const done = () => {
        isDone = true;
        socket.pause();
        socket.setTimeout(0).off("timeout", tooLate).off("error", failed);
        socket.off("data", take).off("end", ended).off("close", ended);
      };
      socket.setTimeout(timeout).on("timeout", tooLate).on("error", failed);
      socket.on("data", take).on("end", ended).on("close", ended);
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      if (rest.length > 0) take(rest);
      if (isDone) return;
      // The end may have come along with the last line.
      if (socket.readableEnded || socket.destroyed) ended();
      else socket.resume();
    });
  }
}
