/**
 * XEP-0160 Best Practices for Handling Offline Messages, version 1.0.1
 * https://xmpp.org/extensions/xep-0160.html
 *
 * Keeps messages for users who are away and delivers them, marked with their time (XEP-0203), in their order.
 * A message is deleted only when its receiver acknowledged it (XEP-0198) or, where there are no acknowledgements, when it
 * has left the process: a crash may deliver twice, never lose.
 */
import { defineModule, defineService } from "../../core/module.ts";
import type { Session } from "../../session/session.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { t } from "../../util/schema.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { delay } from "../delay.ts";
import { roster, rosterService } from "../roster/roster.ts";
import { late } from "./late.ts";
import { type OfflineRow, OfflineStore, sizeOf } from "./offline-store.ts";
import { exportMessages, OfflineImport } from "./offline-transfer.ts";
import { isEphemeral, isStorable } from "./storable.ts";

/** The session that gets a user's messages. */
interface Delivery {
  readonly session: Session;
  /** What is on its way and still in the table. */
  readonly sent: Map<Stanza, OfflineRow>;
  /** The table is being looked at. */
  isLooking: boolean;
  /** Others wait behind what is on its way. */
  more: boolean;
  /** The session ended. */
  isOver: boolean;
}

/** What is sent in one go and then waited for: whole messages, of which the last may reach beyond the bytes. */
const BATCH_MESSAGES = 100;
const BATCH_BYTES = 64_000;
const PURGE_INTERVAL_MS = 3_600_000;

export interface OfflineService {
  /** How many messages wait for a user, by the bare JID. */
  waiting(user: string): Awaitable<number>;
}

export const offlineService = defineService<OfflineService>("offline");

export const offline = defineModule({
  name: "offline",
  implements: ["XEP-0160 1.0.1"],
  features: [ns.OFFLINE],
  requires: [delay, roster],
  config: t.object({
    messages: t
      .integer(1000, { min: 1 })
      .doc(
        "Messages kept for one user. Beyond that they are in the archive alone (`mam`); of what that does not keep, senders are told that it is full.",
      ),
    size: t.size("10 MB").doc("Size of all messages kept for one user."),
    share: t
      .integer(50, { min: 1, max: 100 })
      .doc(
        "Percent of both that the messages of one sender may take; beyond that it is full for this sender.",
      ),
    keep: t.duration("90d").doc('How long a message waits before it is given up. "off": for ever.'),
  }),

  async setup(host, limits) {
    const store = await OfflineStore.open(host, limits);
    const receiving = host.sessionState(() => false);
    /** What waits and went to this client all the same: as a carbon, or when it asked the archive. */
    const shown = host.sessionState((): Set<number> | undefined => undefined);
    const deliveries = new Map<string, Delivery>();

    host.provide(offlineService, { waiting: (user) => store.count(user) });

    host.hook("message:undelivered", "archive", ({ user, stanza }) => keep(user, stanza));

    // Last of all: whoever else sees messages has seen this one as it came.
    host.hook("message:received", "observe", ({ user, stanza, recipients }) => {
      const delivery = deliveries.get(user.toString());
      if (!delivery?.isLooking && !delivery?.more) return undefined;
      if (!recipients.includes(delivery.session) || !isStorable(stanza)) return undefined;
      const others = recipients.filter((session) => session !== delivery.session);
      return waitBehind(user, stanza, others);
    });

    // XEP-0386 §4.2: a client that binds like this reads the archive, so what is there need not be sent again.
    host.streamFeature({
      ns: ns.OFFLINE,
      offer: () => undefined,
      binding: { bound: forgetArchived },
    });

    host.hook("archive:shown", "observe", async ({ session, ids }) => {
      if (receiving.get(session)) return;
      const rows = await rowsOf(session.jid.bare.toString(), new Set(ids));
      if (rows.length === 0) return;
      for (const row of rows) markShown(session, row.id);
      // Nobody waits until the client has it.
      forgetShown(session, rows).catch((error: unknown) => {
        host.log.error("offline messages were not forgotten", { error: String(error) });
      });
    });

    // §2: a resource that comes to want messages gets those that waited.
    host.hook("session:presence", "observe", ({ session }) => {
      const wants = session.presence !== undefined && session.priority >= 0 && !session.anonymous;
      if (wants === receiving.get(session)) return undefined;
      receiving.set(session, wants);
      return wants ? deliver(session) : undefined;
    });

    // Before stream management gives back what was not acknowledged: these are not lost, they are still here.
    host.hook("session:close", "guard", ({ session }) => {
      const delivery = deliveries.get(session.jid.bare.toString());
      return delivery?.session === session ? reclaim(delivery) : undefined;
    });

    host.hook("user:deleted", "observe", async ({ user }) => {
      await store.removeAll(user.toString());
    });

    host.hook("store:lost", "observe", () => store.forget());

    host.hook("user:export", "observe", (event) => exportMessages(store, host.jid, event));
    const incoming = new OfflineImport(store, host.jid);
    host.hook("user:import", "observe", (event) => incoming.take(event));

    if (limits.keep > 0) host.every(PURGE_INTERVAL_MS, () => store.purge());

    function keep(user: Jid, stanza: Stanza): Awaitable<"handled" | undefined> {
      if (isEphemeral(stanza)) return "handled";
      if (!isStorable(stanza)) return bounceOrDrop(user, stanza);
      const owner = user.toString();
      const text = stanza.toString();
      return after(store.hasRoom(owner, text), (hasRoom) => {
        // XEP-0160 §2 refuses what cannot be stored. This is stored: its user finds it in the archive.
        if (!hasRoom && archiveIdOf(stanza, owner) !== undefined) return "handled";
        return after(store.add(owner, text), (id) => {
          const delivery = deliveries.get(owner);
          if (delivery) delivery.more = true;
          for (const session of host.sessions.of(user))
            if (host.holders.has(stanza, session)) markShown(session, id);
          return "handled";
        });
      });
    }

    /**
     * It must not overtake those that wait, so it waits behind them, for whoever gets these and is none of `others`. Where there
     * is no room to wait in, it overtakes them.
     */
    function waitBehind(
      user: Jid,
      stanza: Stanza,
      others: readonly Session[],
    ): Awaitable<"handled" | undefined> {
      return after(store.hasRoom(user.toString(), stanza.toString()), (hasRoom) => {
        if (!hasRoom) return undefined;
        const copies = others.map((other) => [other, addressed(stanza, other)] as const);
        for (const [other, own] of copies) host.holders.addCopy(stanza, own, other);
        return after(host.emit("message:undelivered", { user, stanza }), () => {
          host.holders.leave(stanza);
          for (const [other, own] of copies) other.send(own);
          return "handled";
        });
      });
    }

    function markShown(session: Session, id: number): void {
      const ids = shown.get(session);
      if (ids) ids.add(id);
      else shown.set(session, new Set([id]));
    }

    async function remove(row: OfflineRow): Promise<void> {
      await store.remove(row);
      for (const session of host.sessions.of(Jid.parse(row.user))) shown.get(session)?.delete(row.id);
    }

    /** RFC 6121 §11: that nobody takes it tells that the user is away, and that is not for everybody. */
    function bounceOrDrop(user: Jid, { from }: Stanza): Awaitable<"handled" | undefined> {
      if (!from || from.bare.equals(user)) return undefined;
      const mayKnow = host.use(rosterService).isSubscribed(user, from.bare);
      return after(mayKnow, (may) => (may ? undefined : "handled"));
    }

    /** The messages that have these ids in the archive. */
    async function rowsOf(user: string, ids: ReadonlySet<string>): Promise<readonly OfflineRow[]> {
      if ((await store.count(user)) === 0) return [];
      const rows = await store.list(user);
      return rows.filter(({ stanza }) => ids.has(String(archiveIdOf(parseStanza(stanza), user))));
    }

    /** XEP-0313 §6.1.1: what a client has read in the archive need not come once more. */
    async function forgetShown(session: Session, rows: readonly OfflineRow[]): Promise<void> {
      if (!(await session.delivered())) return;
      // What is on its way to another one is no less for that one.
      const delivery = deliveries.get(session.jid.bare.toString());
      if (delivery && delivery.session !== session) return;
      for (const row of rows) await remove(row);
    }

    async function forgetArchived(session: Session): Promise<readonly []> {
      const user = session.jid.bare.toString();
      for (const row of await store.list(user)) {
        if (archiveIdOf(parseStanza(row.stanza), user) === undefined) continue;
        // What another one is getting is no less for that one, nor what waits behind it.
        if (deliveries.has(user)) markShown(session, row.id);
        else await remove(row);
      }
      return [];
    }

    /** One session at a time for each user: it gets everything, in order, and what it did not get stays for the next. */
    async function deliver(session: Session): Promise<void> {
      const user = session.jid.bare.toString();
      if (deliveries.has(user)) return;
      const delivery: Delivery = { session, sent: new Map(), isLooking: false, more: true, isOver: false };
      deliveries.set(user, delivery);
      let isTaken = true;
      try {
        while (isTaken && delivery.more && receiving.get(session)) {
          delivery.more = false;
          delivery.isLooking = true;
          isTaken = await deliverBatch(delivery, await store.list(user, BATCH_MESSAGES));
        }
      } finally {
        deliveries.delete(user);
      }
      if (isTaken && !delivery.more) return;
      // It went, or wants no more: the rest is for another resource, if there is one.
      const others = host.sessions.available(session.jid.bare).filter((each) => each !== session);
      const other = others.find((each) => receiving.get(each));
      if (other) await deliver(other);
    }

    /** Sends the first of these messages and deletes them; false when the session ended first. */
    async function deliverBatch(delivery: Delivery, rows: readonly OfflineRow[]): Promise<boolean> {
      const { session, sent } = delivery;
      let bytes = 0;
      const batch = rows.filter((row) => {
        const fits = bytes < BATCH_BYTES;
        bytes += sizeOf(row);
        return fits;
      });
      if (batch.length < rows.length || rows.length === BATCH_MESSAGES) delivery.more = true;
      delivery.isLooking = false;
      if (rows.length === 0) return true;
      // What it was shown comes before these on its stream, and is acknowledged with them.
      const isDue = (row: OfflineRow) => !shown.get(session)?.has(row.id) && !store.isExpired(row);
      for (const row of batch.filter(isDue)) {
        const stanza = late(row, host.jid);
        sent.set(stanza, row);
        session.send(stanza);
        // It may have been too much for what may be unacknowledged.
        if (delivery.isOver) return false;
      }
      if (!(await session.delivered())) return false;
      sent.clear();
      for (const row of batch) await remove(row);
      return true;
    }

    /** The session ended: what it has of the batch is deleted, the rest stays. */
    async function reclaim(delivery: Delivery): Promise<void> {
      const { session, sent } = delivery;
      delivery.isOver = true;
      const lost = session.withdraw((stanza) => sent.has(stanza));
      if (!session.management) return;
      for (const [stanza, row] of sent) if (!lost.has(stanza)) await remove(row);
    }
  },
});

/** XEP-0359 §4: the id that the message has in the archive of its user, where that keeps it. */
function archiveIdOf(stanza: Stanza, user: string): string | undefined {
  const mark = stanza.child("stanza-id", ns.STANZA_ID)?.attrs;
  return mark?.by === user ? (mark.id as string) : undefined;
}

/** What several clients get under their full JIDs, a whisper in a room, has the address of one of them. */
function addressed(stanza: Stanza, { jid }: Session): Stanza {
  return stanza.to?.isBare ? stanza : stanza.with({ to: jid });
}
