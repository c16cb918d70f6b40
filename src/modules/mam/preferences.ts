import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { childElements, type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";

export const DEFAULTS = ["always", "never", "roster"] as const;
export type Default = (typeof DEFAULTS)[number];

/** XEP-0441 §2.1: with whom conversations are archived. */
export interface Preferences {
  readonly byDefault: Default;
  /** JIDs, bare or full. */
  readonly always: readonly string[];
  readonly never: readonly string[];
}

interface PreferencesRow {
  user: string;
  by_default: string;
  always: string[];
  never: string[];
}

/** Users whose preferences are remembered. */
const KNOWN_USERS = 10_000;
/** Addresses in both lists together. */
const MAX_ADDRESSES = 1000;

/** The preferences of each user, or those of the server for users who have none. */
export class PreferenceStore {
  readonly #table: Table<PreferencesRow>;
  readonly #fallback: Preferences;
  readonly #known = new Lru<string, Preferences>(KNOWN_USERS);

  private constructor(table: Table<PreferencesRow>, byDefault: Default) {
    this.#table = table;
    this.#fallback = { byDefault, always: [], never: [] };
  }

  static async open(host: Pick<Host, "table">, byDefault: Default): Promise<PreferenceStore> {
    const table = await host.table<PreferencesRow>({
      name: "archive_preferences",
      version: 1,
      columns: { user: "text", by_default: "text", always: "json", never: "json" },
      key: ["user"],
    });
    return new PreferenceStore(table, byDefault);
  }

  of(user: string): Awaitable<Preferences> {
    const known = this.#known.get(user);
    if (known) return known;
    return after(this.#table.get({ user }), (row) => {
      // They may have been set while this waited for the store.
      const preferences = this.#known.get(user) ?? (row ? preferencesOf(row) : this.#fallback);
      this.#known.set(user, preferences);
      return preferences;
    });
  }

  /** Whether the user has preferences of their own. */
  async has(user: string): Promise<boolean> {
    return (await this.#table.get({ user })) !== undefined;
  }

  set(user: string, preferences: Preferences): Awaitable<void> {
    const { byDefault, always, never } = preferences;
    this.#known.set(user, preferences);
    return this.#table.put({ user, by_default: byDefault, always: [...always], never: [...never] });
  }

  async remove(user: string): Promise<void> {
    this.#known.delete(user);
    await this.#table.delete({ user });
  }

  /** What the last turn changed is lost. */
  forget(): void {
    this.#known.clear();
  }
}

function preferencesOf({ by_default, always, never }: PreferencesRow): Preferences {
  return { byDefault: by_default as Default, always, never };
}

/**
 * XEP-0441 §2.3.1: whether the user's lists, or else the default, want the conversation with `peer` archived. It does not say
 * what lists mean that contradict each other. An address with a resource is an exception from the one without; an address in both
 * lists is not archived.
 */
export function wish({ byDefault, always, never }: Preferences, peer: Jid): Default {
  if (always.length === 0 && never.length === 0) return byDefault;
  for (const address of [peer.toString(), peer.bare.toString()]) {
    if (never.includes(address)) return "never";
    if (always.includes(address)) return "always";
  }
  return byDefault;
}

/** The `<prefs/>` of an answer. */
export function preferencesElement({ byDefault, always, never }: Preferences): Element {
  const list = (name: string, jids: readonly string[]) =>
    el(name, {}, ...jids.map((jid) => el("jid", {}, jid)));
  return el("prefs", { xmlns: ns.MAM, default: byDefault }, list("always", always), list("never", never));
}

/** What a client wants. @throws StanzaError */
export function readPreferences(prefs: Element): Preferences {
  const byDefault = DEFAULTS.find((known) => known === prefs.attrs.default);
  if (byDefault === undefined) throw new StanzaError("bad-request", "a default is always, never or roster");
  const preferences = { byDefault, always: readList(prefs, "always"), never: readList(prefs, "never") };
  if (preferences.always.length + preferences.never.length > MAX_ADDRESSES) {
    throw new StanzaError("policy-violation", `more than ${MAX_ADDRESSES} addresses`);
  }
  return preferences;
}

/** §2.1.2, §2.1.3: a list that is missing is empty. */
function readList(prefs: Element, name: string): string[] {
  const list = prefs.getChild(name, ns.MAM);
  const jids = list ? childElements(list).filter((child) => child.is("jid", ns.MAM)) : [];
  return [...new Set(jids.map((jid) => readJid(jid.getText().trim())))];
}

function readJid(text: string): string {
  try {
    return Jid.parse(text).toString();
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed", error.message);
    throw error;
  }
}
