import type { Host } from "../../core/host.ts";
import type { Access } from "./access.ts";
import type { NodeStore } from "./node-store.ts";
import type { Notifier } from "./notifier.ts";
import type { PubsubProfile } from "./pubsub-service.ts";

/** What the parts of the engine share. */
export interface Context {
  readonly host: Host;
  readonly profile: PubsubProfile;
  readonly store: NodeStore;
  readonly access: Access;
  readonly notifier: Notifier;
}
