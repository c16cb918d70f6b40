/**
 * RFC 6120 §13.12, XEP-0205 §4, version 1.0.2
 * https://xmpp.org/extensions/xep-0205.html
 *
 * Bounds how many messages an account sends to people it has no subscription with: what spam needs, and conversations
 * do not.
 */
import { defineModule } from "../core/module.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { Lru } from "../util/lru.ts";
import { t } from "../util/schema.ts";
import { TokenBucket } from "../util/token-bucket.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { roster, rosterService } from "./roster/roster.ts";

/** Accounts whose messages are counted. */
const KNOWN_ACCOUNTS = 20_000;

export const strangers = defineModule({
  name: "strangers",
  implements: ["XEP-0205 1.0.2"],
  requires: [roster],
  config: t.object({
    perMinute: t
      .integer(600, { min: 1, off: true })
      .doc('Messages of one account to strangers in the long run. "off": any number.'),
    burst: t.integer(1200, { min: 1 }).doc("How many it may send at once before `perMinute` holds it."),
  }),

  setup(host, { perMinute, burst }) {
    if (!Number.isFinite(perMinute)) return;
    const buckets = new Lru<string, TokenBucket>(KNOWN_ACCOUNTS);
    const refused = host.metrics.counter(
      "jackdaw_stranger_messages_refused",
      "messages to strangers over the limit",
    );

    host.hook("message:sent", "guard", ({ session, stanza }) => {
      const user = session.jid.bare;
      const { to, type } = stanza;
      // Services have limits of their own, and an error answers something that was let through.
      if (!to || to.local === "" || type === "error" || type === "groupchat" || to.bare.equals(user))
        return undefined;
      return after(isStranger(user, to.bare), (isStrange) => {
        if (isStrange) take(user);
      });
    });

    function isStranger(user: Jid, contact: Jid): Awaitable<boolean> {
      return after(
        host.use(rosterService).item(user, contact),
        (item) => (item?.subscription ?? "none") === "none",
      );
    }

    /** @throws StanzaError when the account has sent too many of late. */
    function take(user: Jid): void {
      const now = host.clock.now();
      const key = user.toString();
      const bucket = buckets.get(key) ?? new TokenBucket(perMinute / 60, burst, now);
      buckets.set(key, bucket);
      if (bucket.tryTake(1, now)) return;
      refused.inc();
      throw new StanzaError("policy-violation", "too many messages to people who are not contacts", {
        type: "wait",
      });
    }
  },
});
