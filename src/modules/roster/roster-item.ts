import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { prepareResource } from "../../xmpp/precis.ts";

/** RFC 6121 §2.1.2.5, from the user's point of view. */
export type Subscription = "none" | "to" | "from" | "both";

/** A contact in a user's roster (RFC 6121 §2.1.2). */
export interface RosterItem {
  /** A bare JID. */
  readonly contact: Jid;
  /** "" when it has none. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  /** The user asked to see the contact's presence and has no answer yet. */
  readonly ask: boolean;
  /** §3.4: a request of the contact is approved before it comes. */
  readonly approved: boolean;
}

/** What one item may hold. */
export interface ItemLimits {
  /** Of the name and of each group, in UTF-16 units. */
  readonly nameLength: number;
  readonly groupLength: number;
  readonly groupsPerItem: number;
}

/** What a client asks for in a roster set (RFC 6121 §2.1.5). */
export type RosterChange =
  | { readonly kind: "remove"; readonly contact: Jid }
  | {
      readonly kind: "put";
      readonly contact: Jid;
      readonly name: string;
      readonly groups: readonly string[];
    };

/** Whether the contact sees the user's presence. */
export function isSeenBy({ subscription }: RosterItem): boolean {
  return subscription === "from" || subscription === "both";
}

/** Whether the user sees the contact's presence. */
export function sees({ subscription }: RosterItem): boolean {
  return subscription === "to" || subscription === "both";
}

/** Bytes of what an item says, in UTF-8. */
export function itemBytes({ contact, name, groups }: RosterItem): number {
  return groups.reduce(
    (sum, group) => sum + Buffer.byteLength(group),
    Buffer.byteLength(contact.toString()) + Buffer.byteLength(name),
  );
}

/** Reads the `<query/>` of a roster set. @throws StanzaError for each case of RFC 6121 §2.3.3. */
export function readRosterSet(query: Element, limits: ItemLimits): RosterChange {
  const [item, ...others] = query.getChildren("item", ns.ROSTER);
  if (!item || others.length > 0) {
    throw new StanzaError("bad-request", "exactly one item");
  }
  const contact = readContact(item.attrs.jid);
  // §2.1.2.5: every other value is ignored; so are `ask` and `approved` (§2.1.2.1, §2.1.2.2).
  if (item.attrs.subscription === "remove") return { kind: "remove", contact };
  const name: unknown = item.attrs.name ?? "";
  if (typeof name !== "string" || name.length > limits.nameLength) {
    throw new StanzaError("not-acceptable", "the name is too long");
  }
  return { kind: "put", contact, name, groups: readGroups(item, limits) };
}

function readContact(text: unknown): Jid {
  if (typeof text !== "string") throw new StanzaError("bad-request", "an item needs a jid");
  let contact: Jid;
  try {
    contact = Jid.parse(text);
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed");
    throw error;
  }
  if (!contact.isBare) throw new StanzaError("bad-request", "an item has a bare jid");
  return contact;
}

function readGroups(item: Element, limits: ItemLimits): readonly string[] {
  const groups = item.getChildren("group", ns.ROSTER).map((group) => group.getText());
  if (groups.length > limits.groupsPerItem) throw new StanzaError("not-acceptable", "too many groups");
  if (groups.some((group) => group === "" || group.length > limits.groupLength)) {
    throw new StanzaError("not-acceptable", "a group's name is empty or too long");
  }
  // §2.3.3: compared as resources are.
  if (new Set(groups.map((group) => prepareResource(group) ?? group)).size < groups.length) {
    throw new StanzaError("bad-request", "a group is there twice");
  }
  return groups;
}

/** The `<item/>` of a result or a push. */
export function itemElement(item: RosterItem): Element {
  return el(
    "item",
    {
      jid: item.contact.toString(),
      name: item.name === "" ? undefined : item.name,
      subscription: item.subscription,
      ask: item.ask ? "subscribe" : undefined,
      approved: item.approved ? "true" : undefined,
    },
    ...item.groups.map((group) => el("group", {}, group)),
  );
}

/** The `<item/>` that tells of a removal (RFC 6121 §2.5.2). */
export function removedElement(contact: Jid): Element {
  return el("item", { jid: contact.toString(), subscription: "remove" });
}
