/**
 * XEP-0388 Extensible SASL Profile, version 1.0.4
 * https://xmpp.org/extensions/xep-0388.html
 *
 * Authentication without a second stream, along with which other features are negotiated: one round trip in place of
 * five. Which ones is theirs to say (`InlineFeature`); SASL as in RFC 6120 stays beside it.
 */
import { defineModule } from "../core/module.ts";
import { sasl2 as feature } from "../stream/features/sasl2.ts";

export const sasl2 = defineModule({
  name: "sasl2",
  implements: ["XEP-0388 1.0.4"],
  omits: {
    "XEP-0388": [
      "The list of mechanisms is in the order of preference, not in a random one, for streams without `from` (§4).",
    ],
  },

  setup(host) {
    host.streamFeature(feature());
  },
});
