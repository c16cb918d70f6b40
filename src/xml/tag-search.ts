import { ILLEGAL, VALUE } from "./bytes.ts";
import type { Window } from "./window.ts";

const SLASH = 0x2f;
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const EQUALS = 0x3d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;

/**
 * Looks for the end of an unfinished tag, each byte once. Without it a tag that comes byte by byte
 * would be read from its beginning for each byte.
 */
export class TagSearch {
  /** Bytes from the element's `<`, like all positions here. */
  #tag = 0;
  #next = 0;
  #quote = 0;
  #valueStart = 0;
  #equals = 0;
  isActive = false;

  start(tag: number): void {
    this.#tag = tag;
    this.#next = tag + 1;
    this.#quote = this.#equals = 0;
    this.isActive = true;
  }

  stop(): void {
    this.isActive = false;
  }

  /** @returns true at the end of the tag, or earlier at something that makes it worth no more waiting. */
  find({ source, base, end, limits }: Window): boolean {
    const isEndTag = source[base + this.#tag + 1] === SLASH;
    for (let at = base + this.#next; at < end; at++) {
      const byte = source[at] as number;
      let isOver = byte === LESS_THAN || VALUE[byte] === ILLEGAL;
      if (this.#quote !== 0) {
        if (byte === this.#quote) this.#quote = 0;
        else isOver ||= at - base - this.#valueStart >= limits.attributeBytes;
      } else if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
        isOver = isEndTag;
        this.#quote = byte;
        this.#valueStart = at + 1 - base;
      } else {
        isOver ||= byte === GREATER_THAN || (byte === EQUALS && ++this.#equals > limits.attributes);
      }
      if (isOver) {
        this.#next = at + 1 - base;
        return true;
      }
    }
    this.#next = end - base;
    return false;
  }
}
