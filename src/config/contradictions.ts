import type { Problem } from "../util/schema.ts";
import type { Config } from "./config.ts";

/** What is wrong although every single value is allowed. */
export function contradictions(config: Config): Problem[] {
  return [
    ...inDomains(config.domains),
    ...inLimits(config.limits),
    ...inLogins(config),
    ...inProxies(config),
    ...inComponents(config.components),
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
  if (limits.stanzaBytesUnauthenticated > limits.stanzaBytes) {
    problems.push({ path: "limits.stanzaBytesUnauthenticated", message: "is more than stanzaBytes" });
  }
  for (const [path, { unsentSoft, unsentHard }] of [
    ["limits", limits],
    ["limits.components", limits.components],
  ] as const) {
    if (unsentSoft > unsentHard)
      problems.push({ path: `${path}.unsentSoft`, message: "is more than unsentHard" });
  }
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

function inComponents(components: Config["components"]): Problem[] {
  return Object.entries(components)
    .filter(([, { secret }]) => secret === "")
    .map(([domain]) => ({ path: `components.${domain}.secret`, message: "is empty" }));
}
