/** EXTERNAL (RFC 4422 appendix A) by TLS client certificates, as XEP-0178 §2 and RFC 6120 §13.7.2.2.1 have it. */
import { Jid } from "../xmpp/jid.ts";
import { authorize, decodeMessage, isAddressOf } from "./authorize.ts";
import { type Mechanism, type SaslContext, SaslError, type SaslStep } from "./mechanism.ts";
import { xmppAddresses } from "./xmpp-address.ts";

export const external: Mechanism = {
  name: "EXTERNAL",
  // RFC 6120 §6.3.4: where a certificate was verified, and is likely to name a user of this domain.
  offered: (context) => context.secure && usersIn(context).length > 0,
  begin(context) {
    const users = usersIn(context);
    return { respond: (data) => identify(data, users, context) };
  },
};

/** The users of this domain that the certificate names: no other may be used (RFC 6120 §13.7.2.2.1). */
function usersIn(context: SaslContext): Jid[] {
  const certificate = context.clientCertificate?.();
  if (!certificate) return [];
  const users = new Map<string, Jid>();
  for (const text of xmppAddresses(certificate)) {
    const jid = parse(text);
    if (jid && jid.local !== "" && jid.resource === "" && jid.domain === context.domain) {
      users.set(jid.toString(), jid);
    }
  }
  return [...users.values()];
}

async function identify(data: Buffer, users: readonly Jid[], context: SaslContext): Promise<SaslStep> {
  const authzid = decodeMessage(data);
  // XEP-0178 §2, step 11.3: no JID is mapped to a certificate without one.
  if (!context.secure || users.length === 0)
    throw new SaslError("not-authorized", "no XmppAddr of this domain");
  const user =
    authzid === "" ? await onlyUser(users, context) : users.find((each) => isAddressOf(each, authzid));
  if (!user) throw new SaslError("invalid-authzid", "not named by the certificate");
  await authorize(user, authzid === "" ? undefined : authzid, context);
  return { kind: "success", user };
}

/** Without authorization identity: who has an account here, or else whom the stream header names. */
async function onlyUser(users: readonly Jid[], context: SaslContext): Promise<Jid | undefined> {
  const registered: Jid[] = [];
  for (const user of users) if (await context.accounts.exists(user)) registered.push(user);
  if (registered.length === 0) throw new SaslError("not-authorized", "no account of the certificate's");
  // XEP-0178 §2, step 11.1.
  if (registered.length === 1) return registered[0];
  // RFC 6120 §13.7.2.2.1, sub-case 2; where it does not decide, XEP-0178 §2, step 11.2: invalid-authzid.
  const from = context.streamFrom?.bare;
  return from && registered.find((user) => user.equals(from));
}

function parse(text: string): Jid | undefined {
  try {
    return Jid.parse(text);
  } catch {
    return undefined;
  }
}
