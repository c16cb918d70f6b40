import {
  addUser,
  checkUser,
  disableUser,
  enableUser,
  removeUser,
  setPassword,
  showRoster,
  showUser,
} from "../../admin/account-commands.ts";
import type { AdminCommand } from "../../admin/command.ts";
import { endSession } from "../../admin/session-commands.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Submission } from "../adhoc/submission.ts";
import {
  ACCOUNT,
  ACCOUNTS,
  accountField,
  accountsField,
  adminForm,
  adminResult,
  type Face,
  type Run,
} from "./face.ts";

/** Accounts in one form. */
const MAX_ACCOUNTS = 100;

/** XEP-0133 §4.1 to §4.10: what is done to users and known of them. */
export const userFaces: readonly Face[] = [
  {
    node: "add-user",
    name: "Add a user",
    form: () =>
      adminForm("Adding a user", [
        accountField("The address of the new account"),
        { name: "password", type: "text-private", label: "Its password", required: true },
        { name: "password-verify", type: "text-private", label: "The password again", required: true },
      ]),
    async run(run, values) {
      if (values.text("password") !== values.text("password-verify")) {
        throw new StanzaError("not-acceptable", "the two passwords differ");
      }
      await run(addUser, { user: values.text(ACCOUNT), password: values.text("password") });
      return {};
    },
  },
  ofAccounts("delete-user", "Delete users", "The accounts to delete", removeUser),
  ofAccounts("disable-user", "Disable users", "The accounts to disable", disableUser),
  ofAccounts("reenable-user", "Enable users again", "The accounts to enable", enableUser),
  {
    node: "end-user-session",
    name: "End sessions",
    form: () =>
      adminForm("Ending sessions", [
        accountsField("The sessions to end; without a resource all of an account"),
      ]),
    async run(run, values) {
      for (const address of accountsIn(values)) await run(endSession, { address });
      return {};
    },
  },
  {
    node: "change-user-password",
    name: "Change a user's password",
    form: () =>
      adminForm("Changing a password", [
        accountField("The account"),
        { name: "password", type: "text-private", label: "The new password", required: true },
      ]),
    async run(run, values) {
      await run(setPassword, { user: values.text(ACCOUNT), password: values.text("password") });
      return {};
    },
  },
  {
    node: "get-user-roster",
    name: "Get users' contacts",
    form: () => adminForm("Getting contacts", [accountsField("The accounts")]),
    async run(run, values) {
      const users = accountsIn(values);
      const items = [];
      for (const user of users) {
        for (const { contact, name, subscription, groups } of (await run(showRoster, { user })).contacts) {
          const inGroups = groups.map((group) => el("group", {}, group));
          const attributes = { jid: contact, name: name || undefined, subscription };
          items.push(el("item", attributes, ...inGroups));
        }
      }
      // §4.8: as in a roster.
      const query = el("query", { xmlns: ns.ROSTER }, ...items);
      return { result: adminResult([{ name: ACCOUNTS, type: "jid-multi", value: users }], query) };
    },
  },
  {
    node: "get-user-lastlogin",
    name: "Get users' last login",
    form: () => adminForm("Getting the last login", [accountsField("The accounts")]),
    async run(run, values) {
      const users = accountsIn(values);
      const times: string[] = [];
      for (const user of users) times.push((await run(showUser, { user })).lastLogin ?? "");
      return {
        result: adminResult([
          { name: ACCOUNTS, type: "jid-multi", value: users },
          { name: "lastlogin", type: times.length === 1 ? "text-single" : "text-multi", value: times },
        ]),
      };
    },
  },
  {
    node: "user-stats",
    name: "Get a user's statistics",
    form: () => adminForm("Getting statistics", [accountField("The account")]),
    async run(run, values) {
      const { contacts, sessions } = await run(showUser, { user: values.text(ACCOUNT) });
      const addresses = new Set(sessions.map(({ address }) => address).filter((address) => address !== ""));
      const resources = sessions.map(({ resource }) => resource);
      return {
        result: adminResult([
          { name: "ipaddresses", type: "list-multi", value: [...addresses] },
          { name: "rostersize", type: "text-single", value: String(contacts) },
          { name: "onlineresources", type: "text-multi", value: resources },
        ]),
      };
    },
  },
];

/** Does the same to several accounts: all of them are there, or nothing is done. */
function ofAccounts(
  node: string,
  name: string,
  label: string,
  command: AdminCommand<{ readonly user: string }, unknown>,
): Face {
  return {
    node,
    name,
    form: () => adminForm(name, [accountsField(label)]),
    async run(run, values) {
      const users = barely(accountsIn(values));
      await allExist(run, users);
      for (const user of users) await run(command, { user });
      return {};
    },
  };
}

async function allExist(run: Run, users: readonly string[]): Promise<void> {
  for (const user of users) {
    if (!(await run(checkUser, { user })).exists) {
      throw new StanzaError("item-not-found", `there is no account ${user}`);
    }
  }
}

function accountsIn(values: Submission): readonly string[] {
  const users = [...new Set(values.list(ACCOUNTS).filter((user) => user !== ""))];
  if (users.length > MAX_ACCOUNTS)
    throw new StanzaError("not-acceptable", `at most ${MAX_ACCOUNTS} accounts`);
  return users;
}

/** §4.2 wants bare JIDs here; whoever gives the address of a session means its account. */
function barely(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.map((address) => Jid.parse(address).bare.toString()))];
}
