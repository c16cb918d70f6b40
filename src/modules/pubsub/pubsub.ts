/**
 * XEP-0060 Publish-Subscribe, version 1.30.0
 * https://xmpp.org/extensions/xep-0060.html
 *
 * The engine: nodes to which items are published, who may read them, and who is told. Others make services of it.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { after } from "../../util/awaitable.ts";
import { Engine } from "./engine.ts";
import { configOf } from "./node-config.ts";
import { removeUser } from "./node-store.ts";
import { openNodeTables } from "./node-tables.ts";
import type { PubsubFactory } from "./pubsub-service.ts";

export const pubsubService = defineService<PubsubFactory>("pubsub");

export const pubsub = defineModule({
  name: "pubsub",
  implements: ["XEP-0060 1.30.0"],
  omits: {
    "XEP-0060": [
      "Several subscriptions of one address (§6.1.6), and so subscription ids.",
      "At a domain of its own the list of requests that wait for an answer (§8.7); redirection (§8.4.1).",
    ],
  },

  async setup(host) {
    const tables = await openNodeTables(host);
    const engines: Engine[] = [];
    host.provide(pubsubService, {
      open(kind) {
        const engine = new Engine(host, tables, { ...kind, defaults: configOf(kind.defaults) });
        engines.push(engine);
        return engine;
      },
    });
    // Services of all kinds have their nodes in the same tables.
    host.hook("user:deleted", "observe", ({ user }) =>
      after(removeUser(tables, user), (involvement) => {
        for (const engine of engines) engine.drop(user, involvement);
      }),
    );
  },
});
