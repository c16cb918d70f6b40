import { type Infer, t } from "../../util/schema.ts";
import { type Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";

export const domainVCardSchema = t.object({
  name: t.optional(t.string()).doc("What the server, or whoever runs it, is called."),
  organization: t.optional(t.string()).doc("Who runs the server."),
  url: t.optional(t.string()).doc("A web page about the server."),
  email: t.optional(t.string()).doc("Where those who run the server get mail."),
  description: t.optional(t.string()).doc("What the server is for."),
});

/** XEP-0054 §3.3: a server may have a vCard as well. Undefined when nothing is configured. */
export function domainVCard(fields: Infer<typeof domainVCardSchema>): Element | undefined {
  const { name, organization, url, email, description } = fields;
  const parts = [
    name !== undefined && el("FN", {}, name),
    organization !== undefined && el("ORG", {}, el("ORGNAME", {}, organization)),
    url !== undefined && el("URL", {}, url),
    email !== undefined && el("EMAIL", {}, el("INTERNET"), el("USERID", {}, email)),
    description !== undefined && el("DESC", {}, description),
  ].filter((part) => part !== false);
  return parts.length === 0 ? undefined : el("vCard", { xmlns: ns.VCARD }, ...parts);
}
