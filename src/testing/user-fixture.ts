import type { Host } from "../core/host.ts";
import type { Container } from "../core/user-data.ts";
import { pepService } from "../modules/pep/pep-service.ts";
import { type Element, el } from "../xml/element.ts";
import { delayElement } from "../xmpp/delay.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { readXml } from "./read-xml.ts";

/** An account with what it is to have from the start. Names and addresses are as in {@link StanzaPattern}. */
export interface UserFixture {
  readonly name: string;
  /** Default: one of its own. */
  readonly password?: string;
  /** This side of it alone; `server.mutualRoster` makes both. */
  readonly roster?: readonly ContactFixture[];
  /** The `<vCard/>` (XEP-0054). */
  readonly vcard?: string;
  /** Pieces of private XML (XEP-0049). */
  readonly private?: readonly string[];
  /** Items published as PEP (XEP-0163): XML by node and item id. */
  readonly pep?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Archived messages (XEP-0313), the oldest first. */
  readonly archive?: readonly MessageFixture[];
  /** Blocked addresses (XEP-0191). */
  readonly blocked?: readonly string[];
}

export interface ContactFixture {
  readonly contact: string;
  readonly name?: string;
  readonly groups?: readonly string[];
  /** From the user's point of view. Default: `both`. */
  readonly subscription?: "none" | "to" | "from" | "both";
}

export interface MessageFixture {
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly id?: string;
  /** Default: a minute before the next one, the last a minute ago. */
  readonly at?: Date | number | string;
}

const MINUTE_MS = 60_000;

/** Gives an account what the fixture says. @throws Error when something cannot be. */
export async function furnish(
  host: Host,
  user: Jid,
  fixture: UserFixture,
  resolve: (name: string) => string,
): Promise<void> {
  const take = (element: Element, ...within: Container[]) => importPiece(host, user, element, within);
  if (fixture.roster?.length) await take(rosterOf(fixture.roster, resolve));
  if (fixture.vcard !== undefined) await take(readXml(fixture.vcard));
  if (fixture.private?.length) {
    await take(el("query", { xmlns: ns.PRIVATE }, ...fixture.private.map(readXml)));
  }
  if (fixture.blocked?.length) {
    const items = fixture.blocked.map((name) => el("item", { jid: resolve(name) }));
    await take(el("blocklist", { xmlns: ns.BLOCKING }, ...items));
  }
  const archive = { name: "archive", ns: ns.PIE_MAM, attributes: {} };
  for (const [index, message] of fixture.archive?.entries() ?? []) {
    const behind = (fixture.archive?.length ?? 0) - index;
    await take(resultOf(host, message, host.clock.now() - behind * MINUTE_MS, resolve), archive);
  }
  for (const [node, items] of Object.entries(fixture.pep ?? {})) {
    for (const [id, xml] of Object.entries(items)) {
      await host.use(pepService).publish(user, node, id, readXml(xml));
    }
  }
}

/** As `jackdaw import` does (XEP-0227); but here what is left out is an error. */
async function importPiece(host: Host, user: Jid, element: Element, within: readonly Container[]) {
  const refuse = (what: string, why: string) => {
    throw new Error(`the fixture of ${user.toString()}: ${what}: ${why}`);
  };
  const outcome = await host.emit("user:import", {
    user,
    element,
    within,
    added: () => {},
    present: (what) => refuse(what, "twice"),
    skipped: refuse,
  });
  if (outcome !== "handled") refuse(`<${element.getName()}/>`, "no module takes it");
}

function rosterOf(contacts: readonly ContactFixture[], resolve: (name: string) => string): Element {
  const items = contacts.map(({ contact, name, groups = [], subscription = "both" }) =>
    el(
      "item",
      { jid: resolve(contact), name, subscription },
      ...groups.map((group) => el("group", {}, group)),
    ),
  );
  return el("query", { xmlns: ns.ROSTER }, ...items);
}

function resultOf(
  host: Host,
  { from, to, body, id, at }: MessageFixture,
  otherwise: number,
  resolve: (name: string) => string,
): Element {
  const time = at === undefined ? otherwise : new Date(at).getTime();
  if (Number.isNaN(time)) throw new TypeError(`not a time: ${String(at)}`);
  const attributes = { xmlns: ns.CLIENT, from: resolve(from), to: resolve(to), type: "chat", id };
  const message = el("message", attributes, el("body", {}, body));
  const forwarded = el("forwarded", { xmlns: ns.FORWARD }, delayElement(host.jid, time), message);
  return el("result", { xmlns: ns.MAM, id: "fixture" }, forwarded);
}
