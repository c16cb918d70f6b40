import { t } from "../../util/schema.ts";
import { accountAt, existingAccount } from "../command.ts";
import type { Pipe, StreamCommand } from "../stream-command.ts";
import { exportPie } from "./export-pie.ts";
import { importPie } from "./import-pie.ts";
import { readPieces, TransferError } from "./pie-reader.ts";
import { type ReportData, TransferReport } from "./report.ts";

/** XEP-0227: everything of all accounts, or of one. */
export const exportAccounts: StreamCommand<{ user: string | undefined }, { accounts: number }> = {
  name: "accounts-export",
  description: "Writes all accounts, or one, with everything in them, credentials included.",
  args: t.object({ user: t.optional(t.string()).doc("Only this account.") }),
  async run(context, { user }, pipe) {
    const only = user === undefined ? undefined : accountAt(context, user).jid;
    if (only) await existingAccount(context, only.toString());
    return { accounts: await exportPie((xml) => pipe.write(xml), context.hosts.values(), { only }) };
  },
};

/** What was imported; `failure`: why the rest was not. */
export interface ImportResult {
  readonly report: ReportData;
  readonly failure?: string;
}

/** XEP-0227: accounts from elsewhere. */
export const importAccounts: StreamCommand<object, ImportResult> = {
  name: "accounts-import",
  description: "Takes in accounts that another server exported; what is here already stays as it is.",
  args: t.object({}),
  async run(context, _, pipe) {
    const report = new TransferReport();
    const target = { hosts: context.hosts, commit: async () => context.commit() };
    try {
      await importPie(readPieces(pieces(pipe)), target, report);
      return { report: report.toJSON() };
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      return { report: report.toJSON(), failure: error.message };
    }
  },
};

export const transferCommands: readonly StreamCommand[] = [
  exportAccounts,
  importAccounts,
] as readonly StreamCommand[];

async function* pieces(pipe: Pipe): AsyncGenerator<string, void> {
  for (let piece = await pipe.read(); piece !== undefined; piece = await pipe.read()) yield piece;
}
