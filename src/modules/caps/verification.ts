import { createHash } from "node:crypto";
import { childElements, type Element } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";

/** Names of hash functions (XEP-0300) and what `node:crypto` calls them. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["sha-1", "sha1"],
  ["sha-256", "sha256"],
  ["sha-512", "sha512"],
  ["sha3-256", "sha3-256"],
  ["sha3-512", "sha3-512"],
]);

export function isKnownAlgorithm(name: string): boolean {
  return ALGORITHMS.has(name);
}

/** In Base64. @throws Error for an unknown algorithm. */
export function hash(algorithm: string, text: string): string {
  return createHash(ALGORITHMS.get(algorithm) as string)
    .update(text)
    .digest("base64");
}

/** An identity or feature that is there twice, and the like: such an answer is worth nothing. */
class IllFormed extends Error {}

/** XEP-0115 §5.1: what is hashed of the `<query/>` of disco#info; undefined when that is ill-formed (§5.4). */
export function verificationString(query: Element): string | undefined {
  return unlessIllFormed(() => {
    const { identities, features, forms } = partsOf(query);
    const texts = [
      ...sortedOnce(
        identities.map(({ category, type, lang, name }) => `${category}/${type}/${lang}/${name}`),
      ),
      ...sortedOnce(features),
      ...formTexts(forms),
    ];
    return texts.map((text) => `${text}<`).join("");
  });
}

/**
 * The nodes that somebody with this verification string wants to hear of (XEP-0060 §9.2). They are read from the string
 * itself: two answers with the same string, of which one was made up with a "<" in a name or a feature hidden in a form,
 * do not differ in them.
 */
export function interestsIn(verification: string): ReadonlySet<string> {
  return interestsAmong(verification.split("<"));
}

/** XEP-0390 §4.1: what is hashed; `lang` is the language of whatever names none. Undefined for an error. */
export function hashInput(query: Element, lang: string | undefined): string | undefined {
  return unlessIllFormed(() => {
    const { identities, features, forms, others } = partsOf(query);
    if (others > 0) throw new IllFormed();
    const featureTexts = features.map((feature) => `${feature}\x1f`);
    const identityTexts = identities.map(
      ({ category, type, lang: own, name }) =>
        `${[category, type, own || (lang ?? ""), name].join("\x1f")}\x1f\x1e`,
    );
    const formTexts = forms.map(({ element, formType }) => {
      if (formType === undefined || element.getChild("reported") || element.getChild("item"))
        throw new IllFormed();
      const fields = element.getChildren("field").map((field) => {
        const values = sorted(valuesOf(field).map((value) => `${value}\x1f`));
        return `${String(field.attrs.var)}\x1f${values.join("")}\x1e`;
      });
      return `${sorted(fields).join("")}\x1d`;
    });
    return [featureTexts, identityTexts, formTexts].map((texts) => `${sorted(texts).join("")}\x1c`).join("");
  });
}

/** The nodes that somebody with such an answer wants to hear of. */
export function interestsOf(query: Element): ReadonlySet<string> {
  return interestsAmong(query.getChildren("feature").map((feature) => String(feature.attrs.var)));
}

/** What the names of the nodes of one client may take together, in UTF-16 units; those behind them are not known. */
const MAX_INTERESTS_LENGTH = 16_000;
const NOTIFY = "+notify";

function interestsAmong(features: readonly string[]): ReadonlySet<string> {
  const interests = new Set<string>();
  let length = 0;
  for (const feature of features) {
    if (!feature.endsWith(NOTIFY)) continue;
    length += feature.length;
    if (length > MAX_INTERESTS_LENGTH) break;
    interests.add(feature.slice(0, -NOTIFY.length));
  }
  return interests;
}

interface Form {
  readonly element: Element;
  /** undefined when the form does not say what it is. */
  readonly formType: string | undefined;
}

function partsOf(query: Element) {
  const identities: { category: string; type: string; lang: string; name: string }[] = [];
  const features: string[] = [];
  const forms: Form[] = [];
  let others = 0;
  for (const child of childElements(query)) {
    const attributes = child.attrs as Record<string, string | undefined>;
    if (child.is("identity", ns.DISCO_INFO)) {
      const { category = "", type = "", name = "" } = attributes;
      identities.push({ category, type, name, lang: attributes["xml:lang"] ?? "" });
    } else if (child.is("feature", ns.DISCO_INFO)) features.push(attributes["var"] ?? "");
    else if (child.is("x", ns.DATA_FORMS)) forms.push({ element: child, formType: formTypeOf(child) });
    else others++;
  }
  return { identities, features, forms, others };
}

/** XEP-0115 §5.4: only a hidden field counts. */
function formTypeOf(form: Element): string | undefined {
  const field = form.getChildren("field").find(({ attrs }) => attrs.var === "FORM_TYPE");
  if (!field || field.attrs.type !== "hidden") return undefined;
  const values = new Set(valuesOf(field));
  if (values.size > 1) throw new IllFormed();
  return [...values][0];
}

function formTexts(forms: readonly Form[]): string[] {
  const known = forms.filter((form): form is Form & { formType: string } => form.formType !== undefined);
  sortedOnce(known.map(({ formType }) => formType));
  return known
    .toSorted((a, b) => byOctets(a.formType, b.formType))
    .flatMap(({ element, formType }) => {
      const fields = element
        .getChildren("field")
        .map((field) => ({ name: String(field.attrs.var), values: sorted(valuesOf(field)) }))
        .filter(({ name }) => name !== "FORM_TYPE")
        .sort((a, b) => byOctets(a.name, b.name));
      return [formType, ...fields.flatMap(({ name, values }) => [name, ...values])];
    });
}

function valuesOf(field: Element): string[] {
  return field.getChildren("value").map((value) => value.getText());
}

function sorted(texts: readonly string[]): string[] {
  return texts.toSorted(byOctets);
}

function sortedOnce(texts: readonly string[]): string[] {
  if (new Set(texts).size < texts.length) throw new IllFormed();
  return sorted(texts);
}

/** RFC 4790 §9.3. */
function byOctets(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function unlessIllFormed(make: () => string): string | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof IllFormed) return undefined;
    throw error;
  }
}
