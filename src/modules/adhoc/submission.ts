import type { Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import {
  type FieldType,
  type FormField,
  readBoolean,
  readForm,
  type SubmittedForm,
} from "../../xmpp/forms.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Step } from "./command.ts";
import { refusal } from "./refusal.ts";

/** What a requester filled in. A field that was left out is "" or empty. */
export class Submission {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** The value; the lines of a "text-multi" in one text. */
  text(name: string): string {
    return this.list(name).join("\n");
  }

  /** What was filled in, whether the form has such a field or not. */
  get values(): ReadonlyMap<string, readonly string[]> {
    return this.#values;
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  flag(name: string): boolean {
    const [value] = this.list(name);
    return value !== undefined && readBoolean(value);
  }
}

/** The form in a `<command/>`, checked against the fields of `form`. @throws StanzaError `<bad-payload/>` */
export function readSubmission(command: Element, form: Step["form"]): Submission {
  const x = command.getChild("x", ns.DATA_FORMS);
  if (!x) throw refusal("bad-payload", "the form is missing");
  const submitted = read(x);
  // §3.5: "cancel" is taken for "submit"; other types are no submissions.
  if (submitted.type !== "submit" && submitted.type !== "cancel") {
    throw refusal("bad-payload", 'a form of type "submit" is expected');
  }
  // XEP-0068 §4.2. XEP-0401 §5.3 leaves it out.
  if (submitted.formType !== undefined && submitted.formType !== form.formType) {
    throw refusal("bad-payload", "this is another form");
  }
  for (const field of form.fields ?? []) {
    const fault = faultOf(field, submitted.values.get(field.name ?? "") ?? []);
    if (fault !== undefined) throw refusal("bad-payload", `${field.name}: ${fault}`);
  }
  return new Submission(submitted.values);
}

function read(x: Element): SubmittedForm {
  try {
    return readForm(x);
  } catch (error) {
    throw error instanceof StanzaError ? refusal("bad-payload", error.message) : error;
  }
}

/** XEP-0004 §3.3. */
const SINGLE: ReadonlySet<FieldType | undefined> = new Set([
  undefined,
  "boolean",
  "jid-single",
  "list-single",
  "text-private",
  "text-single",
]);

function faultOf({ type, required, options }: FormField, values: readonly string[]): string | undefined {
  const filled = values.filter((value) => value !== "");
  if (filled.length === 0) return required ? "is required" : undefined;
  if (SINGLE.has(type) && values.length > 1) return "has more than one value";
  switch (type) {
    case "boolean":
      return filled.every(isBoolean) ? undefined : "is neither true nor false";
    case "jid-single":
    case "jid-multi":
      return filled.every(isAddress) ? undefined : "is not an address";
    case "list-single":
    case "list-multi":
      return filled.every((value) => options?.some((option) => option.value === value))
        ? undefined
        : "is not among the options";
    default:
      return undefined;
  }
}

function isBoolean(value: string): boolean {
  return ["0", "1", "false", "true"].includes(value);
}

function isAddress(value: string): boolean {
  try {
    Jid.parse(value);
    return true;
  } catch {
    return false;
  }
}
