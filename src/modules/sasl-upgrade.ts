/**
 * XEP-0480 SASL Upgrade Tasks, version 0.2.0
 * https://xmpp.org/extensions/xep-0480.html
 *
 * A client that knows its password gives the server the keys of stronger hashes that the account does not have yet.
 */
import type { ScramHash } from "../auth/scram-keys.ts";
import { defineModule } from "../core/module.ts";
import type { Login, LoginTask } from "../stream/inline-feature.ts";
import { type Element, el } from "../xml/element.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";

/** Mechanisms of clients that know the password: a stolen token must not become a new one. */
const BY_PASSWORD = /^(?:SCRAM-|PLAIN$)/;

export const saslUpgrade = defineModule({
  name: "saslUpgrade",
  implements: ["XEP-0480 0.2.0"],

  async setup(host) {
    const count = await host.accounts.countWithOnly(host.domain, "SHA-1");
    if (count > 0) {
      host.log.info(
        "accounts have keys for SCRAM-SHA-1 alone until their users log in by PLAIN, upgrade, or set a password",
        { accounts: count },
      );
    }
    host.streamFeature({
      ns: ns.SASL_UPGRADE,
      offer: () => undefined,
      inline: {
        // §2.1. An account that is not there seems to have all keys, as those have that are.
        announce: ({ shownHashes }) =>
          lacking(shownHashes ?? []).map((hash) => el("upgrade", { xmlns: ns.SASL_UPGRADE }, nameFor(hash))),
        tasks,
      },
    });

    /** Those that would be an improvement on the weakest that there is, strongest first. */
    function lacking(hashes: readonly ScramHash[]): readonly ScramHash[] {
      const known = host.accounts.hashes;
      const weakest = known.findLastIndex((hash) => hashes.includes(hash));
      return known.filter((hash, index) => index < weakest && !hashes.includes(hash));
    }

    /** §2.2: those that the client asks for and the account lacks; any other is passed over. */
    async function tasks({ request, user }: Login, own: readonly Element[]): Promise<readonly LoginTask[]> {
      if (!BY_PASSWORD.test(request.mechanism)) return [];
      const asked = new Set(own.filter(({ name }) => name === "upgrade").map((upgrade) => upgrade.getText()));
      const missing = lacking(await host.accounts.hashesOf(user));
      return missing.filter((hash) => asked.has(nameFor(hash))).map((hash) => scramTask(user, hash));
    }

    /** §3: the client gets salt and rounds, and answers with SaltedPassword (RFC 5802 §3). */
    function scramTask(user: Jid, hash: ScramHash): LoginTask {
      const parameters = host.accounts.newParameters();
      let isAsked = false;
      return {
        name: nameFor(hash),
        async respond(content) {
          if (!isAsked) {
            isAsked = true;
            const attributes = { xmlns: ns.SCRAM_UPGRADE, iterations: String(parameters.iterations) };
            return el("salt", attributes, parameters.salt.toString("base64"));
          }
          const key = saltedPassword(content);
          if (!key || !(await host.accounts.addKeys(user, hash, parameters, key))) return "malformed-request";
          host.log.info("keys of another hash added", { user: user.toString(), hash });
          return undefined;
        },
      };
    }
  },
});

/** §2.1: without -PLUS, because channel binding has nothing to do with keys. */
function nameFor(hash: ScramHash): string {
  return `UPGR-SCRAM-${hash}`;
}

/** undefined when the answer is none. */
function saltedPassword([answer]: readonly Element[]): Buffer | undefined {
  if (!answer?.is("hash", ns.SCRAM_UPGRADE)) return undefined;
  const text = answer.getText().replaceAll(/[ \t\r\n]/g, "");
  const key = Buffer.from(text, "base64");
  // Node skips what is not base64: only the canonical form survives the way back.
  return key.toString("base64") === text ? key : undefined;
}
