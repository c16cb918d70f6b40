import type { AdminContext } from "../../../src/admin/context.ts";
import { StanzaError } from "../../../src/xmpp/errors.ts";
import { Jid } from "../../../src/xmpp/jid.ts";

/** Accounts in a map: address to password. `events` tells the order of changes and commits. */
export class FakeContext implements AdminContext {
  readonly domains: readonly string[];
  readonly passwords: Map<string, string>;
  readonly events: string[] = [];

  constructor(passwords = new Map<string, string>(), domains: readonly string[] = ["localhost"]) {
    this.passwords = passwords;
    this.domains = domains;
  }

  readonly accounts: AdminContext["accounts"] = {
    create: async (user, password) => {
      if (this.passwords.has(user.toString())) throw new StanzaError("conflict");
      this.#set(user, password);
    },
    setPassword: async (user, password) => {
      if (!this.passwords.has(user.toString())) throw new StanzaError("item-not-found");
      this.#set(user, password);
    },
    exists: (user) => this.passwords.has(user.toString()),
    list: (domain, { after = "", limit }) =>
      [...this.passwords.keys()]
        .filter((user) => user.endsWith(`@${domain}`) && user > after)
        .toSorted()
        .slice(0, limit)
        .map((user) => Jid.parse(user)),
  };

  removeAccount(user: Jid): boolean {
    this.events.push(`remove ${user.toString()}`);
    return this.passwords.delete(user.toString());
  }

  sessions(): number {
    return 3;
  }

  commit(): void {
    this.events.push("commit");
  }

  #set(user: Jid, password: string): void {
    if (password.length > 1000) throw new StanzaError("not-acceptable", "the password is too long");
    if (password === "crash") throw new Error("the disk is on fire");
    this.events.push(`set ${user.toString()}`);
    this.passwords.set(user.toString(), password);
  }
}
