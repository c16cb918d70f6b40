/**
 * XEP-0157 Contact Addresses for XMPP Services, version 1.1.1
 * https://xmpp.org/extensions/xep-0157.html
 *
 * Tells users and other servers whom to write to about this one.
 */
import { defineModule, defineService } from "../core/module.ts";
import { t } from "../util/schema.ts";
import { form } from "../xmpp/forms.ts";
import { ns } from "../xmpp/ns.ts";
import { disco, discoService } from "./disco.ts";

/** §7.1: the fields of the form, without `-addresses`. */
const KINDS = ["abuse", "admin", "feedback", "sales", "security", "status", "support"] as const;

export interface Contact {
  /** URIs by what they are for: "abuse", "support" … Only those that there are. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
}

export const contactService = defineService<Contact>("contact");

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
    const kinds = KINDS.filter((kind) => config[kind].length > 0);
    const fields = kinds.map((kind) => ({
      name: `${kind}-addresses`,
      type: "list-multi" as const,
      value: config[kind],
    }));
    host.provide(contactService, { addresses: new Map(kinds.map((kind) => [kind, config[kind]])) });
    if (fields.length > 0) {
      host.use(discoService).addForm(form({ type: "result", formType: ns.SERVER_INFO, fields }));
    }
  },
});
