import type { Awaitable } from "../../util/awaitable.ts";
import { type Infer, jsonSchemaOf, type Schema, t } from "../../util/schema.ts";
import type { ControlState } from "./control-state.ts";

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

/** Something that can be asked of a rig over HTTP. */
export interface Operation {
  readonly name: string;
  readonly summary: string;
  /** Asked for with POST, else with GET. */
  readonly changes: boolean;
  readonly fields: Fields;
  /** JSON Schema of what it takes. */
  readonly json: object;
  /** What comes of it. */
  readonly answer: Schema<unknown>;
  /** The answer goes out as JSON; `signal` is aborted when nobody waits for it. @throws ConfigError for arguments that cannot be, Error for what did not work. */
  run(value: unknown, state: ControlState, signal: AbortSignal): Awaitable<unknown>;
}

export function defineOperation<const F extends Fields, A>(operation: {
  readonly name: string;
  readonly summary: string;
  readonly changes: boolean;
  readonly fields: F;
  readonly answer: Schema<A>;
  run(args: Values<F>, state: ControlState, signal: AbortSignal): Awaitable<NoInfer<A>>;
}): Operation {
  const { name, summary, changes, fields, answer } = operation;
  const schema = t.object(fields);
  return {
    name,
    summary,
    changes,
    fields,
    json: withoutDefault(jsonSchemaOf(schema)),
    answer: answer as Schema<unknown>,
    run: (value, state, signal) => operation.run(schema.parse(value, "") as Values<F>, state, signal),
  };
}

/** The default of a whole body would say that it may be left out. */
export function withoutDefault(schema: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "default"));
}
