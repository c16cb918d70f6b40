/**
 * XEP-0060 Publish-Subscribe, version 1.30.0
 * https://xmpp.org/extensions/xep-0060.html
 *
 * The engine: nodes to which items are published, who may read them, and who is told. Others make services of it.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { Engine } from "./engine.ts";
import { openNodeTables } from "./node-tables.ts";
import type { PubsubFactory } from "./pubsub-service.ts";

export const pubsubService = defineService<PubsubFactory>("pubsub");

export const pubsub = defineModule({
  name: "pubsub",
  implements: ["XEP-0060 1.30.0"],
  omits: {
    "XEP-0060": [
      "A service of its own, beside those of the accounts.",
      "Several subscriptions of one address (§6.1.6), and so subscription ids.",
      "The list of requests that wait for an answer (§8.7), redirection (§8.4.1).",
    ],
  },

  async setup(host) {
    const tables = await openNodeTables(host);
    host.provide(pubsubService, { open: (profile) => new Engine(host, tables, profile) });
  },
});
