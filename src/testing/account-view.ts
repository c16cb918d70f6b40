import type { Host } from "../core/host.ts";
import type { Session } from "../session/session.ts";
import { childElements, type Element } from "../xml/element.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { readXml } from "./read-xml.ts";

/** A bound resource, as it is now. */
export interface SessionView {
  /** The full JID. */
  readonly jid: string;
  /** Whether it sent presence. */
  readonly available: boolean;
  readonly priority: number;
  /** Whether it has a connection; without one it waits to be resumed. */
  readonly attached: boolean;
  /** XEP-0198: stanzas that the client has not acknowledged; undefined where it did not enable that. */
  readonly unacked: number | undefined;
}

/** A contact in a roster, as it is now (RFC 6121 §2.1.2). */
export interface ContactView {
  readonly jid: string;
  readonly name: string;
  readonly subscription: string;
  readonly groups: readonly string[];
  /** Whether a request to see their presence waits for an answer. */
  readonly ask: boolean;
}

/** A message in an archive (XEP-0313). */
export interface ArchivedView {
  readonly id: string;
  /** XEP-0082. */
  readonly stamp: string;
  readonly from: string;
  readonly to: string;
  readonly body: string | undefined;
  readonly element: Element;
}

export function viewSession({ jid, presence, priority, attached, management }: Session): SessionView {
  return {
    jid: jid.toString(),
    available: presence !== undefined,
    priority,
    attached,
    unacked: management?.unacked.length,
  };
}

/** What modules keep of the account, as XEP-0227 has it: children of `<user/>`. */
export async function exportAccount(host: Host, user: Jid): Promise<Element> {
  let xml = "";
  await host.emit("user:export", {
    user,
    write: (piece) => {
      xml += piece;
    },
  });
  return readXml(`<user xmlns="${ns.PIE}">${xml}</user>`);
}

export function rosterIn(account: Element): ContactView[] {
  const items = account.getChild("query", ns.ROSTER)?.getChildren("item") ?? [];
  return items.map((item) => ({
    jid: textOf(item, "jid"),
    name: textOf(item, "name"),
    subscription: textOf(item, "subscription"),
    groups: item.getChildren("group").map((group) => group.getText()),
    ask: item.attrs["ask"] === "subscribe",
  }));
}

export function archiveIn(account: Element): ArchivedView[] {
  const archive = account.getChild("archive", ns.PIE_MAM);
  return (archive ? childElements(archive) : []).flatMap((result) => {
    const forwarded = result.getChild("forwarded", ns.FORWARD);
    const element = forwarded?.getChild("message");
    if (!element) return [];
    return {
      id: textOf(result, "id"),
      stamp: textOf(forwarded?.getChild("delay", ns.DELAY), "stamp"),
      from: textOf(element, "from"),
      to: textOf(element, "to"),
      body: element.getChildText("body") ?? undefined,
      element,
    };
  });
}

function textOf(element: Element | undefined, attribute: string): string {
  return element?.attrs[attribute]?.toString() ?? "";
}
