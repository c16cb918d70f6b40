import type { DomainHost } from "./core/domain-host.ts";
import type { Module } from "./core/module.ts";
import { bind, legacySession } from "./stream/features/bind.ts";
import { sasl } from "./stream/features/sasl.ts";
import { sasl2 } from "./stream/features/sasl2.ts";
import { starttls } from "./stream/features/starttls.ts";
import { ns } from "./xmpp/ns.ts";

/** The features that every stream needs, then the modules that are switched on. */
export async function setUpHost(
  host: DomainHost,
  modules: readonly Module[],
  settings: ReadonlyMap<string, unknown>,
): Promise<void> {
  for (const feature of [starttls, sasl(), sasl2(), bind, legacySession]) host.streamFeature(feature);
  // RFC 3921 §3: the answer to old clients that take the offer of `legacySession`.
  host.iq("set", ns.SESSION, "session", () => {});
  host.iq("set", ns.SESSION, "session", () => {}, "host");
  for (const module of inOrder(modules)) {
    if (settings.has(module.name)) await host.setUp(module, settings.get(module.name));
  }
}

/** Each module behind those it requires. */
function inOrder(modules: readonly Module[]): readonly Module[] {
  const ordered = new Set<Module>();
  const add = (module: Module): void => {
    for (const required of module.requires ?? []) add(required);
    ordered.add(module);
  };
  for (const module of modules) add(module);
  return [...ordered];
}
