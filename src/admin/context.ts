import type { Accounts } from "../auth/accounts.ts";
import type { Host } from "../core/host.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Actor } from "./scopes.ts";

/** A domain, as administration sees it. */
export interface AdminHost
  extends Pick<
    Host,
    | "admins"
    | "clock"
    | "domain"
    | "emit"
    | "find"
    | "http"
    | "jid"
    | "metrics"
    | "modules"
    | "removeUser"
    | "server"
    | "services"
    | "sessions"
    | "setAdmin"
    | "setDisabled"
    | "shutDown"
    | "use"
  > {
  readonly accounts: Pick<
    Accounts,
    | "count"
    | "countDisabled"
    | "create"
    | "createWithKeys"
    | "credentials"
    | "exists"
    | "hashes"
    | "hashesOf"
    | "list"
    | "listDisabled"
    | "setPassword"
    | "status"
  >;
}

/** What administration works on: a running server, one domain of it, or its store alone. */
export interface AdminContext {
  /** Who asks. */
  readonly by: Actor;
  /** By their domains, the default one first; not empty. */
  readonly hosts: ReadonlyMap<string, AdminHost>;
  /** Makes durable what was done. Nothing is reported as done before. */
  commit(): Awaitable<void>;
}
