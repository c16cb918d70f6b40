/**
 * Away notes, the example of docs/writing-a-module.md.
 *
 * Tells those who write to a user who is not there what the user left as a note.
 */
import { defineModule, defineService, el, type Jid, message, StanzaError, t } from "../../../src/index.ts";

const NS = "urn:example:away";

interface NoteRow {
  user: string;
  text: string;
}

/** What other modules may ask. */
export interface Away {
  noteOf(user: Jid): Promise<string | undefined>;
}

export const awayService = defineService<Away>("away");

export const away = defineModule({
  name: "away",
  implements: [],
  features: [NS],
  config: t.object({
    length: t.integer(200, { min: 1 }).doc("Characters in a note."),
  }),

  async setup(host, { length }) {
    const notes = await host.table<NoteRow>({
      name: "away",
      version: 1,
      columns: { user: "text", text: "text" },
      key: ["user"],
    });
    const told = host.sessionState<ReadonlySet<string>>(() => new Set());
    host.provide(awayService, { noteOf });

    host.iq("set", NS, "note", async ({ session, payload }) => {
      const text = payload.getText();
      if (text.length > length) throw new StanzaError("not-acceptable", "the note is too long");
      const user = session.jid.bare.toString();
      if (text === "") await notes.delete({ user });
      else await notes.put({ user, text });
    });

    host.hook("message:sent", "observe", async ({ session, stanza }) => {
      const user = stanza.to?.bare;
      if (!user || stanza.text("body") === undefined) return;
      if (host.sessions.available(user).length > 0 || told.get(session).has(user.toString())) return;
      const note = await noteOf(user);
      if (note === undefined) return;
      told.set(session, new Set([...told.get(session), user.toString()]));
      session.send(message({ from: user, to: session.jid, type: "headline" }, el("body", {}, note)));
    });

    host.hook("user:deleted", "observe", async ({ user }) => {
      await notes.delete({ user: user.toString() });
    });

    async function noteOf(user: Jid): Promise<string | undefined> {
      const row = await notes.get({ user: user.toString() });
      return row?.text;
    }
  },
});
