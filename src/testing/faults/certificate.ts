import { createSecureContext } from "node:tls";
import type { KeyPair } from "../../net/self-signed.ts";
import { t } from "../../util/schema.ts";
import { processAuthority, TestAuthority } from "../test-authority.ts";
import { type CommonOptions, defineFault } from "./fault.ts";

export interface CertificateFault extends CommonOptions {
  readonly fault: "certificate";
  /** `expired`: an hour ago. `wrong-host`: for another domain. `self-signed`: nobody that the client knows vouches for it. */
  readonly how: "expired" | "wrong-host" | "self-signed";
}

const HOUR_MS = 3_600_000;

export const certificate = defineFault({
  name: "certificate",
  doc: "On TCP, the certificate has expired, is another domain's, or is signed by itself.",
  fields: { how: t.oneOf(["expired", "wrong-host", "self-signed"]) },
  start({ how }, site) {
    const context = createSecureContext({ ...pairOf(how, site.domains()), sessionIdContext: how });
    return site.seams.certificate.add(() => (site.happens() ? context : undefined));
  },
});

function pairOf(how: CertificateFault["how"], domains: readonly string[]): KeyPair {
  const now = Date.now();
  switch (how) {
    case "expired":
      return processAuthority().issue(domains, { notBefore: now - 2 * HOUR_MS, notAfter: now - HOUR_MS });
    case "wrong-host":
      return processAuthority().issue(["elsewhere.example"]);
    case "self-signed":
      return TestAuthority.selfSigned(domains);
  }
}
