/**
 * XEP-0191 Blocking Command, version 1.3
 * https://xmpp.org/extensions/xep-0191.html
 *
 * Lets users keep others away: nothing of them comes through, and to them the user looks offline.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Rates } from "../../util/rates.ts";
import { t } from "../../util/schema.ts";
import { childElements, type Element, el, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { iq, presence, type Stanza } from "../../xmpp/stanza.ts";
import { roster, rosterService } from "../roster/roster.ts";
import { blockedIn } from "./blocked-in.ts";
import { Blocklists, type BlockRow, isBlocked } from "./blocklist.ts";
import { type Report, readReport, reportMessage } from "./report.ts";
import { ReportStore, reportsService } from "./report-store.ts";

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A user of the domain blocked somebody and says why (XEP-0377); it is kept for the administrators already. */
    "user:reported": { readonly reporter: Jid; readonly report: Report };
  }
}

export interface Blocking {
  /** Whether `user` wants nothing of `peer`. */
  blocks(user: Jid, peer: Jid): Awaitable<boolean>;
}

const HOUR_MS = 3_600_000;

export const blockingService = defineService<Blocking>("blocking");

export const blocking = defineModule({
  name: "blocking",
  implements: ["XEP-0191 1.3", "XEP-0377 0.4.1"],
  features: [ns.BLOCKING, ns.REPORTING],
  accountFeatures: [ns.BLOCKING, ns.REPORTING],
  requires: [roster],
  config: t.object({
    items: t.integer(1000, { min: 1 }).doc("Addresses that one user may block."),
    changesPerMinute: t
      .integer(120, { min: 1, off: true })
      .doc("How often one user may block or unblock in a minute: those concerned see presence come and go."),
    reportsPerHour: t
      .integer(60, { min: 1, off: true })
      .doc(
        "Reports of one user in an hour that reach administrators; those beyond it are counted, and no more.",
      ),
    reports: t.integer(1000, { min: 1 }).doc("Reports that are kept for administrators; then the oldest go."),
  }),

  async setup(host, config) {
    const lists = new Blocklists(
      await host.table<BlockRow>({
        name: "blocked",
        version: 1,
        columns: { user: "text", jid: "text" },
        key: ["user", "jid"],
      }),
    );
    /** Resources that asked for the list: they are told of changes (§3.3). */
    const interested = host.sessionState(() => false);
    const changes = new Rates(config.changesPerMinute, host.clock);
    const reporting = new Rates(config.reportsPerHour, host.clock, HOUR_MS);
    const limited = host.metrics.counter("jackdaw_blocks_limited", "changes of blocklists over the limit");
    const unreported = host.metrics.counter("jackdaw_reports_limited", "reports of users over the limit");
    const reports = await ReportStore.open(host, config.reports);
    host.provide(reportsService, reports);
    host.provide(blockingService, { blocks: (user, peer) => lists.blocks(user, peer) });

    // §3.2.
    host.iq("get", ns.BLOCKING, "blocklist", ({ session }) =>
      after(lists.of(session.jid), (list) => {
        interested.set(session, true);
        return el("blocklist", { xmlns: ns.BLOCKING }, ...items(list));
      }),
    );

    // §3.3. The contact sees the user go before nothing more reaches it.
    host.iq("set", ns.BLOCKING, "block", async ({ session, payload }) => {
      const user = session.jid.bare;
      takeTurn(user);
      const jids = addresses(payload);
      if (jids.length === 0) throw new StanzaError("bad-request");
      const list = await lists.of(user);
      const added = distinct(jids).filter((jid) => !list.has(jid.toString()));
      if (list.size + added.length > config.items)
        throw new StanzaError("resource-constraint", "the list is full");
      await show(user, added, false);
      await lists.add(user, added);
      await report(user, payload);
      push(user, "block", jids);
    });

    // §3.4, §3.5: without items, everybody.
    host.iq("set", ns.BLOCKING, "unblock", async ({ session, payload }) => {
      const user = session.jid.bare;
      takeTurn(user);
      const jids = addresses(payload);
      const list = await lists.of(user);
      const removed =
        jids.length > 0
          ? distinct(jids).filter((jid) => list.has(jid.toString()))
          : [...list].map((jid) => Jid.parse(jid));
      await lists.remove(user, jids.length > 0 ? jids : undefined);
      await show(user, removed, true);
      push(user, "unblock", jids);
    });

    // §3.3: what the blocked send. Presence vanishes, the rest is answered as for a user who is not there.
    host.hook("presence:received", "guard", ({ user, stanza }) =>
      ifBlocked(user, stanza.from, () => "handled"),
    );
    host.hook("message:received", "guard", ({ user, stanza }) =>
      ifBlocked(user, stanza.from, isUnanswered(stanza) ? () => "handled" : unavailable),
    );
    host.hook("account:asked", "guard", ({ user, stanza }) => ifBlocked(user, stanza.from, unavailable));
    host.hook("iq:received", "guard", ({ recipient, stanza }) =>
      ifBlocked(recipient.jid, stanza.from, unavailable),
    );

    // §3.3: what users send to those they blocked.
    host.hook("message:sent", "guard", ({ session, stanza }) =>
      ifBlocked(session.jid, stanza.to, notAcceptable),
    );
    host.hook("iq:sent", "guard", ({ session, stanza }) => ifBlocked(session.jid, stanza.to, notAcceptable));
    host.hook("presence:sent", "guard", ({ session, stanza }) =>
      ifBlocked(session.jid, stanza.to, notAcceptable),
    );

    // They see no presence.
    host.hook("presence:broadcast", "guard", (event) =>
      after(lists.of(event.session.jid), (list) => {
        if (list.size > 0) event.recipients = event.recipients.filter((contact) => !isBlocked(list, contact));
      }),
    );

    host.hook("user:deleted", "observe", async ({ user }) => {
      await lists.remove(user);
      await reports.forget(user);
    });
    host.hook("store:lost", "observe", () => lists.forget());

    host.hook("user:export", "observe", async ({ user, write }) => {
      const list = await lists.of(user);
      if (list.size > 0) await write(serialize(el("blocklist", { xmlns: ns.BLOCKING }, ...items(list))));
    });
    host.hook("user:import", "observe", async (event) => {
      const blocked = blockedIn(event);
      if (!blocked) return undefined;
      for (const jid of blocked) {
        const list = await lists.of(event.user);
        if (list.has(jid.toString())) event.present("blocked addresses");
        else if (list.size >= config.items) event.skipped("blocked addresses", "the list is full");
        else {
          await lists.add(event.user, [jid]);
          event.added("blocked addresses");
        }
      }
      return "handled";
    });

    function ifBlocked(
      user: Jid,
      peer: Jid | undefined,
      then: () => "handled",
    ): Awaitable<"handled" | undefined> {
      if (!peer) return undefined;
      return after(lists.blocks(user, peer), (isBlockedPeer) => (isBlockedPeer ? then() : undefined));
    }

    /** §3.3, §3.4: the user's presence as those see it who may, and whom `jid` stands for. */
    async function show(user: Jid, jids: readonly Jid[], isAvailable: boolean): Promise<void> {
      const sessions = host.sessions.available(user);
      if (jids.length === 0 || sessions.length === 0) return;
      const seers = await host.use(rosterService).contactsWithPresence(user);
      const byAddress = new Map(seers.map((seer) => [seer.toString(), seer]));
      const byDomain = Map.groupBy(seers, (seer) => seer.domain);
      const concerned = (jid: Jid): readonly Jid[] => {
        if (jid.local === "" && jid.resource === "") return byDomain.get(jid.domain) ?? [];
        const seer = byAddress.get(jid.bare.toString());
        return seer ? [jid.local === "" ? seer : jid] : [];
      };
      for (const jid of jids) {
        for (const to of concerned(jid)) {
          for (const session of sessions) {
            const stanza = isAvailable
              ? session.presence
              : presence({ type: "unavailable", from: session.jid });
            if (stanza) await host.route(stanza.with({ to }));
          }
        }
      }
    }

    /** @throws StanzaError */
    function takeTurn(user: Jid): void {
      if (changes.tryTake(user.toString())) return;
      limited.inc();
      throw new StanzaError("resource-constraint", "the list is changed too often", { type: "wait" });
    }

    function push(user: Jid, action: "block" | "unblock", jids: readonly Jid[]): void {
      const change = el(action, { xmlns: ns.BLOCKING }, ...items(jids));
      for (const session of host.sessions.of(user)) {
        if (interested.get(session)) {
          session.send(iq({ type: "set", id: host.random.id(), from: user, to: session.jid }, change));
        }
      }
    }

    /** XEP-0377 §4: reports go to those who run the server. */
    async function report(user: Jid, block: Element): Promise<void> {
      for (const item of block.getChildren("item")) {
        const found = readReport(item);
        if (!found) continue;
        if (!reporting.tryTake(user.toString())) {
          unreported.inc();
          continue;
        }
        await reports.add(user, found);
        host.log.warn("a user reports another", { user: user.toString(), ...found });
        for (const admin of host.admins) void host.route(reportMessage(host.jid, admin, user, found));
        await host.emit("user:reported", { reporter: user, report: found });
      }
    }
  },
});

function distinct(jids: readonly Jid[]): readonly Jid[] {
  return [...new Map(jids.map((jid) => [jid.toString(), jid])).values()];
}

function unavailable(): never {
  throw new StanzaError("service-unavailable");
}

/** RFC 6121 §8.5.2.2: a headline to an account that is away vanishes, so one that is refused does as well. */
function isUnanswered({ type, to }: Stanza): boolean {
  return type === "headline" && to?.isBare === true;
}

function notAcceptable(): never {
  throw new StanzaError("not-acceptable", "", { detail: { name: "blocked", ns: ns.BLOCKING_ERRORS } });
}

function items(jids: Iterable<string | Jid>): Element[] {
  return Array.from(jids, (jid) => el("item", { jid: jid.toString() }));
}

/** @throws StanzaError when one of the items has no address, or a malformed one. */
function addresses(command: Element): Jid[] {
  return childElements(command).map((item) => {
    const jid: unknown = item.attrs.jid;
    if (item.getName() !== "item" || typeof jid !== "string") throw new StanzaError("bad-request");
    try {
      return Jid.parse(jid);
    } catch (error) {
      if (error instanceof JidError) throw new StanzaError("jid-malformed");
      throw error;
    }
  });
}
