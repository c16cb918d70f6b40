import { constants } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { CertificateError, selectByName } from "./certificates.ts";
import type { KeyPair } from "./self-signed.ts";

export interface SecureContextOptions {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly ciphers: string;
  /** File with the authorities whose client certificates are trusted. */
  readonly ca?: string | undefined;
}

/**
 * One context for each certificate, chosen by the name that a client asks for (SNI).
 * @throws CertificateError when the authorities cannot be read.
 */
export async function secureContexts(
  certificates: ReadonlyMap<string, KeyPair>,
  { minVersion, ciphers, ca: file }: SecureContextOptions,
): Promise<(serverName: string | undefined) => SecureContext> {
  const ca = file === undefined ? undefined : await readAuthorities(file);
  const contexts = new Map<string, SecureContext>();
  for (const [domain, { key, cert }] of certificates) {
    // A second handshake would change the channel that a client has bound to.
    const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
    const options = { key, cert, ca, minVersion, ciphers, honorCipherOrder: true, secureOptions };
    // The id lets TLS sessions resume although client certificates are asked for: OpenSSL demands one then.
    contexts.set(domain, createSecureContext({ ...options, sessionIdContext: "jackdaw" }));
  }
  return selectByName(contexts);
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CertificateError(
      `tls.clientCertificates.ca: ${file} cannot be read (${code ?? String(error)})`,
    );
  }
}
