import { type Awaitable, each } from "../../util/awaitable.ts";
import type { Context } from "./context.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";

/** How often it is looked who has waited long enough. */
const SWEEP_MS = 10_000;

/** Those who had no voice because they were new get it when their time has come. */
export class Newcomers {
  readonly #context: Context;
  readonly #roles: RoleChanges;

  constructor(context: Context, roles: RoleChanges) {
    this.#context = context;
    this.#roles = roles;
  }

  watch(): void {
    const { host, rooms } = this.#context;
    host.every(SWEEP_MS, () => each([...rooms.active], (room) => this.#admit(room)));
  }

  #admit(room: Room): Awaitable<void> {
    const { newcomerMinutes, moderated } = room.options;
    if (newcomerMinutes === 0 || moderated) return undefined;
    const now = this.#context.host.clock.now();
    const ready = [...room.occupants.values()].filter(
      ({ voiceAt }) => voiceAt !== undefined && voiceAt <= now,
    );
    return each(ready, (occupant) => this.#roles.change(room, occupant, "participant", {}));
  }
}
