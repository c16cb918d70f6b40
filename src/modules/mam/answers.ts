import type { IqRequest } from "../../routing/iq-table.ts";
import type { Counter } from "../../util/metrics.ts";
import { type Element, el, escapeAttribute } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { forwarded } from "../../xmpp/forward.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import { type RsmPage, type RsmRequest, rsmElement } from "../../xmpp/rsm.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveIds } from "./archive-ids.ts";
import { type ArchiveRow, timeOf } from "./archive-row.ts";
import type { ArchiveView } from "./archive-service.ts";
import type { Page } from "./page.ts";
import { readQuery } from "./query.ts";
import { type Bounds, findMessage, findResults, type ResultSet } from "./result-set.ts";

interface AnswerParts {
  readonly archive: Archive;
  readonly ids: ArchiveIds;
  /** Messages in one page at most. */
  readonly pageSize: number;
  readonly results: Counter;
}

const HEADS = [{ name: "result", ns: ns.MAM }];

/** Answers questions about any archive. Whether somebody may ask is for the caller to know. */
export class Answers {
  readonly #parts: AnswerParts;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /**
   * XEP-0313 §4: gives one page of results to `send` and returns the `<fin/>` of the answer that has to follow them.
   * `view`: for archives that are not the asker's own.
   * @throws StanzaError
   */
  async query(
    owner: Jid,
    request: Asked,
    send: (result: Stanza, id: string) => void,
    view?: ArchiveView,
  ): Promise<Element> {
    const { archive, ids, pageSize, results } = this.#parts;
    const { filter, rsm, queryId, isFlipped } = readQuery(request.payload);
    const found = await findResults(archive, ids, owner.toString(), filter, view);
    const bounds =
      rsm.index === undefined ? await this.#bounds(owner.toString(), rsm) : await from(found, rsm.index);
    const messages = Math.min(rsm.max ?? pageSize, pageSize);
    const page = await found.page(bounds, messages, rsm.before !== undefined);
    if (page.rows.length === 0 && !page.isComplete && messages > 0) {
      throw new StanzaError("resource-constraint", "too many messages to look through: ask for fewer");
    }
    const set = await this.#describe(found, bounds, page);
    const header = { kind: "message", from: owner, to: request.from } as const;
    for (const row of isFlipped ? page.rows.toReversed() : page.rows) {
      const id = ids.encode(row.id);
      send(Stanza.ofText(header, HEADS, this.#result(row, id, queryId, view)), id);
    }
    results.inc(page.rows.length);
    // §4.3.2: what the archive has is stable, so it is not said.
    const complete = page.isComplete ? "true" : undefined;
    return el("fin", { xmlns: ns.MAM, complete }, rsmElement(set));
  }

  /** XEP-0313 §5. */
  async metadata(owner: Jid): Promise<Element> {
    const { archive, ids } = this.#parts;
    const slice = { owner: owner.toString() };
    const metadata = el("metadata", { xmlns: ns.MAM });
    const [first, last] = [await archive.first(slice), await archive.last(slice)];
    if (!first || !last) return metadata;
    for (const [name, { id }] of [
      ["start", first],
      ["end", last],
    ] as const) {
      metadata.cnode(el(name, { id: ids.encode(id), timestamp: formatDateTime(timeOf(id)) }));
    }
    return metadata;
  }

  /** §4.3.2: an id that is not in the archive is an error. */
  async #bounds(owner: string, { after, before }: RsmRequest): Promise<Bounds> {
    const { archive, ids } = this.#parts;
    const find = async (id: string) => (await findMessage(archive, ids, owner, id)).id;
    return {
      after: after === undefined ? undefined : await find(after),
      // XEP-0059 §2.5: an empty one asks for the last page.
      before: before === undefined || before === "" ? undefined : await find(before),
    };
  }

  async #describe(found: ResultSet, { after, before }: Bounds, page: Page): Promise<RsmPage> {
    const { ids } = this.#parts;
    const [first, last] = [page.rows[0], page.rows.at(-1)];
    const isWhole = page.isComplete && after === undefined && before === undefined;
    const count = isWhole ? page.rows.length : await found.count();
    if (!first || !last) return { count };
    const index = isWhole ? 0 : count === undefined ? undefined : await found.count(first.id);
    return { first: ids.encode(first.id), last: ids.encode(last.id), index, count };
  }

  /** §4.2: the text of a `<result/>`; ids and times need no escaping. */
  #result(row: ArchiveRow, id: string, queryId: string | undefined, view: ArchiveView | undefined): string {
    const { stanza } = row;
    const query = queryId === undefined ? "" : ` queryid="${escapeAttribute(queryId)}"`;
    const tag = `<result xmlns="${ns.MAM}"${query} id="${id}">`;
    const shown = view?.show ? view.show(parseStanza(stanza), Jid.parse(row.with)).toString() : stanza;
    return `${tag}${forwarded(shown, timeOf(row.id))}</result>`;
  }
}

type Asked = Pick<IqRequest, "from" | "payload">;

/** XEP-0059 §2.6: the page that starts at this position; behind the end there is nothing. */
async function from(found: ResultSet, index: number): Promise<Bounds> {
  const id = await found.idAt(index);
  return { after: id === undefined ? Number.MAX_SAFE_INTEGER : id - 1 };
}
