import type { XmlStream } from "./xml-stream.ts";

/** Streams that are gone while something that they asked for is still being done: a server that ends waits for it. */
export class UnfinishedStreams {
  readonly #streams = new Set<XmlStream>();

  get isEmpty(): boolean {
    this.#forgetFinished();
    return this.#streams.size === 0;
  }

  /** A stream that may have something under way. */
  add(stream: XmlStream): void {
    this.#streams.add(stream);
  }

  /** The connection of `stream` is gone. */
  gone(stream: XmlStream): void {
    if (!stream.isIdle) this.#streams.add(stream);
    // Otherwise they would be kept until the server ends.
    this.#forgetFinished();
  }

  #forgetFinished(): void {
    for (const stream of this.#streams) if (stream.isIdle) this.#streams.delete(stream);
  }
}
