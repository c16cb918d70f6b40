import type { Hooks } from "../../routing/hooks.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";

/**
 * XEP-0377 §4: who reports an occupant of a room, and is in the room, is heard by those of its moderators who are there; not by the
 * one who is reported. Who reports is not told.
 */
export function showReport(
  { rooms, service, delivery, host, config }: Context,
  { reporter, report }: Hooks["user:reported"],
): Awaitable<void> {
  const reported = readJid(report.jid);
  if (reported?.domain !== service.domain || reported.resource === "") return undefined;
  return after(rooms.find(reported), (room) => {
    if (!room || room.occupantsOf(reporter).length === 0) return undefined;
    const { reason, text, messages } = report;
    const kind = reason.slice(reason.lastIndexOf(":") + 1);
    const words = [
      `Somebody here reports ${reported.resource} for ${kind}.`,
      ...(text ? [`"${text.slice(0, config.text).toWellFormed()}"`] : []),
      ...(messages.length > 0 ? [`Messages: ${messages.join(", ")}`] : []),
    ];
    const notice = message(
      { type: "groupchat", from: room.jid, id: host.random.id() },
      el("body", {}, words.join("\n")),
      el("no-store", { xmlns: ns.HINTS }),
    );
    return each(room.occupants.values(), (occupant) => {
      if (occupant.role !== "moderator" || occupant.nick === reported.resource) return undefined;
      return delivery.toOccupant(occupant, notice);
    });
  });
}
