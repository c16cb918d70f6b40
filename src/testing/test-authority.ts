import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import forge from "node-forge";
import { type KeyPair, subjectAltName } from "../net/self-signed.ts";

const { asn1 } = forge;
const { Type } = asn1;

/** What a certificate is to say; milliseconds since the epoch. */
export interface CertificateOptions {
  /** Default: an hour ago. */
  readonly notBefore?: number;
  /** Default: in ten years. */
  readonly notAfter?: number;
}

const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
};

/** A certificate authority for tests. It signs with P-256, which takes a millisecond where RSA takes hundreds. */
export class TestAuthority {
  /** PEM: what a client is to trust. */
  readonly cert: string;
  readonly #key: KeyObject;
  readonly #name: string;

  constructor(name = "Jackdaw test authority") {
    const { privateKey } = newKey();
    this.#key = privateKey;
    this.#name = name;
    this.cert = certificate({
      subject: name,
      issuer: name,
      key: privateKey,
      signer: privateKey,
      names: undefined,
    });
  }

  /** A key and a certificate that it signed itself: nobody vouches for it. */
  static selfSigned(domains: readonly string[]): KeyPair {
    const { privateKey: key } = newKey();
    const [name = ""] = domains;
    return pairOf(key, certificate({ subject: name, issuer: name, key, signer: key, names: domains }));
  }

  /** A key and a certificate for these domains, named as RFC 6120 §13.7.1.2 wants it. */
  issue(domains: readonly string[], options: CertificateOptions = {}): KeyPair {
    const { privateKey } = newKey();
    const cert = certificate({
      subject: domains[0] ?? "",
      issuer: this.#name,
      key: privateKey,
      signer: this.#key,
      names: domains,
      ...options,
    });
    return pairOf(privateKey, cert);
  }
}

/** One authority for the process: those who trust it once trust every test server. */
let authority: TestAuthority | undefined;

export function processAuthority(): TestAuthority {
  authority ??= new TestAuthority();
  return authority;
}

function pairOf(key: KeyObject, cert: string): KeyPair {
  return { key: key.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}

function newKey() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

interface Parts extends CertificateOptions {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  /** undefined: it is an authority. */
  readonly names: readonly string[] | undefined;
}

/** RFC 5280 §4.1, in DER. */
function certificate({ subject, issuer, key, signer, names, ...options }: Parts): string {
  const { notBefore = Date.now() - HOUR_MS, notAfter = Date.now() + TEN_YEARS_MS } = options;
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const publicKey = createPublicKey(createPrivateKey(key.export({ type: "pkcs8", format: "pem" })));
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("binary");
  const signed = sequence(
    asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [integer("\x02")]),
    integer(`\x01${randomBytes(16).toString("binary")}`),
    algorithm,
    nameOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    asn1.fromDer(spki),
    asn1.create(asn1.Class.CONTEXT_SPECIFIC, 3, true, [sequence(...extensions(names))]),
  );
  const signature = sign("sha256", Buffer.from(asn1.toDer(signed).getBytes(), "binary"), signer);
  const whole = sequence(signed, algorithm, primitive(Type.BITSTRING, `\0${signature.toString("binary")}`));
  const base64 = Buffer.from(asn1.toDer(whole).getBytes(), "binary").toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, "$&\n").trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function extensions(names: readonly string[] | undefined): forge.asn1.Asn1[] {
  const isAuthority = names === undefined;
  const constraints = sequence(...(isAuthority ? [primitive(Type.BOOLEAN, "\xff")] : []));
  // RFC 5280 §4.2.1.3: keyCertSign and cRLSign; digitalSignature.
  const usage = primitive(Type.BITSTRING, isAuthority ? "\x01\x06" : "\x07\x80");
  return [
    extension(OID.basicConstraints, true, asn1.toDer(constraints).getBytes()),
    extension(OID.keyUsage, true, asn1.toDer(usage).getBytes()),
    ...(isAuthority ? [] : [extension(OID.subjectAltName, false, subjectAltName(names))]),
  ];
}

function extension(id: string, isCritical: boolean, der: string): forge.asn1.Asn1 {
  const critical = isCritical ? [primitive(Type.BOOLEAN, "\xff")] : [];
  return sequence(oid(id), ...critical, primitive(Type.OCTETSTRING, der));
}

function nameOf(commonName: string): forge.asn1.Asn1 {
  const attribute = sequence(oid(OID.commonName), primitive(Type.UTF8, forge.util.encodeUtf8(commonName)));
  return sequence(asn1.create(asn1.Class.UNIVERSAL, Type.SET, true, [attribute]));
}

/** RFC 5280 §4.1.2.5: years from 2050 on have four digits. */
function time(ms: number): forge.asn1.Asn1 {
  const date = new Date(ms);
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date) as string)
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date) as string);
}

function integer(bytes: string): forge.asn1.Asn1 {
  return primitive(Type.INTEGER, bytes);
}

function oid(id: string): forge.asn1.Asn1 {
  return primitive(Type.OID, asn1.oidToDer(id).getBytes());
}

function primitive(type: forge.asn1.Type, bytes: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, bytes);
}

function sequence(...parts: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, Type.SEQUENCE, true, parts);
}
