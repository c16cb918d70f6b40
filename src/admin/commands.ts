import { ConfigError, type Schema, t } from "../util/schema.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import type { AdminContext } from "./context.ts";

/** What the administrator has to change; the message is shown as it is. */
export class AdminError extends Error {
  override readonly name = "AdminError";
}

/** One thing an administrator can do; the command line, ad-hoc commands and web pages are its faces. */
export interface AdminCommand<A = unknown, R = unknown> {
  readonly name: string;
  readonly description: string;
  /** Whether it changes anything, and so belongs into the log. */
  readonly changes: boolean;
  readonly args: Schema<A>;
  /** The answer is JSON. Throws AdminError. */
  run(context: AdminContext, args: A): Promise<R>;
}

/** Most addresses in one answer of `user-list`. */
const PAGE = 500;

const user = () => t.string().doc("The account's address, user@domain.");
const password = () => t.secret().doc("The new password.");

export const addUser = command({
  name: "user-add",
  description: "Makes an account.",
  changes: true,
  args: t.object({ user: user(), password: password() }),
  async run(context, args) {
    const jid = accountAddress(context, args.user);
    await explained(jid, () => context.accounts.create(jid, args.password));
    return { user: jid.toString() };
  },
});

export const setPassword = command({
  name: "user-password",
  description: "Sets the password of an account.",
  changes: true,
  args: t.object({ user: user(), password: password() }),
  async run(context, args) {
    const jid = accountAddress(context, args.user);
    await explained(jid, () => context.accounts.setPassword(jid, args.password));
    return { user: jid.toString() };
  },
});

export const removeUser = command({
  name: "user-remove",
  description: "Ends an account's sessions and removes it with everything that belongs to it.",
  changes: true,
  args: t.object({ user: user() }),
  async run(context, args) {
    const jid = accountAddress(context, args.user);
    if (!(await context.removeAccount(jid))) throw noSuchAccount(jid);
    return { user: jid.toString() };
  },
});

export const checkUser = command({
  name: "user-check",
  description: "Tells whether there is such an account.",
  changes: false,
  args: t.object({ user: user() }),
  async run(context, args) {
    const jid = accountAddress(context, args.user);
    return { user: jid.toString(), exists: await context.accounts.exists(jid) };
  },
});

export const listUsers = command({
  name: "user-list",
  description: "Lists the accounts of a domain in pages; `next` goes into `after` for the page that follows.",
  changes: false,
  args: t.object({
    domain: t.string().doc("One of the server's domains."),
    after: t.optional(t.string()).doc("The address after which the page begins."),
  }),
  async run(context, { domain, after }) {
    const prepared = accountAddress(context, `user@${domain}`).domain;
    const page = after === undefined ? { limit: PAGE } : { limit: PAGE, after };
    const users = await context.accounts.list(prepared, page);
    const next = users.length < PAGE ? undefined : users.at(-1)?.toString();
    return { users: users.map((jid) => jid.toString()), ...(next !== undefined && { next }) };
  },
});

export const status = command({
  name: "status",
  description: "Tells which domains are served and how many sessions there are.",
  changes: false,
  args: t.object({}),
  run: async (context) => ({ domains: context.domains, sessions: context.sessions() }),
});

/** Every command, for faces that offer them all. */
export const adminCommands: readonly AdminCommand[] = [
  status,
  addUser,
  setPassword,
  removeUser,
  checkUser,
  listUsers,
] as readonly AdminCommand[];

/** Runs `command` and makes what it did durable. Throws AdminError for what the administrator can put right. */
export async function runCommand<A, R>(
  command: AdminCommand<A, R>,
  context: AdminContext,
  args: unknown,
): Promise<R> {
  const result = await command.run(context, parseArgs(command, args));
  await context.commit();
  return result;
}

function parseArgs<A, R>(command: AdminCommand<A, R>, args: unknown): A {
  try {
    return command.args.parse(args, "");
  } catch (error) {
    throw error instanceof ConfigError ? new AdminError(error.message) : error;
  }
}

function command<A, R>(spec: AdminCommand<A, R>): AdminCommand<A, R> {
  return spec;
}

/** The prepared address, which must be bare and of a domain that is served. */
function accountAddress({ domains }: AdminContext, text: string): Jid {
  const jid = parseJid(text);
  if (jid.local === "" || jid.resource !== "")
    throw new AdminError(`expected an address like user@domain, got "${text}"`);
  if (!domains.some((domain) => Jid.of("", domain).domain === jid.domain)) {
    throw new AdminError(`${jid.domain} is not served here; the domains are: ${domains.join(", ")}`);
  }
  return jid;
}

function parseJid(text: string): Jid {
  try {
    return Jid.parse(text);
  } catch (error) {
    throw error instanceof JidError ? new AdminError(`"${text}" is not an address: ${error.message}`) : error;
  }
}

function noSuchAccount(jid: Jid): AdminError {
  return new AdminError(`there is no account ${jid.toString()}`);
}

async function explained(jid: Jid, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    if (error.condition === "conflict") throw new AdminError(`there is an account ${jid.toString()} already`);
    if (error.condition === "item-not-found") throw noSuchAccount(jid);
    if (error.condition === "not-acceptable")
      throw new AdminError(error.message || "this password cannot be used");
    throw new AdminError(error.message || `the server refused: ${error.condition}`);
  }
}
