import type { Host } from "../../core/host.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type FormField, form } from "../../xmpp/forms.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { AdhocCommand, Outcome, Requester } from "../adhoc/command.ts";
import type { InvitationWish, NewInvitation } from "./invitation.ts";

/** What a user may say of an invitation; the rest is the configuration's. */
export type WantedInvitation = Pick<InvitationWish, "befriend" | "kind" | "username">;

export interface InviteRights {
  mayInviteAccounts(user: Jid): boolean;
  /** @throws StanzaError when the user has too many invitations. */
  createFor(inviter: Jid, wanted: WantedInvitation): Promise<NewInvitation>;
}

const USERNAME = "username";
const ROSTER_SUBSCRIPTION = "roster-subscription";

/** XEP-0401 §3: what users and administrators invite with. */
export function inviteCommands(host: Host, rights: InviteRights): readonly AdhocCommand[] {
  return [
    {
      node: ns.INVITE,
      name: "Invite user",
      allowed: (requester) => isOwnUser(requester),
      run: async ({ from }) =>
        outcome(await rights.createFor(from.bare, { kind: "contact", befriend: true })),
    },
    {
      node: ns.INVITE_ACCOUNT,
      name: "Create account",
      allowed: ({ from, session }) =>
        session !== undefined && !session.anonymous && rights.mayInviteAccounts(from.bare),
      run: ({ from }) => ({
        form: {
          title: "Inviting somebody to make an account",
          fields: [
            { name: USERNAME, type: "text-single", label: "User name; empty: they choose it" },
            {
              name: ROSTER_SUBSCRIPTION,
              type: "boolean",
              label: "Become contacts",
              value: from.domain === host.domain,
            },
          ],
        },
        async submit(values) {
          const name = values.text(USERNAME).trim();
          checkName(name);
          const befriend = values.flag(ROSTER_SUBSCRIPTION) && from.domain === host.domain;
          const wanted: WantedInvitation = { kind: "account", username: name || undefined, befriend };
          return outcome(await rights.createFor(from.bare, wanted));
        },
      }),
    },
  ];

  function isOwnUser({ session }: Requester): boolean {
    return session !== undefined && !session.anonymous && session.jid.domain === host.domain;
  }

  /** §5.4: a local part and nothing else. */
  function checkName(name: string): void {
    try {
      if (name !== "") Jid.of(name, host.domain);
    } catch (error) {
      throw error instanceof JidError ? new StanzaError("not-acceptable", "not a valid user name") : error;
    }
  }
}

/** §5.1. With labels, for clients that show any form, such as Gajim. */
function outcome({ uri, landingUrl, expires }: NewInvitation): Outcome {
  const field = (name: string, label: string, value: string): FormField => ({
    name,
    type: "text-single",
    label,
    value,
  });
  const fields = [field("uri", "Link for an app", uri)];
  if (landingUrl !== undefined) fields.push(field("landing-url", "Link for a browser", landingUrl));
  fields.push(field("expire", "Good until", formatDateTime(expires)));
  return { result: form({ type: "result", title: "Invitation", formType: ns.INVITATION, fields }) };
}
