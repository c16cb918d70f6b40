/** RFC 5802 §7: the client's two messages, to the letter of the grammar. */
import { SaslError } from "./mechanism.ts";

/** Characters of a client's nonce. */
const MAX_NONCE_LENGTH = 1024;

export type BindingFlag =
  | { readonly kind: "none" | "unadvertised" }
  | { readonly kind: "bound"; type: string };

export interface ClientFirst {
  readonly binding: BindingFlag;
  /** The gs2-header as received. */
  readonly header: string;
  readonly authzid: string | undefined;
  readonly username: string;
  readonly nonce: string;
  /** client-first-message-bare as received. */
  readonly bare: string;
}

export interface ClientFinal {
  /** Still in base64. */
  readonly channelBinding: string;
  readonly nonce: string;
  readonly proof: Buffer;
  /** client-final-message-without-proof as received. */
  readonly withoutProof: string;
}

/** @throws {SaslError} `malformed-request` or, for a mandatory extension, `not-authorized`. */
export function parseClientFirst(message: string): ClientFirst {
  const [flag, authzid, ...rest] = message.split(",");
  if (flag === undefined || authzid === undefined) throw malformed("no gs2 header");
  const [username, nonce, ...extensions] = rest;
  refuseMandatoryExtension(username);
  checkExtensions(extensions);
  return {
    binding: parseFlag(flag),
    header: `${flag},${authzid},`,
    authzid: authzid === "" ? undefined : saslName(valueOf("a", authzid)),
    username: saslName(valueOf("n", username)),
    nonce: checkedNonce(valueOf("r", nonce)),
    bare: rest.join(","),
  };
}

/** @throws {SaslError} as `parseClientFirst`. */
export function parseClientFinal(message: string): ClientFinal {
  const attributes = message.split(",");
  const proof = attributes.pop();
  const [channelBinding, nonce, ...extensions] = attributes;
  refuseMandatoryExtension(channelBinding);
  checkExtensions(extensions);
  return {
    channelBinding: valueOf("c", channelBinding),
    nonce: valueOf("r", nonce),
    proof: base64(valueOf("p", proof)),
    withoutProof: attributes.join(","),
  };
}

function parseFlag(flag: string): BindingFlag {
  if (flag === "n") return { kind: "none" };
  if (flag === "y") return { kind: "unadvertised" };
  // cb-name = 1*(ALPHA / DIGIT / "." / "-")
  if (/^p=[A-Za-z0-9.-]+$/.test(flag)) return { kind: "bound", type: flag.slice(2) };
  throw malformed("gs2-cbind-flag");
}

/** attr-val, of the name that belongs at this place. */
function valueOf(name: string, attribute: string | undefined): string {
  if (!attribute?.startsWith(`${name}=`)) throw malformed(`no ${name}= in its place`);
  const value = attribute.slice(2);
  if (value === "" || value.includes("\0")) throw malformed(`value of ${name}=`);
  return value;
}

/** RFC 5802 §5.1: "=" stands only as "=2C" and "=3D". */
function saslName(value: string): string {
  if (/=(?!2C|3D)/.test(value)) throw malformed("escape in a name");
  return value.replaceAll("=2C", ",").replaceAll("=3D", "=");
}

function checkedNonce(nonce: string): string {
  // printable = %x21-2B / %x2D-7E; erratum 2651: one or more of them.
  if (nonce.length > MAX_NONCE_LENGTH || !/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) throw malformed("nonce");
  return nonce;
}

/** RFC 5802 §5.1: unknown optional extensions are ignored, but they have to be attributes. */
function checkExtensions(extensions: readonly string[]): void {
  for (const extension of extensions) {
    refuseMandatoryExtension(extension);
    if (!/^[A-Za-z]=[^\0]+$/.test(extension)) throw malformed("extension");
  }
}

/** RFC 5802 §5.1: the presence of m= must cause authentication failure. */
function refuseMandatoryExtension(attribute: string | undefined): void {
  if (attribute?.startsWith("m=")) throw new SaslError("not-authorized", "mandatory SCRAM extension");
}

function base64(text: string): Buffer {
  const data = Buffer.from(text, "base64");
  // Node skips what is not base64: only the canonical form survives the way back.
  if (data.toString("base64") !== text) throw malformed("base64");
  return data;
}

function malformed(what: string): SaslError {
  return new SaslError("malformed-request", `SCRAM: ${what}`);
}
