/**
 * XEP-0045 Multi-User Chat, version 1.35.5
 * https://xmpp.org/extensions/xep-0045.html
 * XEP-0317 Hats, version 0.3.1
 * XEP-0410 MUC Self-Ping (Schrödinger's Chat), version 1.1.0
 * XEP-0421 Occupant identifiers for semi-anonymous MUCs, version 1.0.1
 * XEP-0425 Moderated Message Retraction, version 0.3.0
 * XEP-0433 Extended Channel Search, version 0.1.0
 * XEP-0437 Room Activity Indicators, version 0.2.0
 * XEP-0463 MUC Affiliations Versioning, version 0.2.0
 * XEP-0486 MUC Avatars, version 0.1.0
 * XEP-0249 Direct MUC Invitations, version 1.2
 *
 * Rooms where people and bots talk, at addresses of their own below the domain.
 *
 * A map of the folder. What is: `room` (options, affiliations, occupants), `rooms` (in memory and in the store), `room-store`,
 * `room-options`, `affiliations` with `affiliation-log`, its store and `affiliation-versions`, `acquaintances` (who was there) with their store, `occupant`, `history`, `standing`. What comes in: `attendance` (presence), `messages` and behind it
 * `groupchat`, `subject`, `private-messages`, `invitations`, `voice-requests`; `admin-queries`, `owner-queries` with `config-form`,
 * `registration`, `room-disco`, `occupant-requests`, `moderation`, `channel-search`.
 * What is kept beside: `room-archive` with `temporary-archives`, `room-vcards`, `hats` with `hat-store`, `wardrobe` and `hat-commands`. More for those in charge:
 * `room-commands`, `announcements`, `room-administration`. Who may what: `admission`, `actor`, `pattern` (bans), `nicknames`, `pace` (rates, slow mode),
 * `newcomers`, `room-errors` (whose word an error is), and the checks in `role-changes` and `affiliation-changes`, which also do it, as `room-configuration` does with options;
 * `removal` is how occupants and rooms go. What goes out: `presences`, `delivery`; to those
 * who are not there `activity` and `mentions`; to moderators `reports`.
 * `muc-service` puts them together, `context` is what they share.
 *
 * Others have their say by the hooks in `hooks`: "muc:joining" refuses those who come, "muc:message" refuses, changes (stage
 * "rewrite"), keeps and stamps ("archive") what is said, "muc:described" adds to what a room tells of itself, "muc:destroyed"
 * forgets. More requests to rooms are handlers on `context.service` at "address"; more options are fields in `config-form`.
 */
import "./hooks.ts";
import type { Host } from "../../core/host.ts";
import { defineModule } from "../../core/module.ts";
import { archiveService } from "../mam/archive-service.ts";
import { mucConfig } from "./config.ts";
import { openService } from "./muc-service.ts";
import { OccupantIds } from "./occupant-ids.ts";
import { administrationOf, roomAdministrationService } from "./room-administration.ts";
import { RoomStore } from "./room-store.ts";
import { RoomVCards } from "./room-vcards.ts";
import type { Rooms } from "./rooms.ts";
import { roomsService } from "./rooms-service.ts";
import { TemporaryArchives } from "./temporary-archives.ts";

export const muc = defineModule({
  name: "muc",
  implements: [
    "XEP-0045 1.35.5",
    "XEP-0249 1.2",
    "XEP-0317 0.3.1",
    "XEP-0410 1.1.0",
    "XEP-0421 1.0.1",
    "XEP-0425 0.3.0",
    "XEP-0433 0.1.0",
    "XEP-0437 0.2.0",
    "XEP-0463 0.2.0",
    "XEP-0486 0.1.0",
  ],
  omits: {
    "XEP-0437": [
      "A client hears of rooms that its user belongs to (§5.1). Of a room without an archive it hears, after a restart, from what is said then on.",
    ],
    "XEP-0463": [
      "Versions are random, so whoever names one was told it: no error keeps those who were away from what is derived of it (§6).",
    ],
  },
  config: mucConfig,
  services: ({ services }) => services,

  async setup(host, config) {
    const store = await RoomStore.open(host, config);
    const ids = await OccupantIds.open(host);
    const vCards = await RoomVCards.open(host);
    const temporaryArchives = await TemporaryArchives.open(host);
    const archives = host.find(archiveService);
    if (archives) await temporaryArchives.removeLost(archives, store);
    const rooms = new Map<string, Rooms>();
    const services = [];
    for (const domain of host.serviceDomains(config.services)) {
      const service = openService({ host, domain, config, store, ids, vCards, temporaryArchives });
      rooms.set(domain, service.context.rooms);
      services.push(service);
    }
    count(host);
    host.provide(roomAdministrationService, administrationOf(services));
    host.provide(roomsService, {
      domains: [...rooms.keys()],
      find: (room) => rooms.get(room.domain)?.find(room),
    });
  },
});

/** What goes on in rooms, for those who watch the server. */
function count(host: Host): void {
  const entries = host.metrics.counter("jackdaw_room_entries_total", "occupants that entered rooms");
  const messages = host.metrics.counter("jackdaw_room_messages_total", "messages to rooms");
  const copies = host.metrics.counter(
    "jackdaw_room_copies_total",
    "copies of them, one for each client there",
  );
  host.hook("muc:joined", "observe", () => entries.inc());
  host.hook("muc:message", "observe", ({ room }) => {
    messages.inc();
    copies.inc(room.seats.size);
  });
}
