import type { KnownKeys } from "../../auth/accounts.ts";
import type { ScramHash } from "../../auth/scram-keys.ts";
import { type Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";

/** Rounds beyond which every log-in would hold up the server, or its client. */
const MAX_ITERATIONS = 10_000_000;
/** Octets. */
const MAX_SALT = 1024;

const MECHANISMS: Readonly<Record<string, { readonly hash: ScramHash; readonly length: number }>> = {
  "SCRAM-SHA-1": { hash: "SHA-1", length: 20 },
  "SCRAM-SHA-256": { hash: "SHA-256", length: 32 },
  "SCRAM-SHA-512": { hash: "SHA-512", length: 64 },
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The keys in `<scram-credentials/>` (XEP-0227 §4.3), or why there are none. */
export function readCredentials(
  element: Element,
): { readonly hash: ScramHash; readonly keys: KnownKeys } | { readonly why: string } {
  const mechanism = String(element.attrs.mechanism);
  const known = Object.hasOwn(MECHANISMS, mechanism) ? MECHANISMS[mechanism] : undefined;
  if (!known) return { why: `${mechanism} is not known here` };
  const count = (element.getChildText("iter-count") ?? "").trim();
  const iterations = Number(count);
  if (!/^[1-9]\d{0,8}$/.test(count) || iterations > MAX_ITERATIONS) return { why: "no usable iter-count" };
  const [storedKey, serverKey, salt] = unwrapped(
    ["stored-key", "server-key", "salt"].map((name) => fromBase64(element.getChildText(name) ?? "")),
    known.length,
  );
  if (storedKey?.length !== known.length || serverKey?.length !== known.length) {
    return { why: "keys that are not of their mechanism" };
  }
  if (!salt || salt.length === 0 || salt.length > MAX_SALT) return { why: "no usable salt" };
  return { hash: known.hash, keys: { salt, iterations, storedKey, serverKey } };
}

/** COMPAT(ejabberd, 2023): what it exports of each is the base64 of the base64. */
function unwrapped(values: readonly (Buffer | undefined)[], length: number): readonly (Buffer | undefined)[] {
  if (values[0]?.length === length) return values;
  const inner = values.map((value) => value && fromBase64(value.toString("latin1")));
  return inner[0]?.length === length ? inner : values;
}

function fromBase64(text: string): Buffer | undefined {
  const packed = text.replaceAll(/\s+/g, "");
  return BASE64.test(packed) ? Buffer.from(packed, "base64") : undefined;
}

/** XEP-0227 §4.3. */
export function credentialsElement(hash: ScramHash, keys: KnownKeys): Element {
  return el(
    "scram-credentials",
    { xmlns: ns.PIE_SCRAM, mechanism: `SCRAM-${hash}` },
    el("iter-count", {}, String(keys.iterations)),
    el("salt", {}, keys.salt.toString("base64")),
    el("server-key", {}, keys.serverKey.toString("base64")),
    el("stored-key", {}, keys.storedKey.toString("base64")),
  );
}
