import { isPiece, type UserExport, type UserImport } from "../../core/user-data.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { clone, type Element, el, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { presence } from "../../xmpp/stanza.ts";
import type { ContactList } from "./contact-list.ts";
import { type ItemLimits, itemElement, type RosterItem, readRosterSet } from "./roster-item.ts";

const SUBSCRIPTIONS: ReadonlySet<unknown> = new Set(["none", "to", "from", "both"]);

/** XEP-0227 §4.4, §4.9: the contacts, and the requests that wait for an answer. */
export async function exportRoster(list: ContactList, { write }: UserExport): Promise<void> {
  const items = [...list.items()];
  if (items.length > 0) await write(serialize(el("query", { xmlns: ns.ROSTER }, ...items.map(itemElement))));
  for (const request of list.requests.values()) await write(request.toStandalone());
}

/** The contacts of an exported roster; those that are here already stay as they are. */
export async function importRoster(
  list: ContactList,
  event: UserImport,
  limits: ItemLimits,
  put: (item: RosterItem) => Awaitable<void>,
): Promise<void> {
  for (const element of event.element.getChildren("item", ns.ROSTER)) {
    try {
      const item = readItem(element, limits);
      if (item.contact.equals(list.user)) continue;
      if (list.get(item.contact)) {
        event.present("contacts");
        continue;
      }
      await put(item);
      event.added("contacts");
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      event.skipped("contacts", error.message || error.condition);
    }
  }
}

/** @throws StanzaError */
function readItem(element: Element, limits: ItemLimits): RosterItem {
  const { subscription = "none", ask, approved } = element.attrs as Record<string, string | undefined>;
  if (!SUBSCRIPTIONS.has(subscription))
    throw new StanzaError("bad-request", `subscription is ${subscription}`);
  const read = readRosterSet(el("query", { xmlns: ns.ROSTER }, clone(element)), limits);
  if (read.kind === "remove") throw new StanzaError("bad-request", "it is removed");
  return {
    contact: read.contact,
    name: read.name,
    groups: read.groups,
    subscription: subscription as RosterItem["subscription"],
    ask: ask === "subscribe",
    approved: approved === "true" || approved === "1",
  };
}

/** Whether it is a subscription request that waits. */
export function isRequest(event: UserImport): boolean {
  const isPresence =
    isPiece(event, "presence", ns.CLIENT) ||
    // COMPAT(Prosody, 2023): it leaves out the namespace of §4.9.
    isPiece(event, "presence", ns.PIE);
  return isPresence && event.element.attrs.type === "subscribe";
}

/** @throws StanzaError */
export async function importRequest(list: ContactList, event: UserImport): Promise<void> {
  const { from, id } = event.element.attrs as Record<string, string | undefined>;
  const contact = contactOf(from);
  const item = list.get(contact);
  if (list.request(contact) || item?.subscription === "from" || item?.subscription === "both") {
    return event.present("subscription requests");
  }
  const children = event.element.getChildElements().filter((child) => child.getNS() !== ns.PIE);
  const header = { type: "subscribe", id, from: contact, to: event.user };
  await list.keepRequest(contact, presence(header, ...children.map(clone)));
  event.added("subscription requests");
}

function contactOf(from: string | undefined): Jid {
  try {
    return Jid.parse(from ?? "").bare;
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed", "not an address");
    throw error;
  }
}
