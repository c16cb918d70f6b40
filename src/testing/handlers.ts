import { type Element, el, serialize } from "../xml/element.ts";
import { type StanzaCondition, StanzaError } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { Stanza } from "../xmpp/stanza.ts";
import type { Passing } from "./passing.ts";
import { describePattern, guarded, matcherOf, type StanzaPattern } from "./pattern.ts";
import { readXml } from "./read-xml.ts";
import { millisecondsOf, type TestClock } from "./test-clock.ts";
import { textOf, type XmlLike } from "./xml-like.ts";

/** What a handler can do about the stanza it was given. Doing nothing leaves it unanswered. */
export interface HandlerContext {
  /** The full JID of the client that sent it. */
  readonly client: string;
  /** Answers: with the payload of a result, or with whole stanzas, whose `from`, `to` and `id` need not be given. */
  reply(...xml: readonly XmlLike[]): void;
  /** Answers with an error (RFC 6120 §8.3). */
  error(condition: StanzaCondition, text?: string): void;
  /** Sends the client something else. */
  send(xml: XmlLike): void;
  /** Lets the server deal with it after all. */
  pass(): void;
}

export type StanzaHandler = (stanza: Element, context: HandlerContext) => unknown;

/** A handler that is set up; its methods can be chained. */
export interface Handler {
  /** How often it was asked. */
  readonly calls: number;
  /** It is asked once, or so many times; then it is as if it were not there. */
  once(): this;
  /** @throws TypeError when it is no whole number of at least 1. */
  times(count: number): this;
  /** What it does it does so much later, on the server's clock. */
  delay(duration: number | string): this;
  /** See {@link HandlerContext.reply}. @throws Error for what is no XML. */
  reply(...xml: readonly XmlLike[]): this;
  /** See {@link HandlerContext.error}. */
  error(condition: StanzaCondition, text?: string): this;
  remove(): void;
}

interface HandlersParts {
  readonly clock: TestClock;
  resolve(name: string): string;
  /** A handler or its pattern threw, or a request that nobody handles came where that is an error. */
  failed(message: string): void;
}

/** What a test does in place of the server with what clients send. */
export class Handlers {
  /** What becomes of requests that no handler takes: the server's own answer, or an error and a failed test. */
  unhandled: "pass" | "error" = "pass";
  readonly #parts: HandlersParts;
  #all: ScriptedHandler[] = [];

  constructor(parts: HandlersParts) {
    this.#parts = parts;
  }

  on(pattern: StanzaPattern, handle?: StanzaHandler): Handler {
    const { resolve, failed } = this.#parts;
    const matches = guarded(matcherOf({ direction: "in", ...pattern }, resolve), failed);
    const handler = new ScriptedHandler(describePattern(pattern), matches, handle, () => {
      this.#all = this.#all.filter((other) => other !== handler);
    });
    this.#all.push(handler);
    return handler;
  }

  /** Those set up for a number of times that were not asked so often. */
  pending(): string[] {
    return this.#all.filter((handler) => handler.isPending).map((handler) => handler.toString());
  }

  /** All that is set up now; `restore` takes it. */
  get state(): HandlersState {
    return { all: [...this.#all], unhandled: this.unhandled };
  }

  restore({ all, unhandled }: HandlersState): void {
    this.#all = [...all];
    this.unhandled = unhandled;
  }

  /** Whether a handler sees to it. Those for a number of times go first, the oldest first; then the others, the newest first. */
  takes(passing: Passing): boolean {
    if (passing.direction !== "in" || !passing.isElement) return false;
    const candidates = this.#all.filter((handler) => handler.fits(passing));
    const handler =
      candidates.find(({ isPending }) => isPending) ?? candidates.findLast(({ isEndless }) => isEndless);
    if (!handler) return this.#isRefused(passing);
    const run = () => void this.#run(handler, passing);
    handler.called();
    if (handler.wait === 0) run();
    else this.#parts.clock.after(handler.wait, run);
    return true;
  }

  async #run(handler: ScriptedHandler, passing: Passing): Promise<void> {
    const context = new Context(passing);
    try {
      await handler.handle(passing.element, context);
    } catch (error) {
      this.#parts.failed(`a handler failed: ${error instanceof Error ? error.stack : String(error)}`);
      context.error("internal-server-error");
    }
    context.settle();
  }

  #isRefused(passing: Passing): boolean {
    const type = passing.attribute("type");
    const isRequest = passing.kind === "iq" && (type === "get" || type === "set");
    if (this.unhandled === "pass" || !isRequest || !passing.stream.session) return false;
    this.#parts.failed(`nobody handles ${passing.toString()}`);
    const context = new Context(passing);
    context.error("service-unavailable");
    context.settle();
    return true;
  }
}

interface HandlersState {
  readonly all: readonly ScriptedHandler[];
  readonly unhandled: "pass" | "error";
}

class ScriptedHandler implements Handler {
  calls = 0;
  wait = 0;
  readonly fits: (passing: Passing) => boolean;
  readonly remove: () => void;
  readonly #description: string;
  #handle: StanzaHandler | undefined;
  #times = Number.POSITIVE_INFINITY;

  constructor(
    description: string,
    fits: (passing: Passing) => boolean,
    handle: StanzaHandler | undefined,
    remove: () => void,
  ) {
    this.#description = description;
    this.fits = fits;
    this.#handle = handle;
    this.remove = remove;
  }

  get isEndless(): boolean {
    return this.#times === Number.POSITIVE_INFINITY;
  }

  get isPending(): boolean {
    return !this.isEndless && this.calls < this.#times;
  }

  once(): this {
    return this.times(1);
  }

  times(count: number): this {
    if (!Number.isInteger(count) || count < 1) throw new TypeError(`not a number of times: ${count}`);
    this.#times = count;
    return this;
  }

  delay(duration: number | string): this {
    this.wait = millisecondsOf(duration);
    return this;
  }

  reply(...xml: readonly XmlLike[]): this {
    // What is no XML is told at once.
    for (const each of xml) treeOf(each);
    this.#handle = (_, context) => context.reply(...xml);
    return this;
  }

  error(condition: StanzaCondition, text?: string): this {
    this.#handle = (_, context) => context.error(condition, text);
    return this;
  }

  called(): void {
    this.calls++;
  }

  handle(stanza: Element, context: HandlerContext): unknown {
    return this.#handle?.(stanza, context);
  }

  toString(): string {
    return this.isEndless ? this.#description : `${this.#description} (${this.calls} of ${this.#times})`;
  }
}

class Context implements HandlerContext {
  readonly client: string;
  readonly #passing: Passing;
  #passed = false;

  constructor(passing: Passing) {
    this.client = passing.client;
    this.#passing = passing;
  }

  reply(...xml: readonly XmlLike[]): void {
    const trees = xml.map(treeOf);
    const { kind } = this.#passing;
    if (kind === "iq" && !trees.some(isStanza)) {
      this.#answer(el("iq", { xmlns: ns.CLIENT, type: "result" }, ...trees));
    } else {
      for (const tree of trees) this.#answer(tree);
    }
  }

  error(condition: StanzaCondition, text?: string): void {
    const { element, from, to } = this.#passing;
    const asked = Stanza.fromTree(element).with({ from: Jid.parse(from), to: Jid.parse(to) });
    this.send(asked.error(new StanzaError(condition, text)).toTree());
  }

  send(xml: XmlLike): void {
    const { stream } = this.#passing;
    const tree = treeOf(xml);
    // Past the session nothing would be counted or acknowledged (XEP-0198).
    if (stream.session && isStanza(tree)) stream.session.send(Stanza.fromTree(tree));
    else stream.write(serialize(tree));
  }

  pass(): void {
    this.#passed = true;
    this.#passing.pass();
  }

  /** What was not passed on was handled here (XEP-0198 §4), whatever came of it. */
  settle(): void {
    const { stream, isStanza: counts } = this.#passing;
    if (counts && !this.#passed) stream.session?.management?.count();
  }

  #answer(tree: Element): void {
    const asked = this.#passing;
    if (isStanza(tree)) {
      tree.attrs["to"] ??= asked.client;
      tree.attrs["from"] ??= asked.to;
      if (tree.is("iq")) tree.attrs["id"] ??= asked.attribute("id");
    }
    this.send(tree);
  }
}

function treeOf(xml: XmlLike): Element {
  return readXml(textOf(xml));
}

function isStanza(tree: Element): boolean {
  return tree.getNS() === ns.CLIENT && ["message", "presence", "iq"].includes(tree.getName());
}
