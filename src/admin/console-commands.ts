import { consoleService } from "../modules/admin-console/console-service.ts";
import { t } from "../util/schema.ts";
import { AdminError, command, existingAccount, hostAt } from "./command.ts";

export const consoleLink = command({
  name: "console-link",
  description: "Makes a link with which an administrator may open the console in a browser, once and soon.",
  area: "admin",
  changes: true,
  isSecret: true,
  args: t.object({
    user: t.optional(t.string()).doc("The administrator's account; absent: whoever has the machine."),
  }),
  async run(context, { user }) {
    const host = hostAt(context);
    const service = host.find(consoleService);
    if (!service)
      throw new AdminError('the module "adminConsole" is switched off', "feature-not-implemented");
    if (!host.http.listens) throw new AdminError("the server does not listen for browsers: see listen.https");
    const account = user === undefined ? undefined : await existingAccount(context, user);
    if (account && !host.admins.some((admin) => admin.equals(account.jid))) {
      throw new AdminError(`${account.jid.toString()} is no administrator`);
    }
    const { url, until } = service.makeLink(account?.jid);
    return { url, until: new Date(until).toISOString() };
  },
});
