import type { Socket } from "node:net";
import { piecesOf } from "../util/pieces.ts";
import { AdminError } from "./command.ts";
import { LineReader } from "./line-reader.ts";
import type { Pipe } from "./stream-command.ts";

/** Bytes of a line: a page of addresses of the greatest length fits. */
const MAX_LINE = 2_000_000;
/** Milliseconds in which something has to come. */
const ANSWER_TIMEOUT = 60_000;
/** Characters of what is handed over at a time; escaped they take six times the bytes at most. */
const PIECE = 64_000;

/** What the server says: the end of it all, `result` or `error`, comes last. */
export interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  /** A piece of what the command writes. */
  readonly output?: string;
  /** The command wants the next piece of input; the other side says `{ input }`, null at its end. */
  readonly wants?: "input";
}

/** The other side of a control socket is gone, or says what makes no sense. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** A connection on which both sides say one thing after another, each a line of JSON. */
export class Line implements Pipe {
  readonly #socket: Socket;
  readonly #reader: LineReader;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new LineReader(socket);
  }

  /** What the other side says next. Throws LineError. */
  async receive(maxBytes = MAX_LINE, timeout = ANSWER_TIMEOUT): Promise<unknown> {
    try {
      return JSON.parse(await this.#reader.next(maxBytes, timeout));
    } catch (error) {
      throw new LineError(error instanceof SyntaxError ? "not JSON" : (error as Error).message);
    }
  }

  /** Settles when there is room for more. Throws LineError. */
  send(value: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(`${JSON.stringify(value)}\n`, (error) =>
        error ? reject(new LineError(error.message)) : resolve(),
      );
    });
  }

  /** For a command in the server: the next piece of input. */
  async read(): Promise<string | undefined> {
    await this.send({ wants: "input" });
    const { input } = (await this.receive()) as { input?: unknown };
    return typeof input === "string" ? input : undefined;
  }

  /** For a command in the server. */
  async write(text: string): Promise<void> {
    for (const output of piecesOf(text, PIECE)) await this.send({ output });
  }
}

/** Asks for a command and serves it with what it wants and writes. Throws AdminError with what the server answers, LineError. */
export async function ask<R>(line: Line, command: string, args: unknown, pipe?: Pipe): Promise<R> {
  await line.send({ command, args });
  const input = piecesIn(pipe);
  for (;;) {
    const { result, error, output, wants } = (await line.receive()) as Answer;
    if (error !== undefined) throw new AdminError(error);
    if (output !== undefined) await pipe?.write(output);
    else if (wants !== undefined) await line.send({ input: (await input.next()).value ?? null });
    else return result as R;
  }
}

async function* piecesIn(pipe: Pipe | undefined): AsyncGenerator<string, void> {
  for (let text = await pipe?.read(); text !== undefined; text = await pipe?.read())
    yield* piecesOf(text, PIECE);
}
