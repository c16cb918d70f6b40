/**
 * XEP-0049 Private XML Storage, version 1.2
 * https://xmpp.org/extensions/xep-0049.html
 *
 * Keeps small pieces of XML for a user's own clients, by the name and namespace of their root.
 */
import { defineModule, defineService } from "../core/module.ts";
import { isPiece } from "../core/user-data.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { Lru } from "../util/lru.ts";
import { t } from "../util/schema.ts";
import { childElements, clone, type Element, el, serialize } from "../xml/element.ts";
import { readFragment } from "../xml/fragment.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";

interface PrivateRow {
  user: string;
  /** Namespace and name. */
  kind: string;
  xml: string;
}

/** The pieces of users, by their bare JIDs, for modules that keep them elsewhere. */
export interface PrivateStorage {
  get(user: Jid, name: string, namespace: string): Awaitable<Element | undefined>;
  put(user: Jid, piece: Element): Promise<void>;
}

/** Users of whom it is remembered what they do not have. */
const LACKING_USERS = 10_000;

export const privateService = defineService<PrivateStorage>("private");

declare module "../routing/hooks.ts" {
  interface Hooks {
    /** A client asks for a piece; `answer`, what is stored or an empty piece, may be replaced. */
    "private:get": { readonly user: Jid; readonly asked: Element; answer: Element };
    /** A client stores a piece; it may be replaced by another one of the same kind. */
    "private:set": { readonly user: Jid; piece: Element };
  }
}

export const privateStorage = defineModule({
  name: "private",
  implements: ["XEP-0049 1.2"],
  features: [ns.PRIVATE],
  accountFeatures: [ns.PRIVATE],
  config: t.object({
    items: t.integer(100, { min: 1 }).doc("Pieces kept for one account."),
    size: t.size("100 KB").doc("The largest piece."),
  }),

  async setup(host, config) {
    const table = await host.table<PrivateRow>({
      name: "private_xml",
      version: 1,
      columns: { user: "text", kind: "text", xml: "text" },
      key: ["user", "kind"],
    });

    /** A piece that a user does not have: who asks for it asks whenever the user comes. */
    const lacking = new Lru<string, string>(LACKING_USERS);
    const put = (row: PrivateRow): Awaitable<void> => {
      lacking.delete(row.user);
      return table.put(row);
    };
    host.hook("store:lost", "observe", () => lacking.clear());

    /** §3.2: by its namespace; where several are kept under one, the name says which. */
    const find = (user: string, asked: Element): Awaitable<PrivateRow | undefined> => {
      const kind = kindOf(asked);
      const { xmlns: namespace } = asked.attrs as { xmlns: string };
      return after(table.get({ user, kind }), (named) => {
        if (named) return named;
        // What is of a longer namespace with a space in it lies there as well.
        const range = { where: { user }, after: `${namespace} `, before: `${namespace}!` };
        return after(table.list(range), (rows) => rows.find((row) => namespaceOf(row) === namespace));
      });
    };

    // §3.2: what was never stored comes back as it was asked for, empty.
    host.iq("get", ns.PRIVATE, "query", async ({ session, payload }) => {
      const [asked, ...more] = childElements(payload);
      if (!asked) throw new StanzaError("not-acceptable");
      if (more.length > 0) throw new StanzaError("bad-request");
      const user = session.jid.bare;
      const row = await find(user.toString(), asked);
      const event = { user, asked, answer: row ? stored(row) : clone(asked) };
      await host.emit("private:get", event);
      return el("query", { xmlns: ns.PRIVATE }, event.answer);
    });

    // §3.1.
    host.iq("set", ns.PRIVATE, "query", async ({ session, payload }) => {
      const pieces = childElements(payload);
      if (pieces.length === 0) throw new StanzaError("not-acceptable");
      const user = session.jid.bare.toString();
      for (const piece of pieces) {
        kindOf(piece);
        if (Buffer.byteLength(serialize(piece)) > config.size) {
          throw new StanzaError("not-acceptable", "too large");
        }
      }
      const rows: PrivateRow[] = [];
      for (const piece of pieces) {
        const event = { user: session.jid.bare, piece };
        await host.emit("private:set", event);
        rows.push({ user, kind: kindOf(event.piece), xml: serialize(event.piece) });
      }
      const kinds = new Set((await table.list({ where: { user } })).map((row) => row.kind));
      for (const row of rows) kinds.add(row.kind);
      if (kinds.size > config.items) throw new StanzaError("resource-constraint", "too many pieces");
      for (const row of rows) await put(row);
    });

    host.provide(privateService, {
      get(user, name, namespace) {
        const key = { user: user.toString(), kind: `${namespace} ${name}` };
        if (lacking.get(key.user) === key.kind) return undefined;
        return after(table.get(key), (row) => {
          if (!row) lacking.set(key.user, key.kind);
          return row && stored(row);
        });
      },
      async put(user, piece) {
        await put({ user: user.toString(), kind: kindOf(piece), xml: serialize(piece) });
      },
    });

    host.hook("user:deleted", "observe", async ({ user }) => {
      await table.delete({ user: user.toString() });
    });

    // XEP-0227 §4.6: all pieces in one query.
    host.hook("user:export", "observe", async ({ user, write }) => {
      const rows = await table.list({ where: { user: user.toString() } });
      if (rows.length > 0) {
        await write(`<query xmlns="${ns.PRIVATE}">${rows.map(({ xml }) => xml).join("")}</query>`);
      }
    });
    host.hook("user:import", "observe", async (event) => {
      if (!isPiece(event, "query", ns.PRIVATE)) return undefined;
      const user = event.user.toString();
      for (const piece of childElements(event.element)) {
        const row = { user, kind: kindOf(piece), xml: serialize(piece) };
        if (await table.get({ user, kind: row.kind })) event.present("pieces of private XML");
        else if (Buffer.byteLength(row.xml) > config.size) event.skipped(`private ${row.kind}`, "too large");
        else if ((await table.count({ where: { user } })) >= config.items) {
          event.skipped(`private ${row.kind}`, "too many pieces");
        } else {
          await put(row);
          event.added("pieces of private XML");
        }
      }
      return "handled";
    });
  },
});

/** §3: there is at least one piece, and every piece has a namespace of its own. @throws StanzaError not-acceptable */
function kindOf(piece: Element): string {
  const namespace = piece.attrs.xmlns as string | undefined;
  if (!namespace || namespace === ns.PRIVATE || namespace === ns.CLIENT) {
    throw new StanzaError("not-acceptable");
  }
  return `${namespace} ${piece.getName()}`;
}

function namespaceOf({ kind }: PrivateRow): string {
  return kind.slice(0, kind.lastIndexOf(" "));
}

function stored(row: PrivateRow): Element {
  const [piece] = readFragment(`<query>${row.xml}</query>`).children;
  if (!piece) throw new Error("a piece of private XML without content");
  return clone(piece);
}
