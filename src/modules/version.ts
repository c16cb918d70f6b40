/**
 * XEP-0092 Software Version, version 1.1
 * https://xmpp.org/extensions/xep-0092.html
 *
 * Tells what the server is; which version, only if the configuration lets it.
 */
import { defineModule } from "../core/module.ts";
import { packageVersion } from "../util/package-version.ts";
import { t } from "../util/schema.ts";
import { el } from "../xml/element.ts";
import { ns } from "../xmpp/ns.ts";

export const version = defineModule({
  name: "version",
  implements: ["XEP-0092 1.1"],
  features: [ns.VERSION],
  serviceFeatures: [ns.VERSION],
  config: t.object({
    showVersion: t.boolean(true).doc("Tell the version number to everybody who asks."),
  }),

  setup(host, { showVersion }) {
    // §2: `name` and `version` are required; §5 lets the operating system be withheld.
    const answer = () =>
      el(
        "query",
        { xmlns: ns.VERSION },
        el("name", {}, "Jackdaw"),
        el("version", {}, showVersion ? packageVersion : "unknown"),
      );
    host.iq("get", ns.VERSION, "query", answer, "host");
    host.iq("get", ns.VERSION, "query", answer, "services");
  },
});
