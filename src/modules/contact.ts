/**
 * XEP-0157 Contact Addresses for XMPP Services, version 1.1.1
 * https://xmpp.org/extensions/xep-0157.html
 *
 * Tells users and other servers whom to write to about this one.
 */
import { defineModule } from "../core/module.ts";
import { t } from "../util/schema.ts";
import { form } from "../xmpp/forms.ts";
import { ns } from "../xmpp/ns.ts";
import { disco, discoService } from "./disco.ts";

/** §7.1: the fields of the form, without `-addresses`. */
const KINDS = ["abuse", "admin", "feedback", "sales", "security", "status", "support"] as const;

/** §3: the status addresses MUST be URIs and the others SHOULD. */
const uri = t.custom('a URI like "mailto:help@example.org"', { type: "string", format: "uri" }, (value) =>
  typeof value === "string" && URL.canParse(value) ? value : undefined,
);

const addresses = (purpose: string) =>
  t.list(uri).doc(`URIs (\`mailto:…\`, \`xmpp:…\`, \`https:…\`) for ${purpose}.`);

export const contact = defineModule({
  name: "contact",
  implements: ["XEP-0157 1.1.1"],
  requires: [disco],
  config: t.object({
    abuse: addresses("reports of abuse"),
    admin: addresses("the administrators"),
    feedback: addresses("feedback"),
    sales: addresses("sales"),
    security: addresses("reports of security problems"),
    status: addresses("the state of the service"),
    support: addresses("help"),
  }),

  setup(host, config) {
    const fields = KINDS.filter((kind) => config[kind].length > 0).map((kind) => ({
      name: `${kind}-addresses`,
      type: "list-multi" as const,
      value: config[kind],
    }));
    if (fields.length > 0) {
      host.use(discoService).addForm(form({ type: "result", formType: ns.SERVER_INFO, fields }));
    }
  },
});
