import type { Renaming } from "./parser.ts";
import { NO_NAMESPACE, type Tape, XML_NAMESPACE, XML_URI } from "./tape.ts";
import { illFormed } from "./window.ts";

const XMLNS_URI = "http://www.w3.org/2000/xmlns/";

/** Declarations that hold for everything inside the stream's root; the default namespace has the prefix "". */
export type Scope = readonly { readonly prefix: string; readonly uri: string }[];

/** The namespace declarations in scope at a place in an element. Its namespaces are indices into the tape's `uris`. */
export class Namespaces {
  readonly #tape: Tape;
  readonly #prefixes: string[] = ["xml"];
  readonly #targets: number[] = [XML_NAMESPACE];
  #count = 1;
  #renaming: Renaming | undefined;
  /** The default namespace here. */
  current: number = NO_NAMESPACE;

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** Declarations in scope. */
  get size(): number {
    return this.#count - 1;
  }

  reset(scope: Scope, renaming: Renaming | undefined): void {
    this.#renaming = renaming;
    this.#count = 1;
    this.current = NO_NAMESPACE;
    for (const { prefix, uri } of scope) this.#push(prefix, uri);
  }

  /** Goes back to an earlier `size` and `current`. */
  restore(size: number, current: number): void {
    this.#count = size + 1;
    this.current = current;
  }

  /**
   * Prefix "" is the default namespace.
   * @throws XmlError `not-well-formed` for what Namespaces in XML 1.0 §2.2, §3 forbid.
   */
  declare(prefix: string, uri: string): void {
    if (prefix === "xmlns" || uri === XMLNS_URI) throw illFormed("xmlns is not to be declared");
    if ((prefix === "xml") !== (uri === XML_URI)) throw illFormed("xml is bound to its namespace");
    if (prefix !== "" && uri === "") throw illFormed("a prefix cannot be undeclared");
    if (uri !== this.#renaming?.from) return this.#push(prefix, uri);
    // What came does not mean what it says.
    this.#tape.isPortable = false;
    this.#push(prefix, this.#renaming.to);
  }

  #push(prefix: string, uri: string): void {
    const target = prefix === "xml" ? XML_NAMESPACE : this.#tape.addUri(uri);
    this.#prefixes[this.#count] = prefix;
    this.#targets[this.#count] = target;
    this.#count++;
    if (prefix === "") this.current = target;
  }

  /** @throws XmlError `not-well-formed` for a prefix nobody declared (RFC 6120 §4.9.3.13 has it as its example). */
  resolve(prefix: string): number {
    for (let index = this.#count - 1; index >= 0; index--)
      if (this.#prefixes[index] === prefix) return this.#targets[index] as number;
    throw illFormed("undeclared prefix");
  }

  /** What is in scope now, for a later `reset`. */
  snapshot(): Scope {
    const scope: { prefix: string; uri: string }[] = [];
    for (let index = 1; index < this.#count; index++)
      scope.push({
        prefix: this.#prefixes[index] as string,
        uri: this.#tape.uri(this.#targets[index] as number),
      });
    return scope;
  }
}
