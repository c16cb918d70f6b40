/**
 * XEP-0199 XMPP Ping, version 2.0.1
 * https://xmpp.org/extensions/xep-0199.html
 *
 * Answers pings of clients and servers (§4.2, §4.3). The server's own pings (§4.1) are part of its sessions.
 */
import { defineModule } from "../core/module.ts";
import { formatDateTime } from "../xmpp/datetime.ts";
import { form } from "../xmpp/forms.ts";
import { ns } from "../xmpp/ns.ts";
import { adhocService } from "./adhoc/adhoc.ts";

export const ping = defineModule({
  name: "ping",
  implements: ["XEP-0199 2.0.1"],
  features: [ns.PING],
  serviceFeatures: [ns.PING],

  setup(host) {
    // An empty result is the whole answer.
    host.iq("get", ns.PING, "ping", () => {}, "host");
    host.iq("get", ns.PING, "ping", () => {}, "services");
    // §4.2: also to one's own account. Nobody else's answers, or a ping would tell whether there is one.
    host.iq("get", ns.PING, "ping", () => {}, "self");
    // What other servers have for people whose client shows commands and has no ping of its own.
    host.find(adhocService)?.add({
      node: "ping",
      name: "Ping the server",
      allowed: ({ session }) => session !== undefined,
      run: () => {
        const timestamp = formatDateTime(host.clock.now());
        const field = { name: "timestamp", type: "text-single", label: "Time", value: timestamp } as const;
        return { result: form({ type: "result", title: "Pong", fields: [field] }) };
      },
    });
  },
});
