import { generateKeyPairSync } from "node:crypto";
import forge from "node-forge";

const { asn1, pki } = forge;

const XMPP_ADDR = "1.3.6.1.5.5.7.8.5";

const keys = generateKeyPairSync("rsa", {
  modulusLength: 1024,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});

/** A GeneralName: an XmppAddr by default. */
export function otherName(text: string, { oid = XMPP_ADDR, type = asn1.Type.UTF8 } = {}): forge.asn1.Asn1 {
  return tagged(0, [
    asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(oid).getBytes()),
    tagged(0, [asn1.create(asn1.Class.UNIVERSAL, type, false, forge.util.encodeUtf8(text))]),
  ]);
}

export function dnsName(text: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, 2, false, text);
}

/** DER of a certificate with that alternative names in each subjectAltName extension. */
export function certificateWith(...extensions: forge.asn1.Asn1[][]): Buffer {
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(keys.publicKey);
  certificate.serialNumber = "01";
  certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + 1);
  const subject = [{ name: "commonName", value: "alice@example.org" }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: "basicConstraints", cA: false, critical: true },
    ...extensions.map((names) => ({
      id: "2.5.29.17",
      critical: names.length > 1,
      value: asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, names),
    })),
  ]);
  certificate.sign(pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return Buffer.from(asn1.toDer(pki.certificateToAsn1(certificate)).getBytes(), "latin1");
}

function tagged(tag: number, content: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, content);
}
