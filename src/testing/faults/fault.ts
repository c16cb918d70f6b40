import type { Session } from "../../session/session.ts";
import type { ClientStream } from "../../stream/client-stream.ts";
import { type Infer, type Schema, t } from "../../util/schema.ts";
import type { StanzaError } from "../../xmpp/errors.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Passing } from "../passing.ts";
import { bareOf, type Seen } from "../seen.ts";
import { millisecondsOf, type TestClock } from "../test-clock.ts";
import type { Counts } from "./counts.ts";
import type { Lines } from "./lines.ts";
import type { Seams } from "./seams.ts";

/** What every fault may say. */
export interface CommonOptions {
  /** 0 to 1; which ones it hits is, for each user, the same for the same seed. Default: 1. */
  readonly probability?: number;
  /** After so many hits the fault is over. Default: never. */
  readonly times?: number;
}

/** One fault, while it lasts. */
export interface Fault {
  /** How often it happened. */
  readonly hits: number;
  /** What is kept back, oldest first. */
  readonly held: readonly Seen[];
  /** Lets what is held go on, oldest first. */
  release(): void;
  /** Ends it. What is held stays so until it is released. */
  remove(): void;
}

/** What faults may know and do of the server. */
export interface FaultsParts {
  readonly clock: TestClock;
  readonly domains: () => readonly string[];
  readonly lines: Lines;
  resolve(name: string): string;
  streams(): Iterable<ClientStream>;
  sessions(): Iterable<Session>;
  settle(): Promise<void>;
  /** The function of a pattern threw. */
  failed(message: string): void;
  /** The sender of a stanza hears that it came to nothing. */
  bounce(stanza: Stanza, error: StanzaError): void;
}

/** What one fault has to work with. */
export interface Site extends FaultsParts {
  readonly seams: Seams;
  /** What it keeps back. */
  readonly held: Passing[];
  /**
   * Whether it happens this time. It is counted, and after the last time the fault is over. `client`: whom it would hit; chance
   * decides for each user by itself.
   */
  happens(client?: string): boolean;
  /** Counts, from 1; a snapshot brings back where it was. `of`: one count for each. */
  tally(of?: string): number;
  /** Runs `task` later, on the server's clock; never, when the server closes before. */
  after(ms: number, task: () => void): void;
  /** Settles later, on the server's clock; at once, when the server closes. */
  wait(ms: number): Promise<void>;
  /** Where stanzas are counted; those that are kept from going on have to be told. */
  readonly counts: Counts;
  /** Cuts the connection when what passed has been dealt with, or has left; nothing more passes until then. */
  cut(stream: ClientStream): void;
}

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

/** A kind of fault: its name, what it may be told, and how it begins. */
export interface FaultKind {
  readonly name: string;
  readonly doc: string;
  readonly schema: Schema<Record<string, unknown>>;
  /** Whether it stays with what it hit when it has happened as often as it may. */
  readonly outlasts: boolean;
  /** Begins it; returns how to end it. */
  start(options: Record<string, unknown>, site: Site): () => void;
}

/** `fields`: its options, beside those of all faults. */
export function defineFault<const F extends Fields>(kind: {
  readonly name: string;
  readonly doc: string;
  readonly fields: F;
  /** Default: false. */
  readonly outlasts?: boolean;
  start(options: Values<F>, site: Site): () => void;
}): FaultKind {
  const { name, doc, fields, outlasts = false } = kind;
  const schema = t.object({
    fault: t.oneOf([name]),
    ...fields,
    times: t.optional(t.integer(undefined, { min: 1 })).doc("After so many hits it is over."),
    probability: fraction(1).doc("0 to 1; the same ones for the same seed."),
  });
  return {
    name,
    doc,
    outlasts,
    schema: schema as unknown as FaultKind["schema"],
    start: (options, site) => kind.start(options as unknown as Values<F>, site),
  };
}

/** Milliseconds, or a duration such as `"2s"`. */
export function duration(fallback: string): Schema<number> {
  return t.custom(
    'a duration like "2s", or milliseconds',
    { type: ["string", "number"] },
    readDuration,
    fallback,
  );
}

function readDuration(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  try {
    return millisecondsOf(value);
  } catch {
    return undefined;
  }
}

function fraction(fallback: number): Schema<number> {
  const isFraction = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;
  const json = { type: "number", minimum: 0, maximum: 1 };
  return t.custom(
    "a number from 0 to 1",
    json,
    (value) => (isFraction(value) ? (value as number) : undefined),
    fallback,
  );
}

/** The option of those that are about one user, or all. */
export const userField = t.optional(t.string()).doc("A user's name or address. Default: everybody.");

/** Whether it is on a stream of the user; undefined: of anybody. */
export function isOf({ client }: Seen, user: string | undefined, { resolve }: FaultsParts): boolean {
  if (user === undefined) return true;
  const wanted = resolve(user);
  return client === wanted || bareOf(client) === wanted;
}
