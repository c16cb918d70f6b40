/**
 * XEP-0313 Message Archive Management, version 1.1.3
 * XEP-0441 Message Archive Management Preferences, version 0.2.0
 * XEP-0431 Full Text Search in MAM, version 0.2.0
 * https://xmpp.org/extensions/xep-0313.html
 *
 * Keeps both sides of every conversation of each account and shows them to its owner, page by page. What arrives is
 * delivered with the id it has in the archive, also when it was kept for a user who was away, so that clients can tell
 * what they have already.
 */
import type { Host } from "../../core/host.ts";
import { defineModule } from "../../core/module.ts";
import { isPiece } from "../../core/user-data.ts";
import { after } from "../../util/awaitable.ts";
import { Rates } from "../../util/rates.ts";
import { t } from "../../util/schema.ts";
import { type Element, escapeAttribute } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { roster } from "../roster/roster.ts";
import { stanzaId } from "../stanza-id.ts";
import { Answers } from "./answers.ts";
import { isWorthKeeping } from "./archivable.ts";
import { Archive } from "./archive.ts";
import { ARCHIVE_KEY_BYTES, createArchiveIds } from "./archive-ids.ts";
import { type ArchiveRow, timeOf } from "./archive-row.ts";
import { type Archived, type ArchiveService, archiveService } from "./archive-service.ts";
import { ArchiveImport, exportArchive, exportPreferences, importPreferences } from "./archive-transfer.ts";
import { keepWithin } from "./keep-within.ts";
import { DEFAULTS, PreferenceStore, preferencesElement, readPreferences } from "./preferences.ts";
import { queryForm } from "./query.ts";
import { Recorder } from "./recorder.ts";
import { tombstone } from "./retraction.ts";

export const mam = defineModule({
  name: "mam",
  implements: [
    "XEP-0313 1.1.3",
    "XEP-0441 0.2.0",
    "XEP-0431 0.2.0",
    "XEP-0424 0.4.2",
    "XEP-0334 1.0.0",
    "XEP-0059 1.0",
    "XEP-0297 1.0",
  ],
  omits: {
    "XEP-0313": [
      "Messages of type groupchat are not in the archives of users.",
      "The domain announces archives as well (§6.1), for clients that ask nobody else; its own is for nobody.",
      "Messages kept for a user who was away are delivered as well, with the id that they have in the archive, unless the client has read them there before it sends presence, or binds with Bind 2.",
    ],
    "XEP-0441": ["There is no advanced configuration by ad-hoc commands."],
    "XEP-0424": ["Of several messages with one id the 50 latest are looked at; ids are meant to be unique."],
    "XEP-0059": [
      "An archive that is searched for words or for a full JID tells no count and has no pages by index, as reading all of it would take long.",
    ],
  },
  // §7 wants them at the addresses with an archive; Profanity asks the domain alone, which has one for nobody.
  features: [ns.RETRACT, ns.MAM, ns.MAM_EXTENDED],
  accountFeatures: [
    ns.MAM,
    ns.MAM_EXTENDED,
    ns.MAM_GROUPCHAT_FIELD,
    ns.FULLTEXT,
    ns.RSM,
    ns.RETRACT,
    ns.RETRACT_TOMBSTONE,
  ],
  requires: [roster, stanzaId],
  config: t.object({
    default: t
      .oneOf(DEFAULTS, "always")
      .doc('Whose messages are archived unless a user says otherwise; "roster": those of contacts.'),
    keep: t.duration("365d").doc('How long messages are kept. "off": for ever.'),
    messages: t
      .integer(1_000_000, { min: 1, off: true })
      .doc("Messages kept for one user; then the oldest go."),
    size: t.size("1 GB", { off: true }).doc("Size of all messages kept for one user; then the oldest go."),
    pageSize: t.integer(100, { min: 1, max: 1000 }).doc("Messages shown in one page at most."),
    queriesPerMinute: t.integer(300, { min: 1 }).doc("How often one client may ask for a page."),
  }),

  async setup(host, limits) {
    const archive = await Archive.open(host);
    const ids = createArchiveIds(await archiveKey(host));
    const preferences = await PreferenceStore.open(host, limits.default);
    const recorder = new Recorder(host, archive, preferences);
    const queries = host.metrics.counter("jackdaw_archive_queries", "queries of archives");
    const results = host.metrics.counter("jackdaw_archive_results", "messages shown from archives");
    const writes = host.metrics.counter("jackdaw_archive_writes", "messages written to archives");
    archive.onAppended = () => writes.inc();
    const answers = new Answers({ archive, ids, pageSize: limits.pageSize, results });
    const sent = new WeakMap<Stanza, number>();
    const refused = host.metrics.counter(
      "jackdaw_archive_refused",
      "queries of archives that came too often",
    );
    const rates = new Rates(limits.queriesPerMinute, host.clock);
    keepWithin(host, archive, limits);

    host.hook("message:sent", "archive", ({ session, stanza }) => {
      const user = session.jid.bare;
      const to = stanza.to as Jid;
      // §6.1.1: once in an archive; a message to oneself is archived when it arrives.
      if (session.anonymous || to.bare.equals(user)) return undefined;
      return after(recorder.keep(user, to, stanza), (id) => {
        // Nobody else asks for it.
        if (id !== undefined && host.sessions.of(user).length > 1) sent.set(stanza, id);
      });
    });

    host.hook("message:received", "archive", (event) => {
      const { user, stanza, recipients } = event;
      if (recipients[0]?.anonymous) return undefined;
      return after(recorder.keep(user, stanza.from ?? host.jid, stanza), (id) => {
        // §3.5
        if (id !== undefined) event.stanza = marked(stanza, user, id);
      });
    });

    // Without offline storage it is the archive that keeps the message.
    host.hook("message:undelivered", "observe", ({ user, stanza }) => {
      const mark = stanza.child("stanza-id", ns.STANZA_ID);
      return mark?.attrs.by === user.toString() ? "handled" : undefined;
    });

    host.hook("user:deleted", "observe", async ({ user }) => {
      await archive.remove(user.toString());
      await preferences.remove(user.toString());
    });
    const incoming = new ArchiveImport(archive, () => host.clock.now());
    host.hook("user:export", "observe", async (event) => {
      await exportPreferences(preferences, event);
      await exportArchive(archive, ids, event);
    });
    host.hook("user:import", "observe", (event) =>
      isPiece(event, "prefs", ns.MAM) ? importPreferences(preferences, event) : incoming.take(event),
    );
    host.hook("store:lost", "observe", () => {
      archive.forget();
      preferences.forget();
    });

    host.iq("set", ns.MAM, "query", async ({ session, ...request }) => {
      const shown: string[] = [];
      const fin = await ask(session.jid.bare, { ...request, session }, (result, id) => {
        session.send(result);
        shown.push(id);
      });
      if (shown.length > 0) await host.emit("archive:shown", { session, ids: shown });
      return fin;
    });
    host.iq("get", ns.MAM, "query", queryForm);
    host.iq("get", ns.MAM, "metadata", ({ session }) => answers.metadata(session.jid.bare));
    host.iq("get", ns.MAM, "prefs", ({ session }) =>
      after(preferences.of(session.jid.bare.toString()), preferencesElement),
    );
    host.iq("set", ns.MAM, "prefs", ({ session, payload }) => {
      const wanted = readPreferences(payload);
      return after(preferences.set(session.jid.bare.toString(), wanted), () => preferencesElement(wanted));
    });
    // §8.1: an archive is its owner's; nobody else learns whether there is one.
    for (const [type, name] of [
      ["set", "query"],
      ["get", "query"],
      ["get", "metadata"],
      ["get", "prefs"],
      ["set", "prefs"],
    ] as const) {
      host.iq(type, ns.MAM, name, refuse, "address");
      host.iq(type, ns.MAM, name, refuse, "host");
    }

    // XEP-0386 §4.2: how far the archive reaches when the resource is bound.
    host.streamFeature({
      ns: ns.MAM,
      offer: () => undefined,
      binding: { bound: async (session) => [await answers.metadata(session.jid.bare)] },
    });

    host.provide(archiveService, {
      isWorthKeeping,
      add: (owner, peer, message) => {
        const id = archive.append(owner.toString(), peer.bare.toString(), message);
        return after(id, (number) => ids.encode(number));
      },
      query: ask,
      form: queryForm,
      metadata: (owner) => answers.metadata(owner),
      async find(owner, text) {
        const id = ids.decode(text);
        const row = id === undefined ? undefined : await archive.get(owner.toString(), id);
        return row && archived(row);
      },
      async *latest(owner) {
        const rows = archive.rows({ owner: owner.toString() }, true);
        for await (const row of rows) yield archived(row);
      },
      replace: (owner, id, contents) => replace(owner.toString(), id, contents),
      trim: (owner, most) => archive.trim(owner.toString(), most),
      remove: (owner) => archive.remove(owner.toString()),
      withSentId(message) {
        const id = sent.get(message);
        return id === undefined || !message.from ? message : marked(message, message.from.bare, id);
      },
    });

    /** XEP-0359 §4 */
    function marked(message: Stanza, owner: Jid, id: number): Stanza {
      const by = escapeAttribute(owner.toString());
      const text = `<stanza-id xmlns="${ns.STANZA_ID}" by="${by}" id="${ids.encode(id)}"/>`;
      return message.appendText(MARKS, text);
    }

    async function replace(owner: string, text: string, contents: readonly Element[]): Promise<boolean> {
      const id = ids.decode(text);
      const row = id === undefined ? undefined : await archive.get(owner, id);
      if (!row) return false;
      await archive.replace(row, tombstone(parseStanza(row.stanza), contents));
      return true;
    }

    async function ask(...question: Parameters<ArchiveService["query"]>): Promise<Element> {
      queries.inc();
      const [owner, { from, payload, session }, send, view] = question;
      // Clients elsewhere could name resources as they like.
      if (!rates.tryTake((session ? from : from.bare).toString())) {
        refused.inc();
        throw new StanzaError("policy-violation", "too many queries", { type: "wait" });
      }
      return answers.query(owner, { from, payload }, send, view);
    }

    function archived({ id, stanza, with: peer }: ArchiveRow): Archived {
      return {
        id: ids.encode(id),
        at: timeOf(id),
        message: parseStanza(stanza),
        peer: Jid.parse(peer),
      };
    }
  },
});

function refuse(): never {
  throw new StanzaError("forbidden");
}

const MARKS = [{ name: "stanza-id", ns: ns.STANZA_ID }];

/** The secret behind the ids of this domain's archives, made once. */
async function archiveKey(host: Host): Promise<Buffer> {
  const table = await host.table<{ domain: string; key: Buffer }>({
    name: "archive_keys",
    version: 1,
    columns: { domain: "text", key: "blob" },
    key: ["domain"],
  });
  const stored = await table.get({ domain: host.domain });
  if (stored) return stored.key;
  const key = host.random.bytes(ARCHIVE_KEY_BYTES);
  await table.put({ domain: host.domain, key });
  return key;
}
