import type { Module, Service } from "../core/module.ts";
import { audit, auditService } from "../modules/audit/audit.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Logger } from "../util/logger.ts";
import { ConfigError, type Schema, t } from "../util/schema.ts";
import { type StanzaCondition, StanzaError } from "../xmpp/errors.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import type { AdminContext, AdminHost } from "./context.ts";
import { type Area, mayAdminister, mayRun } from "./scopes.ts";

/** What the administrator has to change; the message is shown as it is. */
export class AdminError extends Error {
  override readonly name = "AdminError";
  /** The nearest condition of XMPP, for those who ask in its language. */
  readonly condition: StanzaCondition;

  constructor(message: string, condition: StanzaCondition = "not-acceptable") {
    super(message);
    this.condition = condition;
  }
}

/** One thing an administrator can do; the command line, ad-hoc commands and web pages are its faces. */
export interface AdminCommand<A = unknown, R = unknown> {
  readonly name: string;
  readonly description: string;
  /** Whoever has the scope of that name may run it. */
  readonly area: Area;
  /** Whether it changes anything, and so belongs into the log. */
  readonly changes: boolean;
  /** Whether its answer holds a secret, which the log does not. */
  readonly isSecret?: boolean;
  readonly args: Schema<A>;
  /** The answer is JSON. Throws AdminError. */
  run(context: AdminContext, args: A): Promise<R>;
}

/** Ties the types of a command together. */
export function command<A, R>(spec: AdminCommand<A, R>): AdminCommand<A, R> {
  return spec;
}

/**
 * Runs `command` for whom `context` names, keeps in the audit what it changed, and makes all of it durable. Throws
 * AdminError for what the administrator can put right.
 */
export async function runCommand<A, R>(
  command: AdminCommand<A, R>,
  context: AdminContext,
  args: unknown,
): Promise<R> {
  if (!mayRun(context.by, command)) {
    throw new AdminError(`${command.name} needs the scope "${command.area}"`, "forbidden");
  }
  const parsed = parseArgs(command, args);
  const result = await command.run(context, parsed);
  if (command.changes) await record(context, command.name, command.args.print(parsed));
  await context.commit();
  return result;
}

/** Keeps in the audit that whoever asks did that. `details` have no secrets. */
export async function record(context: AdminContext, action: string, details: unknown): Promise<void> {
  const host = hostAt(context);
  if (host.modules.includes(audit)) await host.use(auditService).record(context.by.name, action, details);
}

/** Writes a change into the log. */
export function logChange<A, R>(
  log: Logger,
  { by }: AdminContext,
  command: AdminCommand<A, R>,
  result: R,
): void {
  if (!command.changes) return;
  log.info("administration", { command: command.name, by: by.name, ...(!command.isSecret && { result }) });
}

/** Throws AdminError. */
export function parseArgs<A>(command: { readonly args: Schema<A> }, args: unknown): A {
  try {
    return command.args.parse(args, "");
  } catch (error) {
    throw error instanceof ConfigError ? new AdminError(error.message, "bad-request") : error;
  }
}

export const userArgument = () => t.string().doc("The account's address, user@domain.");
export const domainArgument = () => t.optional(t.string()).doc("One of the domains; absent: the first one.");

/** An account's address with the domain that it belongs to. */
export interface Account {
  readonly jid: Jid;
  readonly host: AdminHost;
}

/** The prepared address, which must be bare and of a domain that is served. */
export function accountAt(context: AdminContext, text: string): Account {
  const account = addressAt(context, text);
  if (account.jid.resource === "") return account;
  throw new AdminError(`expected an address like user@domain, got "${text}"`, "jid-malformed");
}

/** As `accountAt`; the address may have a resource. */
export function addressAt(context: AdminContext, text: string): Account {
  const jid = parseJid(text);
  if (jid.local === "") {
    throw new AdminError(`expected an address like user@domain, got "${text}"`, "jid-malformed");
  }
  return { jid, host: hostAt(context, jid.domain) };
}

/**
 * As `accountAt`, for one that is about to be changed: whoever may not make administrators may not take the accounts of
 * those that there are, nor make one that would be theirs.
 */
export function changeableAccount(context: AdminContext, text: string): Account {
  const account = accountAt(context, text);
  guardAdmins(context, account.jid);
  return account;
}

/** Throws AdminError for an administrator's address, unless whoever asks may do to them what they like. */
export function guardAdmins(context: AdminContext, jid: Jid): void {
  if (mayAdminister(context.by)) return;
  if (!hostAt(context).admins.some((admin) => admin.equals(jid.bare))) return;
  throw new AdminError(
    `${jid.bare.toString()} is an administrator: that needs the scope "admin"`,
    "forbidden",
  );
}

/** The account, which there must be. */
export async function existingAccount(context: AdminContext, text: string): Promise<Account> {
  const account = accountAt(context, text);
  if (await account.host.accounts.exists(account.jid)) return account;
  throw noSuchAccount(account.jid);
}

/** The domain that is named, or the first one. */
export function hostAt({ hosts }: AdminContext, name?: string): AdminHost {
  const domain = name === undefined ? undefined : parseJid(name).domain;
  for (const host of hosts.values()) if (domain === undefined || host.domain === domain) return host;
  throw new AdminError(
    `${domain} is not served here; the domains are: ${[...hosts.keys()].join(", ")}`,
    "item-not-found",
  );
}

/** What another module offers. Throws AdminError when it is switched off. */
export function serviceOf<T>(host: AdminHost, module: Module, service: Service<T>): T {
  if (host.modules.includes(module)) return host.use(service);
  throw new AdminError(`the module "${module.name}" is switched off`, "feature-not-implemented");
}

export function noSuchAccount(jid: Jid): AdminError {
  return new AdminError(`there is no account ${jid.toString()}`, "item-not-found");
}

/** Does `work`, whose StanzaErrors become AdminErrors; those without a text say what `texts` has for the condition. */
export async function explained<T>(
  work: () => Awaitable<T>,
  texts: Partial<Readonly<Record<StanzaCondition, string>>> = {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    const { condition, message } = error;
    throw new AdminError(texts[condition] ?? (message || `the server refused: ${condition}`), condition);
  }
}

/** Throws AdminError for what is no address. */
export function parseJid(text: string): Jid {
  try {
    return Jid.parse(text);
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    throw new AdminError(`"${text}" is not an address: ${error.message}`, "jid-malformed");
  }
}
