/**
 * RFC 6121 §2: Managing the Roster
 * https://www.rfc-editor.org/rfc/rfc6121#section-2
 * XEP-0237 Roster Versioning, version 1.3, now part of the RFC
 *
 * Keeps each user's contacts and shows every change of them to those resources that asked for the roster, also
 * afterwards (§2.6). What the changes mean for presence is the presence module's matter.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { isPiece } from "../../core/user-data.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Session } from "../../session/session.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { t } from "../../util/schema.ts";
import { type Element, el, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { iq } from "../../xmpp/stanza.ts";
import type { ContactList } from "./contact-list.ts";
import { itemBytes, itemElement, type RosterItem, readRosterSet, removedElement } from "./roster-item.ts";
import type { RosterService } from "./roster-service.ts";
import { openRosterTables, RosterStore } from "./roster-store.ts";
import { exportRoster, importRequest, importRoster, isRequest } from "./roster-transfer.ts";

export const rosterService = defineService<RosterService>("roster");

const VERSIONING_OFFER = serialize(el("ver", { xmlns: ns.ROSTER_VERSIONING }));

export const roster = defineModule({
  name: "roster",
  implements: ["RFC 6121 §2", "XEP-0237 1.3"],
  features: [ns.ROSTER],
  config: t.object({
    items: t.integer(2000, { min: 1 }).doc("Contacts in one roster."),
    size: t
      .size("512 KB", { min: 10_000 })
      .doc("Names, groups and addresses in one roster; rosters are kept in memory."),
    groupsPerItem: t.integer(50, { min: 1 }).doc("Groups that one contact may be in."),
    nameLength: t.integer(1023, { min: 1 }).doc("Characters in the name of a contact."),
    groupLength: t.integer(1023, { min: 1 }).doc("Characters in the name of a group."),
  }),

  async setup(host, limits) {
    const store = new RosterStore(await openRosterTables(host), host.clock);
    const interest = host.sessionState(() => false);

    host.provide(rosterService, {
      of: (user) => store.of(user),
      item: (user, contact) => after(store.of(user), (list) => list.get(contact)),
      isSubscribed: (user, contact) => after(store.of(user), (list) => list.isSeenBy(contact)),
      contactsWithPresence: (user) => after(store.of(user), (list) => list.subscribers),
      put: (user, item) => after(store.of(user), (list) => put(list, item)),
      interested,
    });

    host.iq("get", ns.ROSTER, "query", get);
    host.iq("set", ns.ROSTER, "query", ({ session, payload }) =>
      after(store.of(session.jid.bare), (list) => change(list, payload)),
    );
    // §2.1.5, §2.3.3: nobody else reads or changes a roster; nor learns whether there is one.
    for (const type of ["get", "set"] as const) host.iq(type, ns.ROSTER, "query", refuse, "address");

    // §2.6.1: for information; it is not negotiated.
    host.streamFeature({
      ns: ns.ROSTER_VERSIONING,
      offer: ({ user, session }) => (user && !session ? VERSIONING_OFFER : undefined),
    });

    host.hook("session:open", "observe", ({ session }) => store.enter(session.jid.bare, session.anonymous));
    host.hook("session:close", "observe", ({ session }) => {
      if (host.sessions.of(session.jid.bare).length === 0) store.leave(session.jid.bare);
    });
    host.hook("user:deleted", "observe", ({ user }) => after(store.of(user), remove));
    host.hook("store:lost", "observe", () => store.clear());

    host.hook("user:export", "observe", (event) =>
      after(store.of(event.user), (list) => exportRoster(list, event)),
    );
    host.hook("user:import", "observe", (event) => {
      const isRoster = isPiece(event, "query", ns.ROSTER);
      if (!isRoster && !isRequest(event)) return undefined;
      return after(store.of(event.user), async (list) => {
        if (isRoster) await importRoster(list, event, limits, (item) => put(list, item));
        else await importRequest(list, event);
        return "handled" as const;
      });
    });

    /** §2.1.3, §2.6.2. */
    function get({ session, stanza, payload }: IqRequest & { session: Session }) {
      // What extends it, as MIX does, is ignored (RFC 6120 §8.4).
      if (payload.getChild("item", ns.ROSTER))
        throw new StanzaError("bad-request", "a roster get has no items");
      return after(store.of(session.jid.bare), (list) => {
        interest.set(session, true);
        const steps = stepsSince(list, payload.attrs.ver);
        if (!steps) return query(list.version, [...list.items()].map(itemElement));
        // §2.6.3: an empty result, then what changed, each step with the version it led to.
        session.send(stanza.result());
        for (const { version, contact, item } of steps) {
          push([session], version, item ? itemElement(item) : removedElement(contact));
        }
        return "answered" as const;
      });
    }

    function change(list: ContactList, payload: Element): Awaitable<void> {
      const wanted = readRosterSet(payload, limits);
      const { contact } = wanted;
      const item = list.get(contact);
      if (wanted.kind === "put") {
        // §2.3.3: nobody is a contact of their own; everybody sees their own presence anyway.
        if (contact.equals(list.user)) throw new StanzaError("not-allowed", "this is you");
        const { name, groups } = wanted;
        const state = item ?? { subscription: "none", ask: false, approved: false };
        return put(list, { ...state, contact, name, groups });
      }
      // §2.5.3, with the type of the example.
      if (!item) throw new StanzaError("item-not-found", "", { type: "modify" });
      const requested = list.request(contact) !== undefined;
      const written = list.remove(contact);
      push(interested(list.user), list.version, removedElement(contact));
      return together(written, host.emit("roster:removed", { user: list.user, contact, item, requested }));
    }

    function put(list: ContactList, item: RosterItem): Awaitable<void> {
      refuseExcess(list, item);
      const written = list.put(item);
      push(interested(list.user), list.version, itemElement(item));
      return written;
    }

    /** What makes a roster no larger is allowed in a full one as well. */
    function refuseExcess(list: ContactList, item: RosterItem): void {
      const old = list.get(item.contact);
      const growth = itemBytes(item) - (old ? itemBytes(old) : 0);
      if ((!old && list.size >= limits.items) || (growth > 0 && list.bytes + growth > limits.size)) {
        throw new StanzaError("resource-constraint", "the roster is full");
      }
    }

    /** The user is gone: so is what there was with each contact. */
    function remove(list: ContactList): Awaitable<void> {
      const { user } = list;
      const items = [...list.items()];
      const requests = new Map(list.requests);
      const listed = items.map((item) => {
        const { contact } = item;
        return { user, contact, item, requested: requests.delete(contact.toString()) };
      });
      const unlisted = [...requests.values()].map((request) => ({
        user,
        contact: request.from as Jid,
        item: undefined,
        requested: true,
      }));
      const written = list.clear();
      const told = each([...listed, ...unlisted], (ended) => host.emit("roster:removed", ended));
      store.forget(user);
      return together(written, told);
    }

    function interested(user: Jid): readonly Session[] {
      return host.sessions.of(user).filter((session) => interest.get(session));
    }

    /** §2.1.6: without `from`, as from the account itself. */
    function push(sessions: readonly Session[], version: number, item: Element): void {
      if (sessions.length === 0) return;
      const shared = iq({ type: "set" }, query(version, [item]));
      for (const session of sessions) session.send(shared.with({ id: host.random.id(), to: session.jid }));
    }
  },
});

function refuse(): never {
  throw new StanzaError("forbidden");
}

function query(version: number, items: readonly Element[]): Element {
  return el("query", { xmlns: ns.ROSTER, ver: String(version) }, ...items);
}

/** What a client with that version lacks; undefined when the whole roster serves it better (§2.6.3). */
function stepsSince(list: ContactList, version: unknown) {
  if (typeof version !== "string" || !/^\d{1,16}$/.test(version)) return undefined;
  const steps = list.since(Number(version));
  return steps && steps.length <= list.size ? steps : undefined;
}
