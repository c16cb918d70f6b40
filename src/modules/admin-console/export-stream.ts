import type { AdminContext } from "../../admin/context.ts";
import type { Pipe } from "../../admin/stream-command.ts";
import { runStreamCommand } from "../../admin/stream-command.ts";
import { exportAccounts } from "../../admin/transfer/transfer-commands.ts";

/** An account as XEP-0227 has it, as fast as the browser takes it. Ends with an error when something fails on the way. */
export function exportStream(context: AdminContext, user: string): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const pipe: Pipe = {
    read: () => Promise.resolve(undefined),
    async write(text) {
      await writer.ready;
      await writer.write(encoder.encode(text));
    },
  };
  runStreamCommand(exportAccounts, context, { user }, pipe)
    .then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    )
    .catch(() => {});
  return readable;
}
