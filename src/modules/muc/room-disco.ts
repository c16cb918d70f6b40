import type { DiscoNodes } from "../../core/service-host.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type FormField, form } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Context } from "./context.ts";
import { reservedNick } from "./registration.ts";
import type { Room } from "./room.ts";
import type { RoomOptions } from "./room-options.ts";
import { subjectText } from "./subject.ts";

/** §7.12 */
const NICK_NODE = "x-roomuser-item";

/** XEP-0045 §6.3 to §6.6: which rooms there are, and what a room is. */
export class RoomDisco {
  readonly #context: Context;
  #nodes: DiscoNodes | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The commands of rooms. */
  addNodes(nodes: DiscoNodes): void {
    this.#nodes = nodes;
  }

  /** §6.3: the public rooms, in the order of their addresses. */
  listRooms(): Awaitable<Element> {
    const { store, rooms, service, config } = this.#context;
    return after(store.list(service.domain), (stored) => {
      const found = new Map(stored.map(({ room, options }) => [room, options]));
      for (const { jid, options, isLocked } of rooms.active)
        if (!isLocked) found.set(jid.toString(), options);
      const items = [...found]
        .filter(([, options]) => options.public)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, config.listed)
        .map(([jid, { name }]) => el("item", { jid, name: name || jid.slice(0, jid.indexOf("@")) }));
      return el("query", { xmlns: ns.DISCO_ITEMS }, ...items);
    });
  }

  /** §6.4 */
  info(room: Room, request: IqRequest): Awaitable<Element> {
    const { from, payload } = request;
    const { host } = this.#context;
    const node: unknown = payload.attrs.node;
    if (node === NICK_NODE) return nickInfo(room, from);
    // §18.1.1: all namespaces pass.
    if (node === ns.MUC_TRAFFIC) throw new StanzaError("service-unavailable");
    if (typeof node === "string") return this.#required(this.#nodes?.info(node, request));
    const features = [...featuresOf(room), ...(this.#nodes ? [ns.COMMANDS] : [])];
    const fields = fieldsOf(room);
    return after(host.emit("muc:described", { room, features, fields }), () => {
      const query = el("query", { xmlns: ns.DISCO_INFO });
      const name = room.options.name || room.jid.local;
      query.cnode(el("identity", { category: "conference", type: "text", name }));
      for (const feature of features) query.cnode(el("feature", { var: feature }));
      query.cnode(form({ type: "result", formType: ns.MUC_INFO, fields }));
      return query;
    });
  }

  /** §6.5: who is there is known to those who are, and of a room that is open to everybody to anybody where that is switched on. */
  items(room: Room, request: IqRequest): Awaitable<Element> {
    const { from, payload } = request;
    const node: unknown = payload.attrs.node;
    if (typeof node === "string") return this.#required(this.#nodes?.items(node, request));
    const query = el("query", { xmlns: ns.DISCO_ITEMS });
    const isOpen = this.#context.config.occupantList === "anybody" && isForEverybody(room.options);
    if (!isOpen && !room.occupantOf(from)) return query;
    for (const { jid, nick, role } of room.occupants.values()) {
      if (room.shows(role)) query.cnode(el("item", { jid: jid.toString(), name: nick }));
    }
    return query;
  }

  #required(found: Awaitable<Element | undefined>): Awaitable<Element> {
    return after(found, (query) => {
      if (!query) throw new StanzaError("item-not-found");
      return query;
    });
  }
}

function nickInfo(room: Room, user: Jid): Element {
  const query = el("query", { xmlns: ns.DISCO_INFO, node: NICK_NODE });
  const name = reservedNick(room, user);
  if (name !== "") query.cnode(el("identity", { category: "conference", type: "text", name }));
  return query;
}

/** §15.3 */
function featuresOf({ options }: Room): readonly string[] {
  const either = (isSo: boolean, yes: string, no: string) => (isSo ? yes : no);
  return [
    ns.DISCO_INFO,
    ns.DISCO_ITEMS,
    ns.MUC,
    ns.MUC_STABLE_ID,
    ns.MUC_SELF_PING,
    ns.OCCUPANT_ID,
    ns.MAV,
    ns.REGISTER,
    either(options.password !== "", "muc_passwordprotected", "muc_unsecured"),
    either(options.public, "muc_public", "muc_hidden"),
    either(options.persistent, "muc_persistent", "muc_temporary"),
    either(options.membersOnly, "muc_membersonly", "muc_open"),
    either(options.moderated, "muc_moderated", "muc_unmoderated"),
    either(options.whois === "anyone", "muc_nonanonymous", "muc_semianonymous"),
  ];
}

/** §15.5.4. §14.4: what is said in a room that is not for everybody is told to nobody. */
function fieldsOf(room: Room): FormField[] {
  const { options } = room;
  const fields: FormField[] = [
    { name: "muc#roominfo_description", type: "text-single", value: options.description },
    { name: "muc#roomconfig_roomname", type: "text-single", value: options.name },
    { name: "muc#roominfo_occupants", type: "text-single", value: String(room.occupants.size) },
    { name: "muc#roominfo_subjectmod", type: "boolean", value: options.changeSubject },
    { name: "muc#roomconfig_changesubject", type: "boolean", value: options.changeSubject },
    { name: "muc#roomconfig_allowinvites", type: "boolean", value: options.allowInvites },
    { name: "muc#roomconfig_allowpm", type: "list-single", value: options.privateMessages },
    { name: "muc#maxhistoryfetch", type: "text-single", value: String(options.history) },
  ];
  if (options.language)
    fields.push({ name: "muc#roominfo_lang", type: "text-single", value: options.language });
  if (options.pubsub)
    fields.push({ name: "muc#roominfo_pubsub", type: "text-single", value: options.pubsub });
  if (isForEverybody(options) && room.subject) {
    fields.push({ name: "muc#roominfo_subject", type: "text-single", value: subjectText(room.subject) });
  }
  return fields;
}

function isForEverybody({ public: isPublic, membersOnly, password }: RoomOptions): boolean {
  return isPublic && !membersOnly && password === "";
}
