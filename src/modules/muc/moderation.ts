/** XEP-0425 Moderated Message Retraction, version 0.3.0: https://xmpp.org/extensions/xep-0425.html */
import type { IqRequest } from "../../routing/iq-table.ts";
import { after } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Occupant } from "./occupant.ts";
import { occupantIdElement } from "./occupant-ids.ts";
import type { Room } from "./room.ts";
import { isRetraction, isTombstone, type RoomArchive } from "./room-archive.ts";

/** §4: a moderator takes back what somebody else said; everybody is told, and the archive keeps a tombstone. @throws StanzaError */
export async function moderate(
  { host, config, delivery }: Context,
  archive: RoomArchive,
  room: Room,
  { from, payload }: IqRequest,
): Promise<void> {
  const moderator = room.occupantOf(from);
  // §4.2
  if (moderator?.role !== "moderator") {
    throw new StanzaError("forbidden", "only moderators take back what others said", { type: "modify" });
  }
  const id = payload.attrs.id as unknown;
  if (typeof id !== "string" || !payload.getChild("retract", ns.RETRACT))
    throw new StanzaError("bad-request");
  const reason = payload.getChildText("reason", ns.MODERATE) ?? "";
  if (reason.length > config.text) {
    throw new StanzaError("policy-violation", `the reason is longer than ${config.text} characters`);
  }
  const found = await archive.find(room, id);
  if (!found || isTombstone(found.message)) throw new StanzaError("item-not-found");
  // XEP-0424 §5: those who were away have to learn of it. What an occupant took back may come with words, and goes.
  if (isRetraction(found.message) && found.message.from?.equals(room.jid))
    throw new StanzaError("not-allowed", "what moderators did stays");

  const why = () => (reason === "" ? [] : [el("reason", {}, reason)]);
  const announcement = message(
    { type: "groupchat", id: host.random.id(), from: room.jid },
    el("retract", { xmlns: ns.RETRACT, id }, moderatedBy(moderator), ...why()),
  );
  const stamp = formatDateTime(host.clock.now());
  const retracted = el(
    "retracted",
    { xmlns: ns.RETRACT, id: announcement.id, stamp },
    moderatedBy(moderator),
    ...why(),
  );
  await archive.entomb(room, found, retracted);
  await after(archive.keepOwn(room, moderator.user, announcement), (kept) => delivery.toAll(room, kept));
}

function moderatedBy({ jid, id }: Occupant): Element {
  return el("moderated", { xmlns: ns.MODERATE, by: jid.toString() }, occupantIdElement(id));
}
