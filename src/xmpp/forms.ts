/**
 * XEP-0004: Data Forms, version 2.13.2, https://xmpp.org/extensions/xep-0004.html
 * XEP-0068: Field Standardization for Data Forms, version 1.3.0, https://xmpp.org/extensions/xep-0068.html
 */
import { childElements, type Element, el } from "../xml/element.ts";
import { StanzaError } from "./errors.ts";
import { ns } from "./ns.ts";

/** XEP-0004 §3.1. */
const FORM_TYPES = ["form", "submit", "cancel", "result"] as const;
export type FormType = (typeof FORM_TYPES)[number];

/** XEP-0004 §3.3. */
export type FieldType =
  | "boolean"
  | "fixed"
  | "hidden"
  | "jid-multi"
  | "jid-single"
  | "list-multi"
  | "list-single"
  | "text-multi"
  | "text-private"
  | "text-single";

export interface FormField {
  /** Without a name only for a field of type "fixed" (XEP-0004 §3.2). */
  readonly name?: string;
  readonly type?: FieldType;
  readonly label?: string;
  readonly description?: string;
  readonly required?: boolean;
  /** The lines of a "text-multi" may be given as one text. */
  readonly value?: string | boolean | readonly string[];
  /** For "list-single" and "list-multi". */
  readonly options?: readonly { readonly value: string; readonly label?: string }[];
}

export interface FormContent {
  readonly type: FormType;
  readonly title?: string;
  readonly instructions?: string;
  /** XEP-0068: what the names of the fields mean. */
  readonly formType?: string;
  readonly fields?: readonly FormField[];
  /** XEP-0004 §3.4: a result with many rows; what its columns are. */
  readonly reported?: readonly FormField[];
  readonly items?: readonly (readonly FormField[])[];
}

export interface SubmittedForm {
  readonly type: FormType;
  readonly formType?: string;
  /** By name of the field, without the FORM_TYPE that `formType` gives. A field without a value has an empty list. */
  readonly values: Map<string, string[]>;
}

const FORM_TYPE = "FORM_TYPE";
const MAX_FIELDS = 512;
const MAX_VALUES = 4096;

/** Field types of which a value may occur more than once (XEP-0004 §3.2). */
const MULTIPLE: ReadonlySet<string> = new Set(["hidden", "jid-multi", "list-multi", "text-multi"]);

/** The `<x/>` of the form. */
export function form(content: FormContent): Element {
  const x = el("x", { xmlns: ns.DATA_FORMS, type: content.type });
  if (content.title !== undefined) x.cnode(el("title", {}, content.title));
  if (content.instructions !== undefined) x.cnode(el("instructions", {}, content.instructions));
  if (content.formType !== undefined) {
    // XEP-0068 §4.2: a form or result says "hidden", which does no harm in a submission.
    x.cnode(fieldElement({ name: FORM_TYPE, type: "hidden", value: content.formType }));
  }
  for (const field of content.fields ?? []) x.cnode(fieldElement(field));
  if (content.reported) x.cnode(el("reported", {}, ...content.reported.map(fieldElement)));
  for (const item of content.items ?? []) x.cnode(el("item", {}, ...item.map(fieldElement)));
  return x;
}

function fieldElement(field: FormField): Element {
  const element = el("field", { var: field.name, type: field.type, label: field.label });
  if (field.description !== undefined) element.cnode(el("desc", {}, field.description));
  if (field.required) element.cnode(el("required"));
  for (const value of valuesOf(field)) element.cnode(el("value", {}, value));
  for (const { value, label } of field.options ?? []) {
    element.cnode(el("option", { label }, el("value", {}, value)));
  }
  return element;
}

function valuesOf({ type, value }: FormField): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === "boolean") return [value ? "1" : "0"];
  if (typeof value !== "string") return value;
  // XEP-0004 §3.3: lines of text-multi are values of their own.
  return type === "text-multi" ? value.split(/\r\n|\r|\n/) : [value];
}

/**
 * What a peer's form says. Throws StanzaError bad-request when `x` is no data form, lacks its type, names a field
 * twice or not at all, gives several values to a field of a type for one, or has more than 512 fields or 4096 values.
 */
export function readForm(x: Element): SubmittedForm {
  if (!x.is("x", ns.DATA_FORMS)) throw badForm("not a data form");
  const type = FORM_TYPES.find((known) => known === x.attrs.type);
  if (type === undefined) throw badForm("a form without a type");
  const fields = childElements(x).filter((child) => child.is("field", ns.DATA_FORMS));
  if (fields.length > MAX_FIELDS) throw badForm("too many fields");

  const values = new Map<string, string[]>();
  let formType: string | undefined;
  let count = 0;
  for (const field of fields) {
    const { var: name, type: fieldType } = field.attrs as Readonly<Record<string, string | undefined>>;
    if (name === undefined) {
      if (fieldType === "fixed") continue;
      throw badForm("a field without a name");
    }
    if (values.has(name)) throw badForm(`the field "${name}" occurs twice`);
    const own = readValues(field);
    count += own.length;
    if (count > MAX_VALUES) throw badForm("too many values");
    if (own.length > 1 && fieldType !== undefined && !MULTIPLE.has(fieldType)) {
      throw badForm(`the field "${name}" has more than one value`);
    }
    values.set(name, own);
    // XEP-0068 §4.3: in a form or result it is a field like any other unless it is hidden.
    if (name === FORM_TYPE && (type === "submit" || fieldType === "hidden")) formType = own[0];
  }
  if (formType !== undefined) values.delete(FORM_TYPE);
  return formType === undefined ? { type, values } : { type, formType, values };
}

function readValues(field: Element): string[] {
  return childElements(field)
    .filter((child) => child.is("value", ns.DATA_FORMS))
    .map((value) => value.getText());
}

/** XEP-0004 §3.3: "1" and "true", "0" and "false". Throws StanzaError bad-request for anything else. */
export function readBoolean(value: string): boolean {
  if (value === "1" || value === "true") return true;
  if (value === "0" || value === "false") return false;
  throw badForm(`"${value}" is neither true nor false`);
}

function badForm(text: string): StanzaError {
  return new StanzaError("bad-request", text);
}
