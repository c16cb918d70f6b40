import type { Invitation } from "../modules/invites/invitation.ts";
import { invites, invitesService } from "../modules/invites/invites.ts";
import { t } from "../util/schema.ts";
import { Jid } from "../xmpp/jid.ts";
import {
  AdminError,
  accountAt,
  command,
  domainArgument,
  existingAccount,
  explained,
  guardAdmins,
  hostAt,
  serviceOf,
} from "./command.ts";

/** People who may take one invitation. */
const MOST_USES = 1000;
/** Seconds. */
const LONGEST = 365 * 86_400;

export const createInvite = command({
  name: "invite-create",
  description: "Invites people to make an account, or to become a contact of a user.",
  area: "accounts",
  changes: true,
  isSecret: true,
  args: t.object({
    domain: domainArgument(),
    contact: t.optional(t.string()).doc("The account whose contact the invited become, user@domain."),
    username: t
      .optional(t.string())
      .doc("The name of the new account; it is kept until the invitation ends."),
    uses: t.integer(1, { min: 1, max: MOST_USES }).doc("How many people may take it."),
    expires: t
      .optional(t.integer(undefined, { min: 60, max: LONGEST }))
      .doc("For how many seconds it holds."),
  }),
  async run(context, { domain, contact, username, uses, expires }) {
    const inviter = contact === undefined ? undefined : await existingAccount(context, contact);
    if (inviter) guardAdmins(context, inviter.jid);
    const host = inviter?.host ?? hostAt(context, domain);
    if (username !== undefined && uses > 1) {
      throw new AdminError("an invitation for one user name is for one person");
    }
    if (username !== undefined) guardAdmins(context, accountAt(context, `${username}@${host.domain}`).jid);
    const service = serviceOf(host, invites, invitesService);
    const wish = {
      kind: inviter && username === undefined ? ("contact" as const) : ("account" as const),
      inviter: inviter?.jid ?? Jid.of("", host.domain),
      username,
      befriend: inviter !== undefined,
      mayRegister: true,
      uses,
      lifetime: expires === undefined ? service.lifetime : expires * 1000,
    };
    const made = await explained(() => service.create(wish));
    return { ...shown(made), uri: made.uri, landingUrl: made.landingUrl };
  },
});

export const listInvites = command({
  name: "invite-list",
  description: "Lists the invitations that hold, the one that ends first before the others.",
  area: "accounts",
  changes: false,
  args: t.object({ domain: domainArgument() }),
  async run(context, { domain }) {
    const service = serviceOf(hostAt(context, domain), invites, invitesService);
    return { invites: (await service.list()).map(shown) };
  },
});

export const revokeInvite = command({
  name: "invite-revoke",
  description: "Takes an invitation back.",
  area: "accounts",
  changes: true,
  args: t.object({ id: t.string().doc("The invitation's id.") }),
  async run({ hosts }, { id }) {
    for (const host of hosts.values()) {
      if (await serviceOf(host, invites, invitesService).revoke(id)) return { id };
    }
    throw new AdminError(`there is no invitation ${id}`, "item-not-found");
  },
});

function shown({ id, inviter, username, uses, expires }: Invitation) {
  return {
    id,
    inviter: inviter.toString(),
    ...(username !== undefined && { username }),
    uses,
    expires: new Date(expires).toISOString(),
  };
}
