import type { Accounts } from "../../auth/accounts.ts";
import type { Host } from "../../core/host.ts";

/** What moving in and out needs of a domain; the modules do the rest. */
export interface TransferHost extends Pick<Host, "domain" | "emit" | "jid"> {
  readonly accounts: Pick<
    Accounts,
    "create" | "createWithKeys" | "credentials" | "exists" | "hashes" | "hashesOf" | "list"
  >;
}
