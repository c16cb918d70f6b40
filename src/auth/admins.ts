import type { Store, Table } from "../store/store.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";

interface AdminRow {
  /** The bare JID. */
  user: string;
}

/** Who may administer the server: those whom the configuration names, and those made administrators since. Bare JIDs. */
export class Admins {
  readonly #table: Table<AdminRow>;
  #configured: readonly Jid[] = [];
  #promoted: readonly Jid[] = [];

  private constructor(table: Table<AdminRow>) {
    this.#table = table;
  }

  /** Opens the table `admins`. */
  static async open(store: Store): Promise<Admins> {
    const table = await store.table<AdminRow>({
      name: "admins",
      version: 1,
      columns: { user: "text" },
      key: ["user"],
    });
    const admins = new Admins(table);
    await admins.reread();
    return admins;
  }

  /** Those whom the configuration names first, each once. */
  get all(): readonly Jid[] {
    const promoted = this.#promoted.filter((user) => !this.#isConfigured(user));
    return [...this.#configured, ...promoted];
  }

  has(user: Jid): boolean {
    return this.#isConfigured(user) || this.#isPromoted(user);
  }

  configure(users: readonly Jid[]): void {
    this.#configured = users;
  }

  /** Whether that changed anything. */
  async promote(user: Jid): Promise<boolean> {
    if (this.has(user)) return false;
    this.#promoted = [...this.#promoted, user];
    await this.#table.put({ user: user.toString() });
    return true;
  }

  /**
   * Whether that changed anything.
   * @throws {StanzaError} `not-allowed` for one whom the configuration names.
   */
  async demote(user: Jid): Promise<boolean> {
    if (this.#isConfigured(user)) throw new StanzaError("not-allowed", "named in the configuration");
    return this.forget(user);
  }

  /** As `demote` for a user who is gone; the configuration may still name whoever has that address next. */
  async forget(user: Jid): Promise<boolean> {
    if (!this.#isPromoted(user)) return false;
    this.#promoted = this.#promoted.filter((each) => !each.equals(user));
    await this.#table.delete({ user: user.toString() });
    return true;
  }

  /** What is in the store holds. To be called after `Store.rollback`. */
  async reread(): Promise<void> {
    const rows = await this.#table.list();
    this.#promoted = rows.map(({ user }) => Jid.parse(user));
  }

  #isConfigured(user: Jid): boolean {
    return this.#configured.some((admin) => admin.equals(user));
  }

  #isPromoted(user: Jid): boolean {
    return this.#promoted.some((admin) => admin.equals(user));
  }
}
