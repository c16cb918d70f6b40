import type { AdminContext } from "../admin/context.ts";
import type { Address } from "../config/address.ts";
import type { Config } from "../config/config.ts";
import type { ConfigurableModule } from "../config/modules.ts";
import type { Logger } from "../util/logger.ts";

/** An address where the server now listens, and the key of `listen` in the configuration that asked for it. */
export interface Listener extends Address {
  readonly name: string;
  /** Where a browser finds it, if it is for those. */
  readonly url?: string;
}

/** A server with its store open. It does not listen before `listen` is called; user commands never call it. */
export interface ServerHandle {
  readonly admin: AdminContext;
  listen(): Promise<readonly Listener[]>;
  /** Takes over what can change at run time and reads the certificates again; see `needsRestart`. */
  reload(config: Config): Promise<void>;
  /** Calls `listener` when an administrator asks for the end of the server. */
  onShutDown(listener: () => void): void;
  /** Ends all streams, then closes the store. */
  close(): Promise<void>;
}

/** The server, as the command line sees it. */
export interface Backend {
  readonly modules: readonly ConfigurableModule[];
  open(config: Config, logger: Logger): Promise<ServerHandle>;
}
