import type { Host } from "../../core/host.ts";
import type { ServiceHost } from "../../core/service-host.ts";
import type { MucConfig } from "./config.ts";
import type { Delivery } from "./delivery.ts";
import type { OccupantIds } from "./occupant-ids.ts";
import type { Pace } from "./pace.ts";
import type { Presences } from "./presences.ts";
import type { RoomStore } from "./room-store.ts";
import type { Rooms } from "./rooms.ts";

/** What all parts of one group chat service share. */
export interface Context {
  readonly host: Host;
  readonly service: ServiceHost;
  readonly config: MucConfig;
  readonly store: RoomStore;
  readonly rooms: Rooms;
  readonly delivery: Delivery;
  readonly presences: Presences;
  readonly ids: OccupantIds;
  readonly pace: Pace;
}
