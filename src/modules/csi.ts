/**
 * XEP-0352 Client State Indication, version 1.0.0
 * https://xmpp.org/extensions/xep-0352.html
 * XEP-0286 Mobile Considerations on LTE Networks, version 1.0.0
 *
 * While nobody looks at a client, what can wait waits: of each sender's presence, and of events of one item, only the latest
 * is kept, typing is dropped. The first thing that matters brings everything along, so that a phone's radio wakes once
 * (XEP-0286 §4).
 */
import { defineModule } from "../core/module.ts";
import type { Session } from "../session/session.ts";
import { t } from "../util/schema.ts";
import { childElements, type Element, el, serialize } from "../xml/element.ts";
import { StreamError } from "../xmpp/errors.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";

const OFFER = serialize(el("csi", { xmlns: ns.CSI }));

export const csi = defineModule({
  name: "csi",
  implements: ["XEP-0352 1.0.0", "XEP-0286 1.0.0"],
  config: t.object({
    held: t
      .integer(500, { min: 1 })
      .doc("Stanzas that wait for one inactive client; with more of them all are sent."),
    heldSize: t.size("128 KB").doc("Their size; with more all are sent as well."),
    presence: t.boolean(true).doc("Hold presence back."),
    events: t.boolean(true).doc("Hold personal events (PEP) back."),
    chatStates: t.boolean(true).doc("Drop typing notifications."),
  }),

  setup(host, config) {
    /** What waits for inactive clients, by what replaces it; active ones have none. */
    const waiting = host.sessionState<Held | undefined>(() => undefined);

    host.streamFeature({
      ns: ns.CSI,
      offer: ({ user }) => (user ? OFFER : undefined),
      receive({ session }, { name }) {
        if (!session) throw new StreamError("not-authorized");
        if (name !== "active" && name !== "inactive") throw new StreamError("unsupported-stanza-type");
        if (name === "active") activate(session);
        else deactivate(session);
      },
      // XEP-0386 §4.3: a session may begin in either state.
      binding: {
        feature: ns.CSI,
        bound(session, own) {
          if (own.at(-1)?.name === "inactive") deactivate(session);
          return [];
        },
      },
    });

    // §4.2: a resumed stream is active.
    host.hook("session:resumed", "observe", ({ session }) => activate(session));

    function deactivate(session: Session): void {
      if (waiting.get(session)) return;
      const held = new Held();
      waiting.set(session, held);
      session.setGate((stanza) => gate(session, held, stanza));
    }

    function activate(session: Session): void {
      const held = waiting.get(session);
      if (!held) return;
      waiting.set(session, undefined);
      session.setGate(undefined);
      flush(session, held);
    }

    /** Whether the stanza is not to be sent now. */
    function gate(session: Session, held: Held, stanza: Stanza): boolean {
      if (config.chatStates && isChatState(stanza)) return true;
      const subject = replaceableBy(stanza);
      if (subject === undefined) {
        flush(session, held);
        return false;
      }
      held.replace(subject, stanza);
      if (held.count > config.held || held.size > config.heldSize) flush(session, held);
      return true;
    }

    /** What a later stanza of the same kind makes worthless; undefined for what matters by itself. */
    function replaceableBy(stanza: Stanza): string | undefined {
      const { kind, type } = stanza;
      const from = stanza.from?.toString() ?? "";
      if (kind === "presence" && config.presence) {
        // Requests are news by themselves, and so is what a room says with it (kick, new nickname, its end).
        const isPlain = type === undefined || type === "unavailable";
        return isPlain && !saysMore(stanza) ? `presence ${from}` : undefined;
      }
      if (kind === "message" && type === "headline" && config.events) {
        const items = stanza.child("event", ns.PUBSUB_EVENT)?.getChild("items");
        // Of a node with many items (bookmarks, what was read) each is news by itself.
        return items ? `event ${from} ${String(items.attrs.node)} ${idsIn(items)}` : undefined;
      }
      return undefined;
    }
  },
});

/** Whether a room's presence tells more than that somebody is there, and as what. */
function saysMore(presence: Stanza): boolean {
  const x = presence.child("x", ns.MUC_USER);
  return x !== undefined && childElements(x).some(({ name }) => name === "status" || name === "destroy");
}

function idsIn(items: Element): string {
  return childElements(items)
    .map(({ attrs }) => String(attrs.id))
    .join(" ");
}

function flush(session: Session, held: Held): void {
  for (const stanza of held.take()) session.pass(stanza);
}

/** What waits for one client, by what replaces it, in the order of its sending. */
class Held {
  readonly #stanzas = new Map<string, Stanza>();
  #size = 0;

  get count(): number {
    return this.#stanzas.size;
  }

  /** In characters. */
  get size(): number {
    return this.#size;
  }

  /** The latest goes to the end. */
  replace(subject: string, stanza: Stanza): void {
    this.#size += stanza.size - (this.#stanzas.get(subject)?.size ?? 0);
    this.#stanzas.delete(subject);
    this.#stanzas.set(subject, stanza);
  }

  take(): readonly Stanza[] {
    const stanzas = [...this.#stanzas.values()];
    this.#stanzas.clear();
    this.#size = 0;
    return stanzas;
  }
}

/** What a message may have beside a chat state; rooms add who typed (XEP-0421). */
const SAYS_NOTHING: ReadonlySet<string> = new Set([ns.CHAT_STATES, ns.HINTS, ns.STANZA_ID, ns.OCCUPANT_ID]);

/** A message that says nothing but that somebody types, or stopped (XEP-0085 §5.1); copies of such included. */
function isChatState(stanza: Stanza): boolean {
  if (stanza.kind !== "message" || stanza.heads.length === 0) return false;
  const message = innermost(stanza);
  return (
    message.some((head) => head.ns === ns.CHAT_STATES) &&
    message.every((head) => SAYS_NOTHING.has(head.ns) || head.name === "thread")
  );
}

/** The payload's names, of the forwarded message in the case of a carbon. */
function innermost(stanza: Stanza): readonly { readonly name: string; readonly ns: string }[] {
  const [head] = stanza.heads;
  if (head?.ns !== ns.CARBONS) return stanza.heads;
  const message = stanza.payload[0]?.getChild("forwarded", ns.FORWARD)?.getChild("message");
  return (message?.children ?? [])
    .filter((child) => typeof child !== "string")
    .map((child) => ({ name: child.getName(), ns: child.getNS() ?? ns.CLIENT }));
}
