/** PLAIN (RFC 4616): the password itself, so never on a stream that others can read (RFC 6120 §13.8.3). */
import { authorize, decodeMessage, userNamed } from "./authorize.ts";
import { BusyError } from "./key-derivation.ts";
import { type Mechanism, type SaslContext, SaslError, type SaslStep } from "./mechanism.ts";

/** `withoutTls` is for a loopback or a test. */
export function plain(withoutTls: boolean): Mechanism {
  const mechanism: Mechanism = {
    name: "PLAIN",
    offered: (context) => context.secure || withoutTls,
    begin(context) {
      // RFC 6120 §6.5.4.
      if (!mechanism.offered(context)) throw new SaslError("encryption-required", "PLAIN without TLS");
      return { respond: (data) => verify(data, context) };
    },
  };
  return mechanism;
}

async function verify(data: Buffer, context: SaslContext): Promise<SaslStep> {
  // RFC 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
  const [authzid, username, password, ...rest] = decodeMessage(data).split("\0");
  if (!username || !password || rest.length > 0) throw new SaslError("malformed-request", "PLAIN: message");
  const user = userNamed(username, context);
  try {
    if (!(await context.accounts.verifyPassword(user, password))) {
      throw new SaslError("not-authorized", "password", user.toString());
    }
  } catch (error) {
    if (error instanceof BusyError) throw new SaslError("temporary-auth-failure", error.message);
    throw error;
  }
  await authorize(user, authzid || undefined, context);
  return { kind: "success", user };
}
