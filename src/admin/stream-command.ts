import type { Schema } from "../util/schema.ts";
import { parseArgs, record } from "./command.ts";
import type { AdminContext } from "./context.ts";

/** Text that goes in and out while a command runs, piece by piece, so that memory holds no more than a few of them. */
export interface Pipe {
  /** The next piece of what whoever asked hands in; undefined at its end. Rejects when they are gone. */
  read(): Promise<string | undefined>;
  /** Settles when there is room for more. Rejects when nobody takes it any more. */
  write(text: string): Promise<void>;
}

/** A command of administration that moves more than fits into an answer. */
export interface StreamCommand<A = unknown, R = unknown> {
  readonly name: string;
  readonly description: string;
  readonly args: Schema<A>;
  /** The answer is JSON. Throws AdminError. */
  run(context: AdminContext, args: A, pipe: Pipe): Promise<R>;
}

/** Runs `command`, keeps in the audit that it was, and makes what it did durable. Throws AdminError for what the administrator can put right. */
export async function runStreamCommand<A, R>(
  command: StreamCommand<A, R>,
  context: AdminContext,
  args: unknown,
  pipe: Pipe,
): Promise<R> {
  const parsed = parseArgs(command, args);
  const result = await command.run(context, parsed, pipe);
  await record(context, command.name, command.args.print(parsed));
  await context.commit();
  return result;
}
