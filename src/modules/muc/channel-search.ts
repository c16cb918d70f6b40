/** XEP-0433 Extended Channel Search, version 0.1.0: https://xmpp.org/extensions/xep-0433.html */
import type { IqRequest } from "../../routing/iq-table.ts";
import { Rates } from "../../util/rates.ts";
import { type Element, el } from "../../xml/element.ts";
import { type ErrorType, type StanzaCondition, StanzaError } from "../../xmpp/errors.ts";
import { type FormField, form, readBoolean, readForm } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import { pageOf, readRsm, rsmElement } from "../../xmpp/rsm.ts";
import type { Context } from "./context.ts";
import type { RoomOptions } from "./room-options.ts";

const PARAMS = "urn:xmpp:channel-search:0:search-params";
const ERRORS = "urn:xmpp:channel-search:0:error";
const ORDER = "{urn:xmpp:channel-search:0:order}";
const BY_USERS = `${ORDER}nusers`;
const BY_ADDRESS = `${ORDER}address`;
const OPEN_ANONYMITY = "{urn:xmpp:channel-search:0:anonymity}none";
/** §6.2: of the kinds of channels there are, this service has the first. */
const TYPE = "xep-0045";

const MAX_QUERY_LENGTH = 256;
const MAX_TERMS = 8;
const PAGE_ROOMS = 100;
/** Seconds until those who searched too often may again. */
const RETRY_S = 60;

/** A public room as it is found. */
interface Channel {
  readonly address: string;
  readonly options: RoomOptions;
  readonly users: number;
}

interface Search {
  /** In lower case; empty: all. */
  readonly terms: readonly string[];
  readonly inName: boolean;
  readonly inDescription: boolean;
  readonly inAddress: boolean;
  readonly minUsers: number;
  readonly key: string;
  readonly isForRooms: boolean;
}

/** Finds public rooms by what is in their names, descriptions and addresses. */
export class ChannelSearch {
  readonly #context: Context;
  readonly #rates: Rates;

  constructor(context: Context) {
    this.#context = context;
    this.#rates = new Rates(context.config.searchesPerMinute, context.host.clock);
  }

  /** §4.2: the form, or what the submitted one finds. @throws StanzaError */
  async answer({ payload, from }: IqRequest): Promise<Element> {
    const x = payload.getChild("x", ns.DATA_FORMS);
    if (!x) return el("search", { xmlns: ns.CHANNEL_SEARCH }, searchForm());
    const search = readSearch(x);
    const rsm = readRsm(payload);
    // §4.2.2.4
    if (!this.#rates.tryTake(from.bare.toString())) throw tooMany();
    const channels = search.isForRooms
      ? (await this.#publicRooms()).filter((each) => isFound(each, search))
      : [];
    const { items, page } = pageOf(sorted(channels, search.key), ({ address }) => address, rsm, PAGE_ROOMS);
    return el("result", { xmlns: ns.CHANNEL_SEARCH }, ...items.map(itemElement), rsmElement(page));
  }

  async #publicRooms(): Promise<readonly Channel[]> {
    const { store, rooms, service, config } = this.#context;
    const found = new Map<string, Channel>();
    for (const { room, options } of await store.list(service.domain)) {
      found.set(room, { address: room, options: rooms.optionsOf(options), users: 0 });
    }
    for (const { jid, options, occupants, isLocked } of rooms.active) {
      const address = jid.toString();
      if (!isLocked) found.set(address, { address, options, users: occupants.size });
    }
    return [...found.values()].filter(({ options }) => options.public).slice(0, config.searched);
  }
}

function searchForm(): Element {
  const flag = (name: string, label: string): FormField => ({ name, type: "boolean", label, value: true });
  return form({
    type: "form",
    formType: PARAMS,
    fields: [
      { name: "q", type: "text-single", label: "Search for" },
      { name: "all", type: "boolean", label: "Return all entries (ignore search terms)" },
      flag("sinname", "Search in name"),
      flag("sindescription", "Search in description"),
      flag("sinaddress", "Search in address"),
      { name: "min_users", type: "text-single", label: "Minimum number of users", value: "0" },
      {
        name: "types",
        type: "list-multi",
        label: "Service types",
        value: [TYPE],
        options: [{ value: TYPE, label: "XEP-0045 Multi User Chats" }],
      },
      {
        name: "key",
        type: "list-single",
        label: "Sort results by",
        value: BY_USERS,
        options: [
          { value: BY_USERS, label: "Number of online users" },
          { value: BY_ADDRESS, label: "Address" },
        ],
      },
    ],
  });
}

function readSearch(x: Element): Search {
  const { type, formType, values } = readForm(x);
  if (type !== "submit" || formType !== PARAMS) throw new StanzaError("bad-request");
  const single = (name: string) => values.get(name)?.[0];
  const flag = (name: string, fallback: boolean) => {
    const value = single(name);
    return value === undefined ? fallback : readBoolean(value);
  };
  const query = single("q");
  const isAll = flag("all", false);
  const isSearch = query !== undefined && query.trim() !== "";
  // §4.2.2.6
  if (isAll && isSearch) throw refusal("bad-request", "conflicting-fields", "search for all, or for words");
  // §4.2.2.7
  if (!isAll && query === undefined) throw refusal("bad-request", "no-search-conditions", "", "cancel");
  const key = single("key") ?? BY_USERS;
  // §4.2.2.2
  if (key !== BY_USERS && key !== BY_ADDRESS) {
    throw refusal("feature-not-implemented", "invalid-sort-key", "", "modify");
  }
  const minUsers = single("min_users") ?? "0";
  if (!/^\d{1,9}$/.test(minUsers)) throw new StanzaError("bad-request", "min_users is no number");
  const types = values.get("types");
  return {
    terms: isAll ? [] : termsOf(query ?? ""),
    inName: flag("sinname", true),
    inDescription: flag("sindescription", true),
    // The table of fields calls it one thing (§6.1), the example another (§4.2.1).
    inAddress: flag("sinaddress", flag("sinaddr", true)),
    minUsers: Number(minUsers),
    key,
    isForRooms: types === undefined || types.length === 0 || types.includes(TYPE),
  };
}

/** §4.2.2.3 */
function termsOf(query: string): readonly string[] {
  const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length === 0)
    throw refusal("bad-request", "invalid-search-terms", "there is no word to search for");
  if (query.length > MAX_QUERY_LENGTH || terms.length > MAX_TERMS) {
    throw refusal("bad-request", "invalid-search-terms", "too much to search for");
  }
  return terms;
}

function isFound({ address, options, users }: Channel, search: Search): boolean {
  if (users < search.minUsers) return false;
  const { inName, inDescription, inAddress, terms } = search;
  const texts = [inName && options.name, inDescription && options.description, inAddress && address];
  const text = texts.filter(Boolean).join("\n").toLowerCase();
  return terms.every((term) => text.includes(term));
}

function sorted(channels: readonly Channel[], key: string): readonly Channel[] {
  const byAddress = (a: Channel, b: Channel) => (a.address < b.address ? -1 : 1);
  return channels.toSorted((a, b) => (key === BY_USERS ? b.users - a.users : 0) || byAddress(a, b));
}

/** §6.2 */
function itemElement({ address, options, users }: Channel): Element {
  const { name, description, language, membersOnly, password, whois } = options;
  const item = el("item", { address });
  const text = (child: string, value: string) => value !== "" && item.cnode(el(child, {}, value));
  text("name", name);
  text("description", description);
  text("language", language);
  text("nusers", String(users));
  text("service-type", TYPE);
  text("is-open", String(!membersOnly && password === ""));
  text("anonymity-mode", whois === "anyone" ? OPEN_ANONYMITY : "muc_semianonymous");
  return item;
}

function refusal(condition: StanzaCondition, detail: string, text = "", type?: ErrorType): StanzaError {
  return new StanzaError(condition, text, {
    detail: { name: detail, ns: ERRORS },
    ...(type && { type }),
  });
}

/** §4.2.2.4 */
function tooMany(): StanzaError {
  const attributes = { "retry-after": String(RETRY_S) };
  return new StanzaError("resource-constraint", "", {
    detail: { name: "rate-limit", ns: ERRORS, attributes },
  });
}
