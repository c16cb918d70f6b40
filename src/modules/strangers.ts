/**
 * RFC 6120 §13.12, XEP-0205 §4, version 1.0.2
 * https://xmpp.org/extensions/xep-0205.html
 *
 * Bounds how many messages an account, and each of its sessions, sends to people it has no subscription with: what spam needs, and conversations
 * do not.
 */
import { defineModule } from "../core/module.ts";
import type { Session } from "../session/session.ts";
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
    sessionPerMinute: t
      .integer(600, { min: 1, off: true })
      .doc('The same of one session, with as many at once. "off": as many as the account may.'),
    burst: t.integer(1200, { min: 1 }).doc("How many it may send at once before `perMinute` holds it."),
  }),

  setup(host, { perMinute, sessionPerMinute, burst }) {
    if (!Number.isFinite(perMinute)) return;
    const own = host.sessionState<TokenBucket | undefined>(() => undefined);
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
        if (isStrange) take(session, user);
      });
    });

    function isStranger(user: Jid, contact: Jid): Awaitable<boolean> {
      return after(
        host.use(rosterService).item(user, contact),
        (item) => (item?.subscription ?? "none") === "none",
      );
    }

    /** @throws StanzaError when the session or the account has sent too many of late. */
    function take(session: Session, user: Jid): void {
      const now = host.clock.now();
      const key = user.toString();
      const bucket = buckets.get(key) ?? new TokenBucket(perMinute / 60, burst, now);
      buckets.set(key, bucket);
      if (mayGoOn(session, now) && bucket.tryTake(1, now)) return;
      refused.inc();
      throw new StanzaError("policy-violation", "too many messages to people who are not contacts", {
        type: "wait",
      });
    }

    function mayGoOn(session: Session, now: number): boolean {
      if (!Number.isFinite(sessionPerMinute)) return true;
      const bucket = own.get(session) ?? new TokenBucket(sessionPerMinute / 60, sessionPerMinute, now);
      own.set(session, bucket);
      return bucket.tryTake(1, now);
    }
  },
});
