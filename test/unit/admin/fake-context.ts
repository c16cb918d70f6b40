import type { AdminContext, AdminHost } from "../../../src/admin/context.ts";
import { type Actor, COMMAND_LINE } from "../../../src/admin/scopes.ts";
import { HttpRouter } from "../../../src/http/http-router.ts";
import { Sessions } from "../../../src/session/sessions.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { createMetrics } from "../../../src/util/metrics.ts";
import { StanzaError } from "../../../src/xmpp/errors.ts";
import { Jid } from "../../../src/xmpp/jid.ts";

/** Accounts in a map: address to password. `events` tells the order of changes and commits. */
export class FakeContext implements AdminContext {
  readonly by: Actor = COMMAND_LINE;
  readonly hosts: ReadonlyMap<string, AdminHost>;
  readonly passwords: Map<string, string>;
  readonly disabled = new Set<string>();
  readonly promoted: Jid[] = [];
  readonly events: string[] = [];

  constructor(passwords = new Map<string, string>(), domains: readonly string[] = ["localhost"]) {
    this.passwords = passwords;
    this.hosts = new Map(domains.map((domain) => [domain, this.#host(domain)]));
  }

  commit(): void | Promise<void> {
    this.events.push("commit");
  }

  #host(domain: string): AdminHost {
    const { promoted: admins, disabled } = this;
    return {
      domain,
      jid: Jid.of("", domain),
      emit: () => undefined,
      clock: new VirtualClock(),
      metrics: createMetrics(),
      server: {
        hosts: new Map(),
        isListening: false,
        storeHealth: { writtenAt: 0, failedAt: 0 },
        logTail: { since: () => [] },
        components: { all: [], below: () => [] },
        addTap: () => () => {},
      },
      sessions: new Sessions(),
      services: [],
      modules: [],
      admins,
      accounts: this.#accounts,
      removeUser: async (user) => {
        this.events.push(`remove ${user.toString()}`);
        return this.passwords.delete(user.toString());
      },
      setDisabled: async (user, isDisabled) => {
        if (!this.passwords.has(user.toString())) throw new StanzaError("item-not-found");
        if (isDisabled) disabled.add(user.toString());
        else disabled.delete(user.toString());
      },
      setAdmin: async (user, isAdmin) => {
        if (user.local === "root") throw new StanzaError("not-allowed");
        const index = admins.findIndex((admin) => admin.equals(user));
        if (isAdmin === index >= 0) return false;
        if (isAdmin) admins.push(user);
        else admins.splice(index, 1);
        return true;
      },
      shutDown: () => void this.events.push("shut down"),
      find: () => undefined,
      http: new HttpRouter({
        bodyBytes: 1000,
        log: silentLogger,
        commit: async () => {},
        answered: () => {},
      }).add({ name: domain, url: undefined }),
      use: () => {
        throw new Error("nobody provides it");
      },
    };
  }

  readonly #accounts: AdminHost["accounts"] = {
    create: async (user, password) => {
      if (this.passwords.has(user.toString())) throw new StanzaError("conflict");
      this.#set(user, password);
    },
    setPassword: async (user, password) => {
      if (!this.passwords.has(user.toString())) throw new StanzaError("item-not-found");
      this.#set(user, password);
    },
    createWithKeys: async (user) => this.#set(user, ""),
    hashes: ["SHA-256"],
    hashesOf: () => [],
    credentials: () => {
      throw new Error("there are no keys");
    },
    exists: (user) => this.passwords.has(user.toString()),
    status: async (user) => {
      if (!this.passwords.has(user.toString())) return undefined;
      return this.disabled.has(user.toString()) ? "disabled" : "active";
    },
    list: async (domain, page) =>
      this.#of(domain, this.passwords.keys())
        .filter((user) => user > (page?.after ?? ""))
        .slice(0, page?.limit)
        .map((user) => Jid.parse(user)),
    listDisabled: async (domain, limit) =>
      this.#of(domain, this.disabled)
        .slice(0, limit)
        .map((user) => Jid.parse(user)),
    count: (domain) => this.#of(domain, this.passwords.keys()).length,
    countDisabled: (domain) => this.#of(domain, this.disabled).length,
  };

  #of(domain: string, users: Iterable<string>): string[] {
    return [...users].filter((user) => user.endsWith(`@${domain}`)).toSorted();
  }

  #set(user: Jid, password: string): void {
    if (password.length > 1000) throw new StanzaError("not-acceptable", "the password is too long");
    if (password === "crash") throw new Error("the disk is on fire");
    this.events.push(`set ${user.toString()}`);
    this.passwords.set(user.toString(), password);
  }
}
