import { generateKeyPair, randomBytes, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { promisify } from "node:util";
import forge from "node-forge";

const generateKey = promisify(generateKeyPair);
const { asn1, md, pki } = forge;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** RFC 6120 §13.7.1.4. */
const ID_ON_XMPP_ADDR = "1.3.6.1.5.5.7.8.5";
/** RFC 4985 §2. */
const ID_ON_DNS_SRV = "1.3.6.1.5.5.7.8.7";

/** A private key and its certificate, both as PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface SelfSignedOptions {
  /** Validity from now on. Default: 365. */
  readonly days?: number;
  /** Milliseconds since the epoch. Default: the system's. */
  readonly now?: number;
}

/**
 * A new RSA-2048 key and a certificate that it signed itself, naming each domain in the three ways of
 * RFC 6120 §13.7.1.2: DNS-ID, SRV-ID and XmppAddr. IP addresses are named as such, and `localhost` by its own too.
 */
export async function selfSigned(
  domains: readonly string[],
  { days = 365, now = Date.now() }: SelfSignedOptions = {},
): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKey("rsa", { modulusLength: 2048 });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey.export({ type: "spki", format: "pem" }).toString());
  // Positive (RFC 5280 §4.1.2.2), and without zeros in front, which DER does not allow.
  certificate.serialNumber = `01${randomBytes(16).toString("hex")}`;
  certificate.validity.notBefore = new Date(now - HOUR); // for clients whose clock is a little slow
  certificate.validity.notAfter = new Date(now + days * DAY);
  const subject = [{ name: "commonName", value: domainToASCII(domains[0] ?? "").slice(0, 64) }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  // No keyUsage, so it may be for anything (RFC 5280 §4.2.1.3): NSS refuses a certificate signed by itself that is not for
  // signing certificates, and Pidgin asks nobody then whether to accept it.
  certificate.setExtensions([
    { name: "basicConstraints", cA: false, critical: true },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    { name: "subjectKeyIdentifier" },
    { id: "2.5.29.17", name: "subjectAltName", value: subjectAltName(domains) },
  ]);
  certificate.sign(pki.privateKeyFromPem(key) as forge.pki.rsa.PrivateKey, md.sha256.create());
  return { key, cert: pki.certificateToPem(certificate).replaceAll("\r\n", "\n") };
}

/** SHA-256 of the (first) certificate, as tools show it: `AB:CD:…`. */
export function fingerprint(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}

/** By hand, because node-forge has no constructed names such as otherName. RFC 5280 §4.2.1.6, in DER. */
export function subjectAltName(domains: readonly string[]): string {
  const names = domains.flatMap((domain) => {
    const address = domain.replace(/^\[(.*)\]$/, "$1");
    if (isIP(address) !== 0) return [ipAddress(address), otherName(ID_ON_XMPP_ADDR, asn1.Type.UTF8, domain)];
    const ascii = domainToASCII(domain);
    return [
      tagged(2, ascii),
      ...(ascii === "localhost" ? [ipAddress("127.0.0.1"), ipAddress("::1")] : []),
      otherName(ID_ON_DNS_SRV, asn1.Type.IA5STRING, `_xmpp-client.${ascii}`),
      otherName(ID_ON_DNS_SRV, asn1.Type.IA5STRING, `_xmpp-server.${ascii}`),
      otherName(ID_ON_XMPP_ADDR, asn1.Type.UTF8, forge.util.encodeUtf8(domain)),
    ];
  });
  return asn1.toDer(asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, names)).getBytes();
}

function tagged(type: number, value: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, type, false, value);
}

function ipAddress(text: string): forge.asn1.Asn1 {
  // Exported by node-forge, but missing in its types.
  const { bytesFromIP } = forge.util as unknown as { bytesFromIP(text: string): string };
  return tagged(7, bytesFromIP(text));
}

function otherName(oid: string, type: forge.asn1.Type, value: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(oid).getBytes()),
    asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [
      asn1.create(asn1.Class.UNIVERSAL, type, false, value),
    ]),
  ]);
}
