/**
 * XEP-0133 Service Administration, version 1.3.1: §4.23 to §4.28, messages to everybody
 * https://xmpp.org/extensions/xep-0133.html
 *
 * Brings what administrators say: announcements to those who are online, a message of the day that each user gets once,
 * and a welcome to newcomers.
 */
import { defineModule, defineService } from "../core/module.ts";
import type { Session } from "../session/session.ts";
import { el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { message } from "../xmpp/stanza.ts";
import { logins, loginsService } from "./logins.ts";

/** `motd`: the message of the day. `welcome`: for those who log in for the first time. */
export type StandingMessage = "motd" | "welcome";

export interface Announcements {
  /** Sends a text to everybody who is online; to how many sessions. @throws StanzaError when it is too long. */
  announce(text: string): number;
  /** The standing message, if there is one. */
  text(kind: StandingMessage): string | undefined;
  /** A new message of the day goes to those who are online at once. @throws StanzaError when it is too long. */
  set(kind: StandingMessage, text: string): Promise<void>;
  /** Changes the text; whoever has had it does not get it again. @throws StanzaError `item-not-found`. */
  edit(kind: StandingMessage, text: string): Promise<void>;
  /** Whether there was one. */
  remove(kind: StandingMessage): Promise<boolean>;
}

export const announceService = defineService<Announcements>("announce");

/** Of each text, in UTF-16 units. */
const MAX_TEXT_LENGTH = 10_000;

interface MessageRow {
  domain: string;
  kind: StandingMessage;
  text: string;
  /** When it was set, in milliseconds since the epoch: which message of the day it is. */
  at: number;
}

interface SeenRow {
  user: string;
  /** `at` of the message of the day that the user had last. */
  at: number;
}

export const announce = defineModule({
  name: "announce",
  implements: ["XEP-0133 1.3.1"],
  requires: [logins],

  async setup(host) {
    const table = await host.table<MessageRow>({
      name: "standing_messages",
      version: 1,
      columns: { domain: "text", kind: "text", text: "text", at: "int" },
      key: ["domain", "kind"],
    });
    const seen = await host.table<SeenRow>({
      name: "motd_seen",
      version: 1,
      columns: { user: "text", at: "int" },
      key: ["user"],
    });
    const greeted = host.sessionState(() => false);
    const messages = new Map<StandingMessage, MessageRow>();
    await read();

    host.provide(announceService, {
      announce(text) {
        check(text);
        return announceToAll(text);
      },
      text: (kind) => messages.get(kind)?.text,
      set,
      async edit(kind, text) {
        check(text);
        const row = messages.get(kind);
        if (!row) throw new StanzaError("item-not-found", "there is no such message yet");
        await put({ ...row, text });
      },
      async remove(kind) {
        messages.delete(kind);
        return (await table.delete({ domain: host.domain, kind })) > 0;
      },
    });

    host.hook("session:presence", "observe", ({ session }) =>
      isListening(session) && !greeted.get(session) ? greet(session) : undefined,
    );
    host.hook("user:deleted", "observe", async ({ user }) => {
      await seen.delete({ user: user.toString() });
    });
    host.hook("store:lost", "observe", read);

    async function read(): Promise<void> {
      messages.clear();
      for (const row of await table.list({ where: { domain: host.domain } })) messages.set(row.kind, row);
    }

    async function set(kind: StandingMessage, text: string): Promise<void> {
      check(text);
      // Two that are set in the same millisecond are two.
      const at = Math.max(host.clock.now(), (messages.get(kind)?.at ?? 0) + 1);
      await put({ domain: host.domain, kind, text, at });
      if (kind === "motd") for (const session of listeners()) await showMotd(session, true);
    }

    async function put(row: MessageRow): Promise<void> {
      messages.set(row.kind, row);
      await table.put(row);
    }

    async function greet(session: Session): Promise<void> {
      greeted.set(session, true);
      const welcome = messages.get("welcome");
      const isNew = host.modules.includes(logins) && host.use(loginsService).isFirst(session);
      if (welcome && isNew) await tell(session, welcome.text);
      await showMotd(session, false);
    }

    /** XEP-0133 §4.24: once to each user; when it is `new` to all of their sessions. */
    async function showMotd(session: Session, isNew: boolean): Promise<void> {
      const motd = messages.get("motd");
      if (!motd) return;
      const user = session.jid.bare.toString();
      if (!session.anonymous) {
        if (!isNew && (await seen.get({ user }))?.at === motd.at) return;
        await seen.put({ user, at: motd.at });
      }
      await tell(session, motd.text);
    }

    async function tell({ jid }: Session, text: string): Promise<void> {
      await host.route(message({ id: host.random.id(), from: host.jid, to: jid }, el("body", {}, text)));
    }

    /** RFC 6121 §5.2.2: a headline is what nobody answers, and nobody keeps. */
    function announceToAll(text: string): number {
      const headline = message({ type: "headline", from: host.jid }, el("body", {}, text));
      let count = 0;
      for (const session of listeners()) {
        session.send(headline.with({ id: host.random.id(), to: session.jid }));
        count++;
      }
      return count;
    }

    function listeners(): readonly Session[] {
      return [...host.sessions.all()].filter(isListening);
    }
  },
});

/** RFC 6121 §4.7.2.3: a negative priority wants no messages that are not for it alone. */
function isListening({ presence, priority }: Session): boolean {
  return presence !== undefined && priority >= 0;
}

function check(text: string): void {
  if (text.trim() === "") throw new StanzaError("not-acceptable", "the text is empty");
  if (text.length > MAX_TEXT_LENGTH) throw new StanzaError("not-acceptable", "the text is too long");
}
