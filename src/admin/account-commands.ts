import { invites, invitesService } from "../modules/invites/invites.ts";
import { logins, loginsService } from "../modules/logins.ts";
import { roster, rosterService } from "../modules/roster/roster.ts";
import { vcard } from "../modules/vcard/vcard.ts";
import { vcardService } from "../modules/vcard/vcard-service.ts";
import { t } from "../util/schema.ts";
import type { Jid } from "../xmpp/jid.ts";
import {
  AdminError,
  accountAt,
  changeableAccount,
  command,
  existingAccount,
  explained,
  hostAt,
  noSuchAccount,
  serviceOf,
  userArgument,
} from "./command.ts";
import type { AdminHost } from "./context.ts";

/** Most addresses in one answer of `user-list`. */
const PAGE = 500;

/** Accounts that one search looks at: then it goes on in another page. */
const MOST_SEARCHED = 20_000;

/** Of a name in a vCard. */
const MAX_NAME_LENGTH = 200;

const password = () => t.secret().doc("The new password.");

function texts(jid: Jid) {
  return {
    conflict: `there is an account ${jid.toString()} already`,
    "item-not-found": noSuchAccount(jid).message,
  };
}

export const addUser = command({
  name: "user-add",
  description: "Makes an account.",
  area: "accounts",
  changes: true,
  args: t.object({ user: userArgument(), password: password() }),
  async run(context, args) {
    const { jid, host } = changeableAccount(context, args.user);
    if (host.modules.includes(invites) && (await host.use(invitesService).isReserved(jid))) {
      throw new AdminError(`an invitation keeps ${jid.toString()} for somebody; revoke it first`, "conflict");
    }
    await explained(() => host.accounts.create(jid, args.password), texts(jid));
    return { user: jid.toString() };
  },
});

export const setPassword = command({
  name: "user-password",
  description: "Sets the password of an account.",
  area: "accounts",
  changes: true,
  args: t.object({ user: userArgument(), password: password() }),
  async run(context, args) {
    const { jid, host } = changeableAccount(context, args.user);
    await explained(() => host.accounts.setPassword(jid, args.password), texts(jid));
    return { user: jid.toString() };
  },
});

export const removeUser = command({
  name: "user-remove",
  description: "Ends an account's sessions and removes it with everything that belongs to it.",
  area: "accounts",
  changes: true,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = changeableAccount(context, args.user);
    if (!(await host.removeUser(jid))) throw noSuchAccount(jid);
    return { user: jid.toString() };
  },
});

export const disableUser = command({
  name: "user-disable",
  description:
    "Ends an account's sessions and lets nobody log in to it until it is enabled; keeps everything.",
  area: "accounts",
  changes: true,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = changeableAccount(context, args.user);
    await explained(() => host.setDisabled(jid, true), texts(jid));
    return { user: jid.toString() };
  },
});

export const enableUser = command({
  name: "user-enable",
  description: "Lets the user of a disabled account log in again.",
  area: "accounts",
  changes: true,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = changeableAccount(context, args.user);
    await explained(() => host.setDisabled(jid, false), texts(jid));
    return { user: jid.toString() };
  },
});

export const checkUser = command({
  name: "user-check",
  description: "Tells whether there is such an account.",
  area: "accounts",
  changes: false,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = accountAt(context, args.user);
    return { user: jid.toString(), exists: await host.accounts.exists(jid) };
  },
});

export const showUser = command({
  name: "user-show",
  description:
    "Tells when a user last logged in, by which mechanisms they can, how many contacts they have, and where they are connected.",
  area: "accounts",
  changes: false,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = await existingAccount(context, args.user);
    const list = await serviceOf(host, roster, rosterService).of(jid);
    const at = host.modules.includes(logins) ? await host.use(loginsService).last(jid) : undefined;
    return {
      user: jid.toString(),
      disabled: (await host.accounts.status(jid)) === "disabled",
      name: await nameOf(host, jid),
      mechanisms: (await host.accounts.hashesOf(jid)).map((hash) => `SCRAM-${hash}`),
      lastLogin: at === undefined ? undefined : new Date(at).toISOString(),
      contacts: list.size,
      sessions: host.sessions.of(jid).map((session) => ({
        resource: session.jid.resource,
        address: session.stream?.remote ?? "",
      })),
    };
  },
});

/** What the user calls themself in the vCard. */
async function nameOf(host: AdminHost, jid: Jid): Promise<string | undefined> {
  if (!host.modules.includes(vcard)) return undefined;
  const card = await host.use(vcardService).get(jid);
  const name = card?.getChildText("FN") || card?.getChildText("NICKNAME") || undefined;
  return name?.slice(0, MAX_NAME_LENGTH);
}

export const showRoster = command({
  name: "user-roster",
  description: "Lists the contacts of a user.",
  area: "accounts",
  changes: false,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = await existingAccount(context, args.user);
    const list = await serviceOf(host, roster, rosterService).of(jid);
    const contacts = [...list.items()].map(({ contact, name, groups, subscription }) => ({
      contact: contact.toString(),
      name,
      groups,
      subscription,
    }));
    return { user: jid.toString(), contacts };
  },
});

export const listUsers = command({
  name: "user-list",
  description: "Lists the accounts of a domain in pages; `next` goes into `after` for the page that follows.",
  area: "accounts",
  changes: false,
  args: t.object({
    domain: t.string().doc("One of the server's domains."),
    after: t.optional(t.string()).doc("The address after which the page begins."),
    search: t.optional(t.string()).doc("Only those whose name contains this."),
    limit: t.integer(PAGE, { min: 1, max: PAGE }).doc("Addresses in a page."),
    states: t.boolean(false).doc("Whether to tell who of them is online, and who is disabled."),
  }),
  async run(context, { domain, after, search, limit, states }) {
    const host = hostAt(context, domain);
    const { users, next } = await findUsers(host, { after, wanted: search?.toLowerCase() ?? "", limit });
    return {
      users: users.map(String),
      ...(next !== undefined && { next }),
      ...(states && (await statesOf(host, users))),
    };
  },
});

interface Search {
  readonly after: string | undefined;
  /** In the name; "" for all. */
  readonly wanted: string;
  readonly limit: number;
}

async function findUsers(host: AdminHost, { after, wanted, limit }: Search) {
  const users: Jid[] = [];
  let last = after;
  for (let looked = 0; looked < MOST_SEARCHED; looked += PAGE) {
    const size = wanted === "" ? limit : PAGE;
    const page = await host.accounts.list(host.domain, {
      limit: size,
      ...(last !== undefined && { after: last }),
    });
    for (const jid of page) {
      last = jid.toString();
      if (jid.local.includes(wanted)) users.push(jid);
      if (users.length === limit) return { users, next: last };
    }
    if (page.length < size) return { users };
  }
  return { users, next: last };
}

async function statesOf(host: AdminHost, users: readonly Jid[]) {
  const disabled: string[] = [];
  for (const jid of users) {
    if ((await host.accounts.status(jid)) === "disabled") disabled.push(jid.toString());
  }
  const online = users.filter((jid) => host.sessions.of(jid).length > 0).map(String);
  return { online, disabled };
}

export const listDisabled = command({
  name: "user-list-disabled",
  description: "Lists the disabled accounts of a domain, the longest disabled first.",
  area: "accounts",
  changes: false,
  args: t.object({
    domain: t.string().doc("One of the server's domains."),
    limit: t.integer(PAGE, { min: 1, max: PAGE }).doc("At most so many."),
  }),
  async run(context, { domain, limit }) {
    const host = hostAt(context, domain);
    const users = await host.accounts.listDisabled(host.domain, limit);
    return { users: users.map((jid) => jid.toString()) };
  },
});

export const promoteAdmin = command({
  name: "admin-promote",
  description: "Makes a user an administrator of the server.",
  area: "admin",
  changes: true,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = await existingAccount(context, args.user);
    return { user: jid.toString(), changed: await host.setAdmin(jid, true) };
  },
});

export const demoteAdmin = command({
  name: "admin-demote",
  description: "Makes a user no longer an administrator; one whom the configuration names remains one.",
  area: "admin",
  changes: true,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = accountAt(context, args.user);
    const changed = await explained(() => host.setAdmin(jid, false), {
      "not-allowed": `${jid.toString()} is named under "admins" in the configuration; remove it there`,
    });
    if (!changed) throw new AdminError(`${jid.toString()} is no administrator`, "item-not-found");
    return { user: jid.toString() };
  },
});

export const listAdmins = command({
  name: "admin-list",
  description: "Lists the administrators of the server.",
  area: "admin",
  changes: false,
  args: t.object({}),
  run: async (context) => ({ admins: hostAt(context).admins.map((admin) => admin.toString()) }),
});
