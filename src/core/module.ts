import type { Awaitable } from "../util/awaitable.ts";
import type { Schema } from "../util/schema.ts";
import type { Host } from "./host.ts";

/** One feature of the server: what it implements and how it sets itself up. */
export interface Module {
  /** The section of the configuration that is the module's, and its name in docs and logs. */
  readonly name: string;
  /** "XEP-0280 1.0.1", "RFC 6121 §2": feeds docs/xeps.md. */
  readonly implements: readonly string[];
  /** What of these is left out, by number ("XEP-0280"), a sentence each; without any it is complete. */
  readonly omits?: Readonly<Record<string, readonly string[]>>;
  /** XEP-0030: features of the domain. */
  readonly features?: readonly string[];
  /** XEP-0030: features of every account's bare JID. */
  readonly accountFeatures?: readonly string[];
  /** XEP-0030: features of every service below the domain. */
  readonly serviceFeatures?: readonly string[];
  /** Names of the services that it opens, by its settings; see `Host.serviceDomains`. */
  readonly services?: (settings: never) => readonly string[];
  /** Modules that must be there, and are set up first. */
  readonly requires?: readonly Module[];
  readonly config?: Schema<unknown>;
  setup(host: Host, config: unknown): Awaitable<void>;
}

/** Ties the type of `config` to the second argument of `setup`. */
export function defineModule<C>(
  spec: Omit<Module, "config" | "services" | "setup"> & {
    readonly config?: Schema<C>;
    readonly services?: (config: C) => readonly string[];
    setup(host: Host, config: C): Awaitable<void>;
  },
): Module {
  return spec as Module;
}

/** What one module offers to others, by identity: `host.use` finds what `host.provide` was given. */
export interface Service<T> {
  readonly name: string;
  readonly type?: T;
}

export function defineService<T>(name: string): Service<T> {
  return { name };
}
