import { defineService } from "../../core/module.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { AffiliationChanges } from "./affiliation-changes.ts";
import type { Announcements } from "./announcements.ts";
import type { Context } from "./context.ts";
import type { Removal } from "./removal.ts";
import type { Room } from "./room.ts";
import type { RoomConfiguration } from "./room-configuration.ts";
import { type Affiliation, isAdministrative, type Role } from "./standing.ts";
import { subjectText } from "./subject.ts";

/** A room among others. */
export interface RoomSummary {
  /** Its bare JID. */
  readonly jid: string;
  readonly name: string;
  readonly public: boolean;
  readonly persistent: boolean;
  readonly occupants: number;
}

export interface RoomDetails extends RoomSummary {
  readonly description: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly membersOnly: boolean;
  readonly moderated: boolean;
  readonly hasPassword: boolean;
  /** Why it is for members and moderated, whatever its owners want it to be. */
  readonly lockdown: boolean;
  readonly present: readonly { readonly nick: string; readonly user: string; readonly role: Role }[];
  /** By bare JID, or by domain. */
  readonly affiliations: readonly { readonly address: string; readonly affiliation: Affiliation }[];
}

/** The rooms of a domain's services, for administration. */
export interface RoomsAdministration {
  /** In the order of their addresses, hidden ones included. `search`: what name or address contains. */
  list(search: string, limit: number): Awaitable<readonly RoomSummary[]>;
  show(jid: Jid): Awaitable<RoomDetails | undefined>;
  /** Whether there was one. */
  destroy(jid: Jid, reason: string): Promise<boolean>;
  /**
   * What somebody is in a room; `none` for nothing.
   * @throws StanzaError `item-not-found` without the room, `conflict` for the last owner.
   */
  setAffiliation(jid: Jid, user: Jid, affiliation: Affiliation): Promise<void>;
  /** In one room, or in all where somebody is; in how many. @throws StanzaError */
  announce(jid: Jid | undefined, text: string): Promise<number>;
  /** Members only, moderated, no registration; or as before. @throws StanzaError `item-not-found` without the room. */
  lockDown(jid: Jid, lockdown: boolean): Promise<void>;
}

export const roomAdministrationService = defineService<RoomsAdministration>("roomAdministration");

/** One service, as administration needs it. */
export interface AdministeredService {
  readonly context: Context;
  readonly removal: Removal;
  readonly affiliations: AffiliationChanges;
  readonly configuration: RoomConfiguration;
  readonly announcements: Announcements;
}

/** Administration of all services of a domain. */
export function administrationOf(services: readonly AdministeredService[]): RoomsAdministration {
  const serviceOf = (jid: Jid) => services.find(({ context }) => context.service.domain === jid.domain);

  /** @throws StanzaError item-not-found */
  async function found(jid: Jid): Promise<{ readonly service: AdministeredService; readonly room: Room }> {
    const service = serviceOf(jid);
    const room = await service?.context.rooms.find(jid);
    if (!service || !room) throw new StanzaError("item-not-found", "there is no such room");
    return { service, room };
  }

  return {
    async list(search, limit) {
      const wanted = search.toLowerCase();
      const found = new Map<string, RoomSummary>();
      for (const { context } of services) {
        const { store, rooms, service, config } = context;
        for (const { room, options } of await store.list(service.domain)) {
          found.set(room, summary(room, { ...config.defaults, ...options }, 0));
        }
        for (const { jid, options, occupants } of rooms.active) {
          found.set(jid.toString(), summary(jid.toString(), options, occupants.size));
        }
      }
      return [...found.values()]
        .filter(({ jid, name }) => jid.includes(wanted) || name.toLowerCase().includes(wanted))
        .toSorted((a, b) => (a.jid < b.jid ? -1 : 1))
        .slice(0, limit);
    },

    show: (jid) => after(serviceOf(jid)?.context.rooms.find(jid), (room) => room && details(room)),

    async destroy(jid, reason) {
      const service = serviceOf(jid);
      const room = await service?.context.rooms.find(jid);
      if (!service || !room) return false;
      await service.removal.destroy(room, { reason });
      return true;
    },

    async setAffiliation(jid, user, affiliation) {
      const { service, room } = await found(jid);
      if (isAdministrative(affiliation) && user.local === "") {
        throw new StanzaError("not-acceptable", "a whole domain cannot be this");
      }
      const change = { address: user.bare, affiliation };
      service.affiliations.checkAll(room, [change]);
      const tell = await service.affiliations.apply(room, change, {});
      await each([tell], (one) => one());
    },

    async announce(jid, text) {
      if (jid) {
        const { service, room } = await found(jid);
        await service.announcements.announce(room, text);
        return 1;
      }
      let count = 0;
      for (const { context, announcements } of services) {
        for (const room of context.rooms.active) {
          await announcements.announce(room, text);
          count++;
        }
      }
      return count;
    },

    async lockDown(jid, lockdown) {
      const { service, room } = await found(jid);
      const tell = await service.configuration.change(room, { ...room.configured, lockdown });
      await tell();
    },
  };
}

function summary(
  jid: string,
  options: { readonly name?: string; readonly public?: boolean; readonly persistent?: boolean },
  occupants: number,
): RoomSummary {
  const { name = "", public: isPublic = false, persistent = false } = options;
  return { jid, name, public: isPublic, persistent, occupants };
}

function details(room: Room): RoomDetails {
  const { jid, options, occupants, subject, createdAt, affiliations } = room;
  return {
    ...summary(jid.toString(), options, occupants.size),
    description: options.description,
    subject: subject ? subjectText(subject) : "",
    created: createdAt,
    membersOnly: options.membersOnly,
    moderated: options.moderated,
    hasPassword: options.password !== "",
    lockdown: options.lockdown,
    present: Array.from(occupants.values(), ({ nick, user, role }) => ({
      nick,
      user: user.toString(),
      role,
    })),
    affiliations: Array.from(affiliations.all(), ([address, { affiliation }]) => ({ address, affiliation })),
  };
}
