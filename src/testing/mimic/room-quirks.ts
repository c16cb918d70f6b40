/** How rooms of other servers differ from ours (XEP-0045); which ones do is said by the likenesses. */
import { childElements, Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { QuirkKind } from "./quirk.ts";

const SELF = "110";

/** The order of what is in the `<x/>` of `muc#user`: names, `status` for any code, codes. What is not named stays behind. */
export function inOrderOf(...order: readonly string[]): QuirkKind {
  const place = (child: Element) => {
    const code = order.indexOf(codeOf(child) ?? "");
    const name = code < 0 ? order.indexOf(child.getName()) : code;
    return name < 0 ? order.length : name;
  };
  return {
    name: "order",
    does: `In the <x/> of muc#user the order is ${order.join(", ")}.`,
    change(stanza) {
      const x = stanza.getChild("x", ns.MUC_USER);
      if (x) x.children = childElements(x).toSorted((a, b) => place(a) - place(b));
    },
  };
}

export const ownAddress: QuirkKind = {
  name: "own-address",
  does: "Occupants see their own real address in their own presence, also where only moderators see addresses.",
  change(stanza, { client }) {
    const item = itemOf(stanza);
    if (item && stanza.is("presence") && hasCode(stanza, SELF)) item.attrs["jid"] = client;
  },
};

/** `photo`: whether there is an empty `<photo/>` in it. */
export function avatarHash(photo: boolean): QuirkKind {
  return {
    name: "avatar-hash",
    does: "Presence of occupants without an avatar says so (XEP-0153), whatever their client sent.",
    change(stanza) {
      if (!isOccupantsPresence(stanza) || stanza.getChild("x", ns.VCARD_UPDATE)) return;
      stanza.children.unshift(el("x", { xmlns: ns.VCARD_UPDATE }, ...(photo ? [el("photo")] : [])));
    },
  };
}

/** `answers`: also answers and errors, which are in the language of who asked. */
export function language(answers: boolean): QuirkKind {
  return {
    name: "language",
    does: "What occupants send without a language gets that of their stream.",
    change(stanza) {
      const isAnswer = stanza.is("iq") || stanza.attrs["type"] === "error";
      if (isAnswer ? answers : isFromOccupant(stanza) && !isRoomsDoing(stanza)) {
        stanza.attrs["xml:lang"] ??= "en";
      }
      const text = isAnswer && answers && stanza.getChild("error")?.getChild("text", ns.STANZA_ERRORS);
      if (text) text.attrs["xml:lang"] = "en";
    },
  };
}

/** `name namespace` of children that the other server does not have. */
export function without(...names: readonly string[]): QuirkKind {
  return {
    name: "without",
    does: `There is no ${names.map((name) => `<${name.split(" ", 1)[0]}/>`).join(" and no ")}.`,
    change(stanza) {
      for (const parent of [stanza, stanza.getChild("x", ns.MUC_USER)]) {
        if (!parent) continue;
        parent.children = parent.children.filter(
          (child) =>
            !(child instanceof Element && names.includes(`${child.getName()} ${child.getNS() ?? ""}`)),
        );
      }
    },
  };
}

/** `name namespace` of a child of messages or presence that comes first, or last. */
export function moved(kind: "message" | "presence", name: string, to: "first" | "last"): QuirkKind {
  const isIt = (child: Element) => `${child.getName()} ${child.getNS() ?? ""}` === name;
  return {
    name: "moved",
    does: `<${name.split(" ", 1)[0]}/> is ${to}.`,
    change(stanza) {
      if (!stanza.is(kind)) return;
      const children = childElements(stanza);
      const [its, others] = [children.filter(isIt), children.filter((child) => !isIt(child))];
      stanza.children = to === "first" ? [...its, ...others] : [...others, ...its];
    },
  };
}

/** Digits behind the seconds; none: without a point. */
export function stamps(digits: 0 | 6): QuirkKind {
  return {
    name: "stamps",
    does: `Times of delayed messages have ${digits === 0 ? "whole seconds" : "microseconds"}.`,
    change(stanza) {
      const delay = stanza.getChild("delay", ns.DELAY);
      if (!delay) return;
      const [, seconds = "", rest = ""] = /^([^.Z]*)\.?(\d*)Z$/.exec(String(delay.attrs["stamp"])) ?? [];
      delay.attrs["stamp"] = digits === 0 ? `${seconds}Z` : `${seconds}.${rest.padEnd(digits, "0")}Z`;
    },
  };
}

export const bareSubject: QuirkKind = {
  name: "bare-subject",
  does: "Messages with the subject have no id of their sender, and none of the occupant (XEP-0421).",
  change(stanza) {
    if (!isSubject(stanza)) return;
    delete stanza.attrs["id"];
    delete stanza.attrs["xml:lang"];
    stanza.remove("occupant-id", ns.OCCUPANT_ID);
  },
};

export const undatedSubject: QuirkKind = {
  name: "undated-subject",
  does: "Who enters does not hear since when the subject is what it is.",
  change(stanza) {
    if (!isSubject(stanza) || !stanza.getChild("delay", ns.DELAY)) return;
    delete stanza.attrs["xml:lang"];
    stanza.remove("delay", ns.DELAY);
  },
};

export const namedEmptySubject: QuirkKind = {
  name: "named-empty-subject",
  does: "The empty subject of a room that never had one comes with an id.",
  change(stanza) {
    if (isSubject(stanza) && !isFromOccupant(stanza)) stanza.attrs["id"] ??= crypto.randomUUID();
  },
};

export const actorsAddress: QuirkKind = {
  name: "actors-address",
  does: "Moderators see the real address of who changed a role or an affiliation.",
  change(stanza, { room, client }) {
    const actor = itemOf(stanza)?.getChild("actor");
    const isModerator = [...(room?.seats.values() ?? [])].some(
      ({ jid, occupant }) => jid.toString() === client && occupant.role === "moderator",
    );
    if (!actor || !isModerator || hasCode(stanza, SELF)) return;
    const seat = [...(room?.occupants.values() ?? [])].find(({ nick }) => nick === actor.attrs["nick"])
      ?.seats[0];
    if (seat) actor.attrs["jid"] = seat.jid.toString();
  },
};

export const noActor: QuirkKind = {
  name: "no-actor",
  does: "It is not said who changed a role or an affiliation, but of who was thrown out, behind the reason.",
  change(stanza) {
    const item = itemOf(stanza);
    const actor = item?.getChild("actor");
    if (!item || !actor) return;
    item.children = item.children.filter((child) => child !== actor);
    if (stanza.attrs["type"] === "unavailable") item.children.push(actor);
  },
};

export const absentWithoutRole: QuirkKind = {
  name: "absent-without-role",
  does: "When the affiliation of somebody changes who is not there, no role is told, and of a ban its status.",
  change(stanza) {
    const item = stanza.is("message") ? itemOf(stanza) : undefined;
    if (!item) return;
    delete item.attrs["role"];
    delete stanza.attrs["id"];
    if (item.attrs["affiliation"] !== "outcast") return;
    stanza.getChild("x", ns.MUC_USER)?.children.unshift(el("status", { code: "301" }));
  },
};

export const destroyedForNobody: QuirkKind = {
  name: "destroyed-for-nobody",
  does: "When a room is destroyed the last presence does not say that it is one's own, and the affiliation is none.",
  change(stanza) {
    const x = stanza.getChild("x", ns.MUC_USER);
    if (!x?.getChild("destroy")) return;
    const item = itemOf(stanza);
    if (item) item.attrs = { affiliation: "none", role: "none" };
    x.children = childElements(x).filter((child) => codeOf(child) !== SELF);
  },
};

/** Invitations: whose address they are from, and how the text reads. */
export function invitation(
  from: "occupant" | "client",
  text: (by: string, room: string, reason: string) => string,
  reasonIn: "attribute" | "text",
): QuirkKind {
  return {
    name: "invitation",
    does: "An invitation through the room has a text for clients that know no rooms.",
    change(stanza, { room }) {
      const invite = stanza.getChild("x", ns.MUC_USER)?.getChild("invite");
      const direct = stanza.getChild("x", ns.CONFERENCE);
      if (!invite || !direct || stanza.getChild("body")) return;
      const address = String(stanza.attrs["from"]);
      const inviter = [...(room?.seats.values() ?? [])].find(
        ({ occupant }) => occupant.user.toString() === invite.attrs["from"],
      );
      if (inviter) invite.attrs["from"] = (from === "client" ? inviter.jid : inviter.occupant.jid).toString();
      const reason = invite.getChildText("reason") ?? "";
      if (reasonIn === "text") {
        delete direct.attrs["reason"];
        direct.children = reason === "" ? [] : [reason];
      }
      stanza.cnode(el("body", {}, text(String(invite.attrs["from"]), address, reason)));
    },
  };
}

/** New rooms are open at once, although it is said that they are new (XEP-0045 §10.1.2). */
export const unlocked: QuirkKind = {
  name: "unlocked",
  does: "Others may enter a room that was just made, before its owner configured it.",
  change(stanza, { room }) {
    if (room && hasCode(stanza, "201")) room.isLocked = false;
  },
};

export const hiddenOccupants: QuirkKind = {
  name: "hidden-occupants",
  does: "A room names nobody when it is asked for its items (XEP-0045 §6.5).",
  change(stanza) {
    if (isRoom(stanza)) stanza.getChild("query", ns.DISCO_ITEMS)?.remove("item", ns.DISCO_ITEMS);
  },
};

export const countedRooms: QuirkKind = {
  name: "counted-rooms",
  does: "In the list of rooms the names have the number of occupants behind them.",
  change(stanza, context) {
    if (isRoom(stanza)) return;
    for (const item of stanza.getChild("query", ns.DISCO_ITEMS)?.getChildren("item") ?? []) {
      const occupants = context.roomAt(String(item.attrs["jid"]))?.occupants.size ?? 0;
      item.attrs["name"] = `${item.attrs["name"]} (${occupants})`;
    }
  },
};

/** What a room tells of itself: features, and fields of its form, in their order. Those that we have are shown. */
export function roomInfo(features: readonly string[], fields: readonly string[]): QuirkKind {
  return {
    name: "room-info",
    does: "What a room tells of itself: its identity has no name, features and fields are those of the other.",
    change(stanza) {
      const query = isRoom(stanza) ? stanza.getChild("query", ns.DISCO_INFO) : undefined;
      if (!query || query.attrs["node"] !== undefined) return;
      for (const identity of query.getChildren("identity")) delete identity.attrs["name"];
      const shown = new Map(query.getChildren("feature").map((one) => [String(one.attrs["var"]), one]));
      const form = query.getChild("x", ns.DATA_FORMS);
      if (form) form.children = fieldsOf(form, ["FORM_TYPE", ...fields]);
      query.children = [
        ...query.getChildren("identity"),
        ...features.flatMap((name) => shown.get(name) ?? []),
        ...(form ? [form] : []),
      ];
    },
  };
}

/** The form of owners: its title, and its fields in their order. */
export function configForm(title: (room: string) => string, fields: readonly string[]): QuirkKind {
  return {
    name: "config-form",
    does: "The form of owners has the other's title, and of its fields those that there are here.",
    change(stanza) {
      const form = stanza.getChild("query", ns.MUC_OWNER)?.getChild("x", ns.DATA_FORMS);
      if (!form || stanza.attrs["type"] !== "result") return;
      form.children = [
        el("title", {}, title(String(stanza.attrs["from"]))),
        ...fieldsOf(form, ["FORM_TYPE", ...fields]),
      ];
    },
  };
}

function fieldsOf(form: Element, names: readonly string[]): Element[] {
  const all = new Map(form.getChildren("field").map((one) => [String(one.attrs["var"]), one]));
  return names.flatMap((name) => all.get(name) ?? []);
}

function itemOf(stanza: Element): Element | undefined {
  return stanza.getChild("x", ns.MUC_USER)?.getChild("item");
}

function codeOf(child: Element): string | undefined {
  return child.is("status") ? String(child.attrs["code"]) : undefined;
}

function hasCode(stanza: Element, code: string): boolean {
  const statuses = stanza.getChild("x", ns.MUC_USER)?.getChildren("status") ?? [];
  return statuses.some((status) => status.attrs["code"] === code);
}

function isRoom(stanza: Element): boolean {
  return /^[^/]+@[^/]+$/.test(String(stanza.attrs["from"]));
}

function isFromOccupant(stanza: Element): boolean {
  return !stanza.is("iq") && String(stanza.attrs["from"]).includes("/");
}

/** That somebody is no longer there, or called so, by what the room did. */
function isRoomsDoing(stanza: Element): boolean {
  const children = stanza.getChild("x", ns.MUC_USER)?.getChildElements() ?? [];
  const isSaid = children.some((child) => child.is("destroy") || (codeOf(child) ?? SELF) !== SELF);
  return stanza.attrs["type"] === "unavailable" && isSaid;
}

function isOccupantsPresence(stanza: Element): boolean {
  return stanza.is("presence") && stanza.attrs["type"] === undefined && isFromOccupant(stanza);
}

function isSubject(stanza: Element): boolean {
  return (
    stanza.is("message") && stanza.attrs["type"] === "groupchat" && stanza.getChild("subject") !== undefined
  );
}
