/**
 * XEP-0280 Message Carbons, version 1.0.1
 * https://xmpp.org/extensions/xep-0280.html
 *
 * Shows every device of a user both sides of each conversation: what another of the user's devices sent, and what was
 * delivered to only some of them.
 */
import { defineModule } from "../core/module.ts";
import type { Session } from "../session/session.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { Stanza } from "../xmpp/stanza.ts";
import { archiveService } from "./mam/archive-service.ts";
import { roomsService } from "./muc/rooms-service.ts";
import { directedPresenceService } from "./presence/presence.ts";

export const carbons = defineModule({
  name: "carbons",
  implements: ["XEP-0280 1.0.1", "XEP-0297 1.0"],
  features: [ns.CARBONS, ns.CARBONS_RULES],
  accountFeatures: [ns.CARBONS, ns.CARBONS_RULES],

  setup(host) {
    const enabled = host.sessionState(() => false);

    // §4, §5. Both are idempotent (§10.1).
    host.iq("set", ns.CARBONS, "enable", ({ session }) => enabled.set(session, true));
    host.iq("set", ns.CARBONS, "disable", ({ session }) => enabled.set(session, false));

    // XEP-0386 §4.3: enabled with the resource; this cannot fail and is not answered.
    host.streamFeature({
      ns: ns.CARBONS,
      offer: () => undefined,
      binding: {
        feature: ns.CARBONS,
        bound(session, own) {
          if (own.some(({ name }) => name === "enable")) enabled.set(session, true);
          return [];
        },
      },
    });

    // §8: what one device sends, the others see.
    host.hook("message:sent", "copy", ({ session, stanza }) => {
      // What goes to one's own account is copied as received, once.
      if (stanza.to?.bare.equals(session.jid.bare)) return;
      if (isEligible(stanza)) copy(session.jid.bare, [session], "sent", stanza);
    });

    // §7: what some devices receive, the rest see.
    host.hook("message:received", "copy", ({ user, stanza, recipients }) => {
      if (!isEligible(stanza)) return;
      // §6.1: a room says it to each device that is there.
      if (stanza.type !== "error" && isOccupant(stanza.from, stanza)) return;
      // §8: who writes to the own account needs no copy of that.
      const author = stanza.from?.bare.equals(user) ? host.sessions.get(stanza.from) : undefined;
      copy(user, author ? [...recipients, author] : recipients, "received", stanza);
    });

    // §10.3: a copy that bounces comes back to the account that it was sent in the name of, and goes no further.
    host.hook("message:received", "guard", ({ user, stanza }) =>
      stanza.type === "error" && stanza.to?.isBare && stanza.from?.bare.equals(user) ? "handled" : undefined,
    );

    /** Whether that is somebody in a room, be it one of this server or, as clients mark it, of another (§6.1). */
    function isOccupant(address: Jid | undefined, stanza: Stanza): address is Jid {
      if (!address || address.resource === "") return false;
      return (
        stanza.has("x", ns.MUC_USER) || (host.find(roomsService)?.domains.includes(address.domain) ?? false)
      );
    }

    function isThere(session: Session, room: Jid): boolean {
      return host.find(directedPresenceService)?.has(session, room) ?? false;
    }

    /** XEP-0313 §3.5: one's own devices learn under which id the message is in the archive. */
    function archived(original: Stanza): Stanza {
      return host.find(archiveService)?.withSentId(original) ?? original;
    }

    function copy(user: Jid, except: readonly Session[], side: "sent" | "received", original: Stanza): void {
      // §6.1: devices that are not in the room could not answer there.
      const peer = side === "sent" ? original.to : original.from;
      const room = isOccupant(peer, original) ? peer.bare : undefined;
      let carbon: Stanza | undefined;
      for (const session of host.sessions.of(user)) {
        if (!enabled.get(session) || except.includes(session) || (room && !isThere(session, room))) continue;
        carbon ??= wrap(user, side, side === "sent" ? archived(original) : original);
        const own = carbon.with({ to: session.jid });
        if (side === "received") host.holders.addCopy(original, own, session);
        session.send(own);
      }
    }
  },
});

/** One payload for all copies; only the address differs. */
function wrap(user: Jid, side: "sent" | "received", original: Stanza): Stanza {
  const forwarded = `<forwarded xmlns="${ns.FORWARD}">${original.toStandalone()}</forwarded>`;
  return Stanza.ofText(
    { kind: "message", type: original.type, from: user },
    [{ name: side, ns: ns.CARBONS }],
    `<${side} xmlns="${ns.CARBONS}">${forwarded}</${side}>`,
  );
}

/** §6.1, the recommended rules; §9 and XEP-0334 §4.3 for what must not be copied. */
function isEligible(stanza: Stanza): boolean {
  if (stanza.has("private", ns.CARBONS) || stanza.has("no-copy", ns.HINTS)) return false;
  switch (stanza.type) {
    case "chat":
      return true;
    case "groupchat":
    case "headline":
      return false;
    case "error":
      // Of what it answers it tells by the payload that it repeats; where it repeats none, most messages are eligible.
      return isConversational(stanza) || stanza.heads.every((head) => head.name === "error");
    default:
      // What nobody knows is "normal" (RFC 6121 §5.2.2).
      return isConversational(stanza);
  }
}

function isConversational({ heads }: Stanza): boolean {
  return heads.some(({ name, ns: of }) => (of === ns.CLIENT ? name === "body" : CONVERSATIONAL.has(of)));
}

/** Payloads that belong to a conversation even without a body; MUC_USER for mediated invitations. */
const CONVERSATIONAL: ReadonlySet<string> = new Set([
  ns.CHAT_STATES,
  ns.RECEIPTS,
  ns.MARKERS,
  ns.REACTIONS,
  ns.RETRACT,
  ns.CONFERENCE,
  ns.MUC_USER,
]);
