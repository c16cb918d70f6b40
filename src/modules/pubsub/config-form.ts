import type { Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type FormField, type FormType, form, readForm } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import { CONFIG_FIELDS, type ConfigField, type ConfigLimits, type NodeConfig } from "./node-config.ts";
import { pubsubError } from "./pubsub-error.ts";

const PREFIX = "pubsub#";
const fieldsByName = new Map(CONFIG_FIELDS.map((field) => [PREFIX + field.name, field]));

/** XEP-0060 §8.2.2: the form that shows a configuration; as a "result" without labels and options. */
export function configForm(type: FormType, config: NodeConfig, limits: ConfigLimits): Element {
  const fields = CONFIG_FIELDS.map((field) =>
    type === "form"
      ? fullField(field, config, limits)
      : { name: PREFIX + field.name, value: field.show(config) },
  );
  return form({ type, formType: ns.NODE_CONFIG, fields });
}

function fullField(field: ConfigField, config: NodeConfig, limits: ConfigLimits): FormField {
  const { name, type, label } = field;
  const plain = { name: PREFIX + name, type, label, value: field.show(config) };
  const options = optionsOf(field, limits);
  return options ? { ...plain, options: options.map((value) => ({ value })) } : plain;
}

function optionsOf({ name, options }: ConfigField, limits: ConfigLimits): readonly string[] | undefined {
  if (name === "access_model") return limits.accessModels;
  if (name === "publish_model") return limits.publishModels;
  return options;
}

/**
 * `config` with what the submitted form `x` says; fields that it leaves out stay, and those that nobody knows count for
 * nothing (XEP-0068 §4). Undefined when the form was cancelled (§8.2.4). @throws StanzaError
 */
export function readConfig(x: Element, config: NodeConfig, limits: ConfigLimits): NodeConfig | undefined {
  const { type, formType, values } = readForm(x);
  if (type === "cancel") return undefined;
  if (type !== "submit" || (formType !== undefined && formType !== ns.NODE_CONFIG)) {
    throw new StanzaError("bad-request", "not a node configuration");
  }
  return applied(values, config, limits);
}

/** XEP-0060 §7.1.5: what has to be so before something is published. */
export type Preconditions = ReadonlyMap<string, readonly string[]>;

/** @throws StanzaError for what is no such form, and for fields that the service does not know. */
export function readPreconditions(x: Element | undefined): Preconditions {
  const submitted = x && readForm(x);
  if (submitted?.type !== "submit" || submitted.formType !== ns.PUBLISH_OPTIONS) {
    throw new StanzaError("bad-request", "not publish options");
  }
  for (const name of submitted.values.keys()) if (!fieldsByName.has(name)) throw notMet();
  return submitted.values;
}

/** The configuration of a node that is created for the publication. @throws StanzaError */
export function applied(values: Preconditions, config: NodeConfig, limits: ConfigLimits): NodeConfig {
  let result = config;
  for (const [name, own] of values) result = fieldsByName.get(name)?.set(result, own, limits) ?? result;
  return result;
}

/** @throws StanzaError unless the node is as the preconditions say. */
export function requireMet(values: Preconditions, config: NodeConfig, limits: ConfigLimits): void {
  for (const [name, own] of values) {
    const field = fieldsByName.get(name);
    if (!field || !isSame(field, config, field.set(config, own, limits))) throw notMet();
  }
}

function isSame(field: ConfigField, one: NodeConfig, other: NodeConfig): boolean {
  return one === other || JSON.stringify(field.show(one)) === JSON.stringify(field.show(other));
}

function notMet(): StanzaError {
  return pubsubError("conflict", "precondition-not-met");
}
