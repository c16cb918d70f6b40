/** JSON that cannot be read; `line` and `column` count from 1. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly line: number;
  readonly column: number;

  constructor(message: string, text: string, offset: number) {
    super(message);
    const before = text.slice(0, offset).split(/\r\n|\r|\n/);
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

const MAX_DEPTH = 100;
const SPACE = /[ \t\r\n]*/y;
// oxlint-disable-next-line no-control-regex -- RFC 8259 §7: they must be escaped
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * RFC 8259 JSON as `JSON.parse` reads it, but with the place of a mistake, which `JSON.parse` does not always
 * tell, and without keys given twice, of which it silently drops one. A byte order mark is skipped.
 * Throws {@link JsonError}.
 */
export function parseJson(text: string): unknown {
  const scanner = new Scanner(text, text.startsWith("\uFEFF") ? 1 : 0);
  const value = scanner.value(0);
  scanner.end();
  return value;
}

class Scanner {
  readonly #text: string;
  #at: number;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#at = start;
  }

  value(depth: number): unknown {
    this.#take(SPACE);
    if (depth > MAX_DEPTH) throw this.#error("too deeply nested");
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    const token = first === '"' ? this.#string() : (this.#take(NUMBER) ?? this.#take(WORD));
    if (token === undefined) throw this.#error("expected a value", first);
    return JSON.parse(token);
  }

  end(): void {
    this.#take(SPACE);
    const rest = this.#text[this.#at];
    if (rest !== undefined) throw this.#error("expected the end of the file", rest);
  }

  #object(depth: number): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    this.#items("}", () => {
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#error("expected a key in double quotes", this.#text[start]);
      const key = JSON.parse(this.#string()) as string;
      if (entries.has(key)) throw new JsonError(`the key "${key}" is given twice`, this.#text, start);
      this.#take(SPACE);
      if (this.#text[this.#at] !== ":")
        throw this.#error(`expected ":" after "${key}"`, this.#text[this.#at]);
      this.#at++;
      entries.set(key, this.value(depth + 1));
    });
    return Object.fromEntries(entries);
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#items("]", () => void items.push(this.value(depth + 1)));
    return items;
  }

  /** From the opening bracket to `close`, commas between the items. */
  #items(close: string, item: () => void): void {
    this.#at++;
    this.#take(SPACE);
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      this.#take(SPACE);
      item();
      this.#take(SPACE);
      const next = this.#text[this.#at];
      if (next !== "," && next !== close) throw this.#error(`expected "," or "${close}"`, next);
      const comma = this.#at++;
      if (next === close) return;
      this.#take(SPACE);
      if (this.#text[this.#at] === close) {
        throw new JsonError(`a comma before "${close}" is not allowed`, this.#text, comma);
      }
    }
  }

  #string(): string {
    const token = this.#take(STRING);
    if (token === undefined) throw this.#error("a string that is not closed, or has a wrong escape");
    return token;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#at += match.length;
    return match;
  }

  #error(message: string, found?: string): JsonError {
    if (found === "/") return new JsonError("JSON has no comments", this.#text, this.#at);
    const what = this.#at >= this.#text.length ? "the end of the file" : found && JSON.stringify(found);
    return new JsonError(what ? `${message}, got ${what}` : message, this.#text, this.#at);
  }
}
