/**
 * XEP-0357 Push Notifications, version 0.4.1
 * https://xmpp.org/extensions/xep-0357.html
 *
 * Wakes a phone whose connection is gone: tells the push services that its user named that something waits, and of
 * what is in it only as much as the operator allows.
 */
import { defineModule, defineService } from "../../core/module.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { t } from "../../util/schema.ts";
import type { Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { readForm } from "../../xmpp/forms.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { roomsService } from "../muc/rooms-service.ts";
import { roster, rosterService } from "../roster/roster.ts";
import { Notifier } from "./notifier.ts";
import { type PushRow, Registrations } from "./registrations.ts";
import { isWorthWaking } from "./worth-waking.ts";

const MAX_NODE_LENGTH = 1024;
/** Of the publish options, as text. */
const MAX_OPTIONS_LENGTH = 4096;

export interface PushService {
  /** Tells of `stanza` to what devices of a user that are not connected have enabled. */
  wake(user: Jid, stanza: Stanza): Awaitable<void>;
}

export const pushService = defineService<PushService>("push");

export const push = defineModule({
  name: "push",
  implements: ["XEP-0357 0.4.1"],
  omits: {
    "XEP-0357": [
      "Where the operator lets push services hear who wrote or what, users cannot limit that (§9).",
    ],
  },
  accountFeatures: [ns.PUSH],
  requires: [roster],
  config: t.object({
    services: t.integer(20, { min: 1 }).doc("Push services that one account may enable."),
    failures: t
      .integer(5, { min: 1 })
      .doc(
        "Failures in a row after which a service is disabled; where it cannot be reached or asks to wait, not before a day of them.",
      ),
    includeSender: t.boolean(false).doc("Tell push services who wrote."),
    includeBody: t
      .boolean(false)
      .doc(
        'Tell push services what was written. Otherwise, and of what is encrypted, they hear "New message".',
      ),
  }),

  async setup(host, config) {
    const registrations = await Registrations.open(host);
    const notifier = new Notifier(host, registrations, config);
    const refused = host.metrics.counter(
      "jackdaw_push_refused",
      "push services that were not enabled because the account has too many",
    );

    // §5. The last request for a service and node counts.
    host.iq("set", ns.PUSH, "enable", async ({ session, payload }) => {
      const user = session.jid.bare.toString();
      const { service, node } = target(payload);
      const key = { user, service: service.toString(), node: node ?? "" };
      const row = { ...key, options: options(payload), resource: session.jid.resource, failures: 0 };
      const enabled = await registrations.of(user);
      const isNew = !enabled.some(({ service, node }) => service === key.service && node === key.node);
      if (isNew && enabled.length >= config.services) {
        refused.inc();
        throw new StanzaError("resource-constraint", "too many push services are enabled");
      }
      await registrations.put(row);
      notifier.isEnabled(row);
    });

    // §6. Without a node, all of the service.
    host.iq("set", ns.PUSH, "disable", async ({ session, payload }) => {
      const user = session.jid.bare.toString();
      const { service, node } = target(payload);
      const where = { user, service: service.toString() };
      await registrations.remove(node === undefined ? where : { ...where, node });
      notifier.retain(user, await registrations.of(user));
    });

    for (const hook of ["session:open", "session:resumed"] as const)
      host.hook(hook, "observe", ({ session: { jid } }) =>
        notifier.isBack(jid.bare.toString(), jid.resource),
      );

    // A phone that is asleep, its session waiting to be resumed.
    host.hook("session:held", "observe", ({ session: { jid }, stanza }) =>
      tell(jid.bare, stanza, (row) => row.resource === jid.resource),
    );

    // A user who is away: every device that is not connected. What is not to be kept is not there when it comes.
    host.hook("message:undelivered", "guard", ({ user, stanza }) =>
      stanza.has("no-store", ns.HINTS) ? undefined : tellAway(user, stanza),
    );

    // A device that is not connected hears of what others of its user get. What a room says to them is in no archive of users.
    host.hook("message:received", "observe", ({ user, stanza, recipients }) =>
      recipients.length === 0 || stanza.type === "groupchat" ? undefined : tellAway(user, stanza),
    );

    host.hook("subscription:requested", "observe", ({ user, stanza }) => tellAway(user, stanza));

    host.provide(pushService, { wake: tellAway });

    // §8: a service that stops serving a node says so.
    host.hook("message:received", "observe", ({ user, stanza }) => {
      const pubsub = stanza.child("pubsub", ns.PUBSUB);
      const node = pubsub?.attrs.node as string | undefined;
      if (pubsub?.getChild("affiliation")?.attrs.affiliation !== "none" || node === undefined || !stanza.from)
        return undefined;
      return registrations.remove({ user: user.toString(), service: stanza.from.toString(), node });
    });

    host.hook("user:deleted", "observe", async ({ user }) => {
      notifier.retain(user.toString(), []);
      await registrations.remove({ user: user.toString() });
    });

    host.hook("store:lost", "observe", () => registrations.forget());

    function tellAway(user: Jid, stanza: Stanza): Awaitable<void> {
      return tell(user, stanza, ({ resource }) => !host.sessions.get(user.withResource(resource))?.attached);
    }

    /** Tells the services that are concerned, unless it is nothing to be woken for. */
    function tell(user: Jid, stanza: Stanza, concerns: (row: PushRow) => boolean): Awaitable<void> {
      const news = host.holders.original(stanza);
      if (!isWorthWaking(news)) return undefined;
      return after(registrations.of(user.toString()), (rows) => {
        const concerned = rows.filter(concerns);
        if (concerned.length === 0) return undefined;
        return news.kind === "presence"
          ? tellOfRequests(user, news, concerned)
          : after(isOwn(user, news), (own) =>
              own ? undefined : each(concerned, (row) => notifier.tellOfMessage(row, news)),
            );
      });
    }

    function tellOfRequests(user: Jid, request: Stanza, rows: readonly PushRow[]): Awaitable<void> {
      return after(host.use(rosterService).of(user), ({ requests }) =>
        each(rows, (row) => notifier.tellOfRequests(row, request, requests.size)),
      );
    }

    /** What the user wrote on another device, also when a room says it again. */
    function isOwn(user: Jid, { from, type }: Stanza): Awaitable<boolean> {
      if (!from || from.bare.equals(user)) return true;
      if (type !== "groupchat") return false;
      return after(host.find(roomsService)?.find(from.bare), (room) => {
        return room?.occupants.get(from.resource)?.user.equals(user) ?? false;
      });
    }
  },
});

function target(request: Element): { service: Jid; node: string | undefined } {
  const { jid, node } = request.attrs as Record<string, string | undefined>;
  if (!jid || (node?.length ?? 0) > MAX_NODE_LENGTH) throw new StanzaError("bad-request");
  try {
    return { service: Jid.parse(jid), node };
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed");
    throw error;
  }
}

/** §5: what is to be sent along with each publication, such as a secret. */
function options(request: Element): Record<string, string[]> {
  const x = request.getChild("x", ns.DATA_FORMS);
  if (!x) return {};
  const { formType, values } = readForm(x);
  if (formType !== ns.PUBLISH_OPTIONS) throw new StanzaError("bad-request");
  const fields = Object.fromEntries(values);
  if (JSON.stringify(fields).length > MAX_OPTIONS_LENGTH) throw new StanzaError("not-acceptable");
  return fields;
}
