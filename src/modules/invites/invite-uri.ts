import type { Jid } from "../../xmpp/jid.ts";
import type { Invitation } from "./invitation.ts";

/** XEP-0401 §5.1, §5.4. RFC 5122 §2.2: what has a meaning in a URI is escaped. */
export function inviteUri(
  { kind, inviter, username, mayRegister }: Invitation,
  domain: string,
  token: string,
): string {
  if (kind === "account") {
    return `xmpp:${address(username ?? "", domain)}?register;preauth=${token}`;
  }
  return `xmpp:${address(inviter.local, inviter.domain)}?roster;preauth=${token}${mayRegister ? ";ibr=y" : ""}`;
}

/** The page of an invitation: `{token}` and `{uri}` in the template stand for these. */
export function landingUrl(template: string, uri: string, token: string): string {
  return template.replaceAll("{token}", token).replaceAll("{uri}", encodeURIComponent(uri));
}

function address(local: Jid["local"], domain: string): string {
  return local === "" ? encodeURI(domain) : `${encodeURIComponent(local)}@${encodeURI(domain)}`;
}
