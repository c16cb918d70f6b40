import type { KnownKeys } from "../../auth/accounts.ts";
import type { ScramHash } from "../../auth/scram-keys.ts";
import type { Container, UserImport } from "../../core/user-data.ts";
import type { Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { readCredentials } from "./credentials.ts";
import type { PieEvent } from "./pie-reader.ts";
import { TransferReport } from "./report.ts";
import type { TransferHost } from "./transfer-host.ts";

/** What an import works on. */
export interface ImportTarget {
  readonly hosts: ReadonlyMap<string, TransferHost>;
  /** Makes durable what was done. */
  commit(): Promise<void>;
}

/** The user who is being imported. */
interface Incoming {
  readonly user: Jid;
  readonly host: TransferHost;
  readonly keys: Map<ScramHash, KnownKeys>;
  readonly password: string | undefined;
}

/** Below `<server-data/>`, `<host/>` and `<user/>`. */
const USER_DEPTH = 3;

/**
 * Imports what `events` tell of (XEP-0227 1.1). What is here already stays as it is, so that an
 * import that was interrupted can be repeated; an account is made when all of its data are there, so that nobody finds
 * half of it. @throws TransferError when it cannot be read any further; what came before that is imported.
 */
export async function importPie(
  events: AsyncIterable<PieEvent>,
  target: ImportTarget,
  report = new TransferReport(),
): Promise<TransferReport> {
  const importer = new Importer(target, report);
  try {
    for await (const event of events) {
      if (event.kind === "open") importer.open(event.container);
      else if (event.kind === "close") await importer.close(event.container);
      else await importer.element(event.element);
    }
  } finally {
    await target.commit();
  }
  return report;
}

class Importer {
  readonly #target: ImportTarget;
  readonly #report: TransferReport;
  readonly #path: Container[] = [];
  #domain = "";
  #incoming: Incoming | undefined;

  constructor(target: ImportTarget, report: TransferReport) {
    this.#target = target;
    this.#report = report;
  }

  open(container: Container): void {
    this.#path.push(container);
    const { name, attributes } = container;
    if (this.#path.length === 2) this.#domain = attributes["jid"] ?? "";
    if (this.#path.length === USER_DEPTH && name === "user") this.#incoming = this.#begin(attributes);
  }

  async close(container: Container): Promise<void> {
    this.#path.pop();
    if (container.name !== "user" || this.#path.length !== USER_DEPTH - 1) return;
    const incoming = this.#incoming;
    this.#incoming = undefined;
    if (!incoming) return;
    await this.#settleAccount(incoming);
    await this.#target.commit();
  }

  async element(element: Element): Promise<void> {
    if (this.#path.length < USER_DEPTH) {
      this.#report.skipped(nameOf(element), "not known here", this.#domain || "the file");
      return;
    }
    if (!this.#incoming) return;
    if (element.getName() === "scram-credentials" && element.getNS() === ns.PIE_SCRAM) {
      return this.#addKeys(this.#incoming, element);
    }
    await this.#give(this.#incoming, element);
  }

  /** §4.1: who is told of a domain that is not served here is the operator. */
  #begin(attributes: Readonly<Record<string, string>>): Incoming | undefined {
    const { name = "", password } = attributes;
    try {
      const user = Jid.of(name, this.#domain);
      const host = this.#target.hosts.get(user.domain);
      if (name === "" || user.local === "") throw new JidError("a user without a name");
      if (host) return { user, host, keys: new Map(), password };
      this.#report.skipped("accounts", `${user.domain} is not served here`, user);
    } catch (error) {
      if (!(error instanceof JidError)) throw error;
      this.#report.skipped("accounts", `not an address: ${error.message}`, `${name}@${this.#domain}`);
    }
    return undefined;
  }

  /** COMPAT(Prosody, 2023): it writes the same credentials again with each change; §4.3 allows one of a mechanism. */
  #addKeys({ user, keys }: Incoming, element: Element): void {
    const read = readCredentials(element);
    if ("why" in read) this.#report.skipped("credentials", read.why, user);
    else if (!keys.has(read.hash)) keys.set(read.hash, read.keys);
  }

  async #give({ user, host }: Incoming, element: Element): Promise<void> {
    const report = this.#report;
    const event: UserImport = {
      user,
      element,
      within: this.#path.slice(USER_DEPTH),
      added: (what, count) => report.added(what, count),
      present: (what, count) => report.present(what, count),
      skipped: (what, why) => report.skipped(what, why, user),
    };
    try {
      const outcome = await host.emit("user:import", event);
      // §4: what is unknown is ignored, and the operator hears of it.
      if (outcome !== "handled") report.skipped(nameOf(element), "nothing here keeps it", user);
    } catch (error) {
      if (!(error instanceof StanzaError) && !(error instanceof JidError)) throw error;
      const why = error.message || (error instanceof StanzaError ? error.condition : "not an address");
      report.skipped(nameOf(element), why, user);
    }
  }

  async #settleAccount({ user, host, keys, password }: Incoming): Promise<void> {
    const report = this.#report;
    const { accounts } = host;
    if (await accounts.exists(user)) return report.present("accounts");
    if (keys.size > 0 || password === undefined) {
      await accounts.createWithKeys(user, keys);
      report.added("accounts");
      if (keys.size === 0) report.skipped("credentials", "there are none; set a password", user);
      else if (!accounts.hashes.some((hash) => hash !== "SHA-1" && keys.has(hash))) {
        report.hasWeakKeys = true;
      }
      return;
    }
    try {
      await accounts.create(user, password);
      report.added("accounts");
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      await accounts.createWithKeys(user, keys);
      report.added("accounts");
      report.skipped("credentials", error.message || error.condition, user);
    }
  }
}

function nameOf(element: Element): string {
  return `<${element.getName()} xmlns="${element.getNS() ?? ""}"/>`;
}
