/**
 * XEP-0199 XMPP Ping, version 2.0.1
 * https://xmpp.org/extensions/xep-0199.html
 *
 * Answers pings to the domain and to an account (§4.2, §4.4). The server's own pings are part of its sessions.
 */
import { defineModule } from "../core/module.ts";
import { ns } from "../xmpp/ns.ts";

export const ping = defineModule({
  name: "ping",
  implements: ["XEP-0199 2.0.1"],
  features: [ns.PING],
  accountFeatures: [ns.PING],

  setup(host) {
    // An empty result is the whole answer.
    host.iq("get", ns.PING, "ping", () => {}, "any");
  },
});
