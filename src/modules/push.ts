/**
 * XEP-0357 Push Notifications, version 0.4.1
 * https://xmpp.org/extensions/xep-0357.html
 *
 * Wakes a phone whose connection is gone: tells the push services that its user named that something waits, and of
 * what is in it only as much as the operator allows.
 */
import { defineModule, defineService } from "../core/module.ts";
import type { Session } from "../session/session.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { Lru } from "../util/lru.ts";
import { t } from "../util/schema.ts";
import { type Element, el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { form, readForm } from "../xmpp/forms.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";

interface PushRow {
  user: string;
  service: string;
  node: string;
  /** Fields of the publish options (§5), by name. */
  options: Record<string, string[]>;
  /** The resource that enabled it: while that is connected it needs no push. */
  resource: string;
  /** Publications in a row that failed. */
  failures: number;
}

/** Users whose services are remembered. */
const KNOWN_USERS = 10_000;
/** How long a push service may take to answer. */
const ANSWER_TIME_MS = 30_000;
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
  accountFeatures: [ns.PUSH],
  config: t.object({
    services: t.integer(20, { min: 1 }).doc("Push services that one account may enable."),
    failures: t.integer(5, { min: 1 }).doc("Failures in a row after which a service is disabled."),
    includeSender: t.boolean(false).doc("Tell push services who wrote."),
    includeBody: t.boolean(false).doc("Tell push services what was written."),
  }),

  async setup(host, config) {
    const table = await host.table<PushRow>({
      name: "push",
      version: 1,
      columns: {
        user: "text",
        service: "text",
        node: "text",
        options: "json",
        resource: "text",
        failures: "int",
      },
      key: ["user", "service", "node"],
    });
    /** Where each message was told of, as long as it may come by again. */
    const told = new WeakMap<Stanza, Set<string>>();
    const known = new Lru<string, readonly PushRow[]>(KNOWN_USERS);
    const sent = host.metrics.counter("jackdaw_push_sent", "notifications published to push services");
    const refused = host.metrics.counter(
      "jackdaw_push_refused",
      "push services that were not enabled because the account has too many",
    );
    const failed = host.metrics.counter("jackdaw_push_failed", "notifications that push services refused");

    // §5. The last request for a service and node counts.
    host.iq("set", ns.PUSH, "enable", async ({ session, payload }) => {
      const user = session.jid.bare.toString();
      const { service, node } = target(payload);
      const key = { user, service: service.toString(), node: node ?? "" };
      const isNew = (await table.get(key)) === undefined;
      if (isNew && (await table.count({ where: { user } })) >= config.services) {
        refused.inc();
        throw new StanzaError("resource-constraint", "too many push services are enabled");
      }
      await put({ ...key, options: options(payload), resource: session.jid.resource, failures: 0 });
    });

    // §6. Without a node, all of the service.
    host.iq("set", ns.PUSH, "disable", async ({ session, payload }) => {
      const { service, node } = target(payload);
      const where = { user: session.jid.bare.toString(), service: service.toString() };
      await remove(node === undefined ? where : { ...where, node });
    });

    // A phone that is asleep, its session waiting to be resumed.
    host.hook("session:held", "observe", ({ session, stanza }) =>
      isWorthWaking(stanza)
        ? notify(session.jid.bare, stanza, (row) => row.resource === session.jid.resource)
        : undefined,
    );

    // A user who is away: every device that is not connected.
    host.hook("message:undelivered", "guard", ({ user, stanza }) =>
      isWorthWaking(stanza) ? notify(user, stanza, (row) => !isConnected(user, row.resource)) : undefined,
    );

    host.provide(pushService, {
      wake: (user, stanza) => notify(user, stanza, (row) => !isConnected(user, row.resource)),
    });

    // A device of which nothing is left hears of what others of its user get.
    host.hook("message:received", "observe", ({ user, stanza, recipients }) => {
      const isOthers = stanza.from !== undefined && !stanza.from.bare.equals(user);
      if (!isOthers || recipients.length === 0 || !isWorthWaking(stanza)) return undefined;
      return notify(user, stanza, (row) => !host.sessions.get(user.withResource(row.resource)));
    });

    // §8: a service that stops serving a node says so.
    host.hook("message:received", "observe", ({ user, stanza }) => {
      const pubsub = stanza.child("pubsub", ns.PUBSUB);
      const node = pubsub?.attrs.node as string | undefined;
      if (pubsub?.getChild("affiliation")?.attrs.affiliation !== "none" || node === undefined || !stanza.from)
        return;
      return remove({ user: user.toString(), service: stanza.from.toString(), node });
    });

    host.hook("user:deleted", "observe", async ({ user }) => {
      await remove({ user: user.toString() });
    });

    host.hook("store:lost", "observe", () => known.clear());

    function isConnected(user: Jid, resource: string): boolean {
      return host.sessions
        .of(user)
        .some((session: Session) => session.jid.resource === resource && session.attached);
    }

    function notify(user: Jid, stanza: Stanza, concerns: (row: PushRow) => boolean): Awaitable<void> {
      return after(rowsOf(user.toString()), (rows) => {
        // Nobody waits for the answers of push services.
        for (const row of rows.filter((each) => concerns(each) && isNews(each, stanza)))
          publish(row, stanza).catch(report);
      });
    }

    /** A message may come by more than once: unacknowledged, and again when the session ends without it (XEP-0198 §4). */
    function isNews({ user, service, node }: PushRow, stanza: Stanza): boolean {
      const message = host.holders.original(stanza);
      const place = JSON.stringify([user, service, node]);
      const places = told.get(message);
      if (places?.has(place)) return false;
      if (places) places.add(place);
      else told.set(message, new Set([place]));
      return true;
    }

    function rowsOf(user: string): Awaitable<readonly PushRow[]> {
      return (
        known.get(user) ??
        after(table.list({ where: { user } }), (rows) => {
          known.set(user, rows);
          return rows;
        })
      );
    }

    async function put(row: PushRow): Promise<void> {
      known.delete(row.user);
      await table.put(row);
    }

    async function remove(where: Partial<PushRow> & { user: string }): Promise<void> {
      known.delete(where.user);
      await table.delete(where);
    }

    function report(error: unknown): void {
      host.log.error("a push service could not be updated", { error: String(error) });
    }

    async function publish(row: PushRow, stanza: Stanza): Promise<void> {
      try {
        await host.request("set", Jid.parse(row.service), publication(row, stanza), ANSWER_TIME_MS);
        sent.inc();
        if (row.failures > 0) await count(row, 0);
      } catch (error) {
        failed.inc();
        host.log.debug("a push service refused", { service: row.service, reason: String(error) });
        await count(row, row.failures + 1);
      }
    }

    /** §7.1: some errors pass; a service that keeps failing is disabled. */
    async function count(row: PushRow, failures: number): Promise<void> {
      const { user, service, node } = row;
      const current = await table.get({ user, service, node });
      if (!current) return;
      if (failures >= config.failures) await remove({ user, service, node });
      else await put({ ...current, failures });
    }

    /** §7 with the summary form of §11.3.1. */
    function publication({ node, options: fields }: PushRow, stanza: Stanza): Element {
      const summary = form({
        type: "result",
        formType: ns.PUSH_SUMMARY,
        fields: [
          { name: "message-count", value: "1" },
          ...(config.includeSender
            ? [{ name: "last-message-sender", value: stanza.from?.toString() ?? "" }]
            : []),
          ...(config.includeBody ? [{ name: "last-message-body", value: stanza.text("body") ?? "" }] : []),
        ],
      });
      const item = el("item", {}, el("notification", { xmlns: ns.PUSH }, summary));
      const pubsub = el("pubsub", { xmlns: ns.PUBSUB }, el("publish", { node: node || undefined }, item));
      const names = Object.entries(fields);
      if (names.length > 0) {
        const values = names.map(([name, value]) => ({ name, type: "text-multi" as const, value }));
        const submitted = form({ type: "submit", formType: ns.PUBLISH_OPTIONS, fields: values });
        pubsub.cnode(el("publish-options", {}, submitted));
      }
      return pubsub;
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

/** What somebody wants to hear of: words, also encrypted ones, calls, invitations. Not typing, nor one's own copies. */
function isWorthWaking(stanza: Stanza): boolean {
  if (stanza.kind !== "message" || stanza.type === "error" || stanza.type === "headline") return false;
  return stanza.heads.some(
    ({ name, ns: namespace }) =>
      (name === "body" && namespace === ns.CLIENT) ||
      (name === "encrypted" && OMEMO.has(namespace)) ||
      namespace === ns.ENCRYPTION ||
      (name === "propose" && namespace === ns.JINGLE_MESSAGE) ||
      (name === "received" && namespace === ns.CARBONS) ||
      namespace === ns.CONFERENCE,
  );
}

/** XEP-0384, the version in use and the newest. */
const OMEMO: ReadonlySet<string> = new Set(["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2"]);
