import type { AdminCommand } from "../../admin/command.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import { type FormField, form } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Outcome, Step } from "../adhoc/command.ts";
import type { Submission } from "../adhoc/submission.ts";

/** Runs a command of administration at this domain. Throws StanzaError. */
export type Run = <A, R>(command: AdminCommand<A, R>, args: A) => Promise<R>;

interface Named {
  /** Behind `http://jabber.org/protocol/admin#`, or `urn:jackdaw:rooms#`. */
  readonly node: string;
  readonly name: string;
}

/** What has a form to be filled in first. */
interface FormFace extends Named {
  form(run: Run): Awaitable<Step["form"]>;
  run(run: Run, values: Submission): Promise<Outcome>;
}

/** What is done at once. */
interface PlainFace extends Named {
  readonly form?: undefined;
  run(run: Run): Promise<Outcome>;
}

/** What administration does, in the forms of XEP-0133 §4. */
export type Face = FormFace | PlainFace;

export function adminForm(title: string, fields: readonly FormField[], instructions?: string): Step["form"] {
  return { title, ...(instructions !== undefined && { instructions }), formType: ns.ADMIN, fields };
}

export function adminResult(fields: readonly FormField[], ...more: readonly Element[]): Element {
  const result = form({ type: "result", formType: ns.ADMIN, fields });
  for (const element of more) result.cnode(element);
  return result;
}

export const ACCOUNT = "accountjid";
export const ACCOUNTS = "accountjids";

export function accountField(label: string): FormField {
  return { name: ACCOUNT, type: "jid-single", label, required: true };
}

export function accountsField(label: string): FormField {
  return { name: ACCOUNTS, type: "jid-multi", label, required: true };
}
