import type { Problem } from "../util/schema.ts";
import type { Config } from "./config.ts";

/** What is wrong although every single value is allowed. */
export function contradictions(config: Config): Problem[] {
  return [
    ...inDomains(config.domains),
    ...inLimits(config.limits),
    ...inLogins(config),
    ...inProxies(config),
  ];
}

function inDomains(domains: Config["domains"]): Problem[] {
  if (domains.length === 0) return [{ path: "domains", message: "expected at least one domain, got []" }];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [index, { name, certificate, key }] of domains.entries()) {
    const path = `domains.${index}`;
    if (seen.has(name)) problems.push({ path, message: `"${name}" is in the list already` });
    seen.add(name);
    if ((certificate === undefined) !== (key === undefined)) {
      problems.push({ path, message: "certificate and key are given together or not at all" });
    }
  }
  return problems;
}

function inLimits(limits: Config["limits"]): Problem[] {
  const problems: Problem[] = [];
  const notAbove = (
    key: "stanzaBytesUnauthenticated" | "unsentSoft",
    other: "stanzaBytes" | "unsentHard",
  ) => {
    if (limits[key] > limits[other])
      problems.push({ path: `limits.${key}`, message: `is more than ${other}` });
  };
  notAbove("stanzaBytesUnauthenticated", "stanzaBytes");
  notAbove("unsentSoft", "unsentHard");
  return problems;
}

function inLogins({ auth, tls }: Config): Problem[] {
  if (!auth.mechanisms?.includes("EXTERNAL") || tls.clientCertificates.ca !== undefined) return [];
  return [{ path: "auth.mechanisms", message: "EXTERNAL needs tls.clientCertificates.ca" }];
}

function inProxies({ proxies }: Config): Problem[] {
  if (proxies.protocol.length === 0 || proxies.trusted.length > 0) return [];
  return [{ path: "proxies.protocol", message: "needs proxies.trusted: who the proxies are" }];
}
