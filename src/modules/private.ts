/**
 * XEP-0049 Private XML Storage, version 1.2
 * https://xmpp.org/extensions/xep-0049.html
 *
 * Keeps small pieces of XML for a user's own clients, by the name and namespace of their root.
 */
import { defineModule } from "../core/module.ts";
import { isPiece } from "../core/user-data.ts";
import { t } from "../util/schema.ts";
import { childElements, clone, type Element, el, serialize } from "../xml/element.ts";
import { readFragment } from "../xml/fragment.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { ns } from "../xmpp/ns.ts";

interface PrivateRow {
  user: string;
  /** Namespace and name. */
  kind: string;
  xml: string;
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

    // §3.2: what was never stored comes back as it was asked for, empty.
    host.iq("get", ns.PRIVATE, "query", async ({ session, payload }) => {
      const [asked, ...more] = childElements(payload);
      if (!asked || more.length > 0) throw new StanzaError("bad-request");
      const row = await table.get({ user: session.jid.bare.toString(), kind: kindOf(asked) });
      return el("query", { xmlns: ns.PRIVATE }, row ? stored(row) : clone(asked));
    });

    // §3.1.
    host.iq("set", ns.PRIVATE, "query", async ({ session, payload }) => {
      const pieces = childElements(payload);
      if (pieces.length === 0) throw new StanzaError("bad-request");
      const user = session.jid.bare.toString();
      const rows = pieces.map((piece) => ({ user, kind: kindOf(piece), xml: serialize(piece) }));
      if (rows.some((row) => Buffer.byteLength(row.xml) > config.size)) {
        throw new StanzaError("not-acceptable", "too large");
      }
      const kinds = new Set((await table.list({ where: { user } })).map((row) => row.kind));
      for (const row of rows) kinds.add(row.kind);
      if (kinds.size > config.items) throw new StanzaError("resource-constraint", "too many pieces");
      for (const row of rows) await table.put(row);
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
          await table.put(row);
          event.added("pieces of private XML");
        }
      }
      return "handled";
    });
  },
});

/** §3.3: every piece has a namespace of its own. @throws StanzaError */
function kindOf(piece: Element): string {
  const namespace = piece.attrs.xmlns as string | undefined;
  if (!namespace || namespace === ns.PRIVATE || namespace === ns.CLIENT) throw new StanzaError("bad-request");
  return `${namespace} ${piece.getName()}`;
}

function stored(row: PrivateRow): Element {
  const [piece] = readFragment(`<query>${row.xml}</query>`).children;
  if (!piece) throw new Error("a piece of private XML without content");
  return clone(piece);
}
