import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { chmod, readFile, rename, stat, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { domainToASCII } from "node:url";
import { makeFolder } from "../util/folder.ts";
import type { Logger } from "../util/logger.ts";
import { fingerprint, type KeyPair, selfSigned } from "./self-signed.ts";

const DAY = 86_400_000;

/** From here on the log asks for a new certificate. Authorities that renew by themselves do so 30 days before the end. */
const WARN_BEFORE = 14 * DAY;

/** A certificate that cannot be used; the message names the file and says what to do. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** A domain and, optionally, the files of its own certificate. */
export interface DomainFiles {
  readonly name: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

export interface Certificate extends KeyPair {
  readonly domain: string;
  /** The file it came from. */
  readonly file: string;
  /** SHA-256, `AB:CD:…`. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly isSelfSigned: boolean;
}

export interface CertificateOptions {
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The certificates by domain, in the order given; {@link selectByName} finds the one for a TLS connection. */
export type Certificates = ReadonlyMap<string, Certificate>;

/**
 * The certificate of each domain: from the files named, else `<domain>.pem` or `.crt` with `<domain>.key` in
 * `directory`, else self-signed, made there and logged. Warns of what is about to fail; throws CertificateError
 * for what cannot work at all.
 */
export async function loadCertificates(
  domains: readonly DomainFiles[],
  directory: string,
  options: CertificateOptions,
): Promise<Certificates> {
  const certificates = new Map<string, Certificate>();
  for (const domain of domains) {
    const certificate =
      (await findCertificate(domain, directory)) ?? (await makeAndLog(domain.name, directory, options));
    await warnOf(certificate, domain.key, options);
    certificates.set(domain.name, certificate);
  }
  return certificates;
}

/** The certificate that `loadCertificates` would use if there is one already. Throws CertificateError. */
export async function findCertificate(
  domain: DomainFiles,
  directory: string,
): Promise<Certificate | undefined> {
  const { name, certificate, key } = domain;
  if (certificate !== undefined && key !== undefined) {
    return checked(name, certificate, await readPem(certificate, name), key, await readPem(key, name));
  }
  for (const ending of [".pem", ".crt"]) {
    const file = join(directory, `${name}${ending}`);
    const cert = await readPemIfAny(file, name);
    if (cert === undefined) continue;
    const keyFile = join(directory, `${name}.key`);
    // One file may hold both, as some tools write it.
    if (cert.includes("PRIVATE KEY-----")) return checked(name, file, cert, file, cert);
    return checked(name, file, cert, keyFile, await readPem(keyFile, name));
  }
  return undefined;
}

/**
 * A new self-signed certificate as `<domain>.pem` and `<domain>.key` in `directory`, in the place of what is there.
 * Only the owner can read the key.
 */
export async function makeCertificate(
  domain: string,
  directory: string,
  options: { readonly days?: number; readonly now: number },
): Promise<Certificate> {
  const { key, cert } = await selfSigned([domain], options);
  const file = join(directory, `${domain}.pem`);
  const keyFile = join(directory, `${domain}.key`);
  try {
    makeFolder(directory);
    await replace(keyFile, key, 0o600);
    await replace(file, cert, 0o644);
  } catch (error) {
    throw new CertificateError(`${directory}: cannot write the certificate of ${domain} (${codeOf(error)})`);
  }
  return checked(domain, file, cert, keyFile, key);
}

/** Whole or not at all, and never readable by others in between. */
async function replace(file: string, content: string, mode: number): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, content, { mode });
  await chmod(draft, mode); // a draft left by a crash keeps its own mode
  await rename(draft, file);
}

async function makeAndLog(
  domain: string,
  directory: string,
  { logger, now }: CertificateOptions,
): Promise<Certificate> {
  const made = await makeCertificate(domain, directory, { now });
  logger.info("made a self-signed certificate", { domain, file: made.file, fingerprint: made.fingerprint });
  return made;
}

async function readPem(file: string, domain: string): Promise<string> {
  const text = await readPemIfAny(file, domain);
  if (text !== undefined) return text;
  throw new CertificateError(
    `${file}: there is no such file; it belongs to ${domain} (see domains and tls.directory in the configuration)`,
  );
}

async function readPemIfAny(file: string, domain: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new CertificateError(
      `${file}: cannot be read (${codeOf(error)}); let the user that runs the server read it, it belongs to ${domain}`,
    );
  }
}

function checked(domain: string, file: string, cert: string, keyFile: string, key: string): Certificate {
  const x509 = parseCertificate(file, cert);
  const privateKey = parseKey(keyFile, key);
  if (!x509.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      `${keyFile}: is not the key of the first certificate in ${file}; the server's own certificate comes first, then its chain`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new CertificateError(`${file}: cannot be used for TLS: ${(error as Error).message}`);
  }
  return {
    domain,
    file,
    key,
    cert,
    fingerprint: fingerprint(cert),
    expires: Date.parse(x509.validTo),
    isSelfSigned: x509.issuer === x509.subject && x509.verify(x509.publicKey),
  };
}

function parseCertificate(file: string, cert: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch {
    throw new CertificateError(`${file}: is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)`);
  }
}

function parseKey(file: string, key: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type:.*ENCRYPTED/m.test(key)) {
    throw new CertificateError(
      `${file}: is protected by a passphrase; remove it with "openssl pkey -in ${file} -out NEW.key"`,
    );
  }
  try {
    return createPrivateKey(key);
  } catch {
    throw new CertificateError(`${file}: is not a private key in PEM form (-----BEGIN PRIVATE KEY-----)`);
  }
}

async function warnOf(
  certificate: Certificate,
  keyFile: string | undefined,
  { logger, now }: CertificateOptions,
): Promise<void> {
  const { domain, file, expires, isSelfSigned } = certificate;
  const x509 = new X509Certificate(certificate.cert);
  const until = { domain, file, expires: new Date(expires).toISOString() };
  const renew = isSelfSigned ? `; renew it with: jackdaw cert ${domain}` : "";
  if (expires <= now) logger.error(`the certificate has expired: clients will refuse it${renew}`, until);
  else if (expires - now < WARN_BEFORE) logger.warn(`the certificate expires soon${renew}`, until);
  if (Date.parse(x509.validFrom) > now) {
    logger.warn("the certificate is not valid yet", {
      domain,
      file,
      from: new Date(x509.validFrom).toISOString(),
    });
  }
  if (!names(x509, domain))
    logger.warn("the certificate does not name the domain: clients may refuse it", { domain, file });
  if (keyFile !== undefined && ((await stat(keyFile)).mode & 0o004) !== 0) {
    logger.warn("everybody on this machine can read the private key", { domain, file: keyFile });
  }
}

/** As DNS-ID or IP address, or as SRV-ID (RFC 6120 §13.7.1.2). */
function names(x509: X509Certificate, domain: string): boolean {
  const ascii = domainToASCII(domain);
  const address = ascii.replace(/^\[(.*)\]$/, "$1");
  return (
    x509.checkHost(ascii) !== undefined ||
    (isIP(address) !== 0 && x509.checkIP(address) !== undefined) ||
    (x509.subjectAltName ?? "").toLowerCase().includes(`_xmpp-client.${ascii}`)
  );
}

/**
 * What belongs to the name that a client asked for (SNI, RFC 6066 §3), the first entry when it asked for none
 * or for an unknown one. Names in A-labels and in U-labels are the same.
 */
export function selectByName<T>(byDomain: ReadonlyMap<string, T>): (serverName: string | undefined) => T {
  const [first] = byDomain.values();
  if (first === undefined) throw new Error("there is no domain");
  const byName = new Map([...byDomain].map(([domain, value]) => [domainToASCII(domain), value]));
  return (serverName) => (serverName && byName.get(domainToASCII(serverName).replace(/\.$/, ""))) || first;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
