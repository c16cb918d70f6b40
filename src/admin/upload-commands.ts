import { upload } from "../modules/upload/upload.ts";
import { type Upload, uploadsService } from "../modules/upload/uploads-service.ts";
import { t } from "../util/schema.ts";
import type { Jid } from "../xmpp/jid.ts";
import {
  AdminError,
  accountAt,
  changeableAccount,
  command,
  domainArgument,
  hostAt,
  noSuchAccount,
  serviceOf,
  userArgument,
} from "./command.ts";
import type { AdminContext, AdminHost } from "./context.ts";

/** Files in one answer. */
const MOST_LISTED = 1000;

const ownerArgument = () => t.optional(t.string()).doc("Only those of this account, user@domain.");

export const listUploads = command({
  name: "upload-list",
  description: "Lists the files that users uploaded, the latest first.",
  area: "accounts",
  changes: false,
  args: t.object({
    user: ownerArgument(),
    domain: domainArgument(),
    limit: t.integer(MOST_LISTED, { min: 1, max: MOST_LISTED }).doc("At most so many."),
  }),
  async run(context, { user, domain, limit }) {
    const { service, owner } = uploadsOf(context, user, domain);
    return {
      uploads: (await service.list(owner, limit)).map(shown),
      total: (await service.usage(owner)).files,
    };
  },
});

export const showUploadUsage = command({
  name: "upload-usage",
  description: "Tells how many files users uploaded, and how large they are together.",
  area: "accounts",
  changes: false,
  args: t.object({ user: ownerArgument(), domain: domainArgument() }),
  async run(context, { user, domain }) {
    const { service, owner } = uploadsOf(context, user, domain);
    const { files, bytes } = await service.usage(owner);
    const limit = owner ? service.perAccount : service.perDomain;
    return { files, bytes, ...(Number.isFinite(limit) && { limit }) };
  },
});

export const removeUpload = command({
  name: "upload-remove",
  description: "Removes an uploaded file: from then on its address leads nowhere.",
  area: "accounts",
  changes: true,
  args: t.object({ id: t.string().doc("The file's id, which is also in its address.") }),
  async run({ hosts }, { id }) {
    for (const host of hosts.values()) {
      if (await serviceOf(host, upload, uploadsService).remove(id)) return { id };
    }
    throw new AdminError(`there is no file ${id}`, "item-not-found");
  },
});

export const removeAllUploads = command({
  name: "upload-remove-all",
  description: "Removes all files that an account uploaded.",
  area: "accounts",
  changes: true,
  args: t.object({ user: userArgument() }),
  async run(context, args) {
    const { jid, host } = changeableAccount(context, args.user);
    const files = await serviceOf(host, upload, uploadsService).removeAll(jid);
    if (files === 0 && !(await host.accounts.exists(jid))) throw noSuchAccount(jid);
    return { user: jid.toString(), files };
  },
});

function uploadsOf(context: AdminContext, user: string | undefined, domain: string | undefined) {
  const account: { readonly host: AdminHost; readonly jid?: Jid } =
    user === undefined ? { host: hostAt(context, domain) } : accountAt(context, user);
  return { service: serviceOf(account.host, upload, uploadsService), owner: account.jid };
}

/** Its address is a secret of those who were given it: whoever has that can read the file. */
function shown({ id, owner, name, type, size, stored, expires }: Upload) {
  return {
    id,
    owner,
    name,
    type,
    size,
    stored: new Date(stored).toISOString(),
    ...(expires !== null && { expires: new Date(expires).toISOString() }),
  };
}
