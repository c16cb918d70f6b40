import { COMMAND_LINE } from "../admin/scopes.ts";
import type { Config } from "../config/config.ts";
import type { Ports } from "../listeners.ts";
import { defaultModules } from "../modules/index.ts";
import { XmppServer } from "../server.ts";
import { createMemoryStore } from "../store/memory.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { systemClock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import { systemRandom } from "../util/random.ts";
import type { Backend, Listener, ServerHandle } from "./backend.ts";

/** The real server. */
export const serverBackend: Backend = { modules: defaultModules, open };

async function open(config: Config, log: Logger): Promise<ServerHandle> {
  const store = openStore(config.store, log);
  const server = await XmppServer.start({
    config,
    store,
    storeFile: config.store === "memory" ? undefined : config.store.sqlite,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  return {
    admin: { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() },
    onShutDown: (listener) => {
      server.onShutDown = listener;
    },
    async listen() {
      await server.listen();
      return (["c2s", "c2sTls", "https", "http", "component"] as const).flatMap((name) =>
        listenersOf(name, server),
      );
    },
    reload: (changed) => server.reload(changed),
    close: () => server.close(),
  };
}

function listenersOf(name: keyof Ports, server: XmppServer): Listener[] {
  const { config, ports } = server;
  // 0: the default port of the web was taken.
  if (ports[name] === 0) return [];
  const addresses = config.listen[name] ?? [{ port: ports[name] }];
  return addresses.map((address, index) => ({
    name,
    ...address,
    port: index === 0 ? ports[name] : address.port,
    ...(isForBrowsers(name, server) && { url: server.host().http.url }),
  }));
}

/** The listener for TLS, or the one that a proxy for TLS stands in front of. */
function isForBrowsers(name: keyof Ports, server: XmppServer): boolean {
  if (name !== "http" || server.ports.https > 0) return name === "https";
  return server.host().http.url.startsWith("https:");
}

function openStore(store: Config["store"], logger: Logger): Store {
  if (store === "memory") return createMemoryStore();
  const { sqlite, synchronous, busyTimeout } = store;
  return openSqliteStore({ path: sqlite, synchronous, busyTimeout, exclusive: true, logger });
}
