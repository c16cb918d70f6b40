import type { RefObject } from "preact";
import { Button, Choice, Field, TextField } from "../ui/ui.tsx";
import type { Utterance } from "./traffic-source.ts";

const WAYS = ["sent by their client", "sent to their clients"];

interface ComposerProps {
  readonly draft: Utterance;
  /** Where the XML is typed. */
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** Addresses to choose from. */
  readonly sessions: readonly string[];
  readonly onDraft: (draft: Utterance) => void;
  readonly onSend: () => void;
}

/** Lets somebody send whatever they like, as anybody. */
export function Composer({ draft, field, sessions, onDraft, onSend }: ComposerProps) {
  const { direction, session, xml } = draft;
  const change = (part: Partial<Utterance>) => onDraft({ ...draft, ...part });
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      <h2>Send as anyone</h2>
      <div class="filters">
        <TextField
          label="As"
          value={session}
          onInput={(as) => change({ session: as })}
          list={sessions}
          placeholder="romeo"
          autocomplete="off"
          required
        />
        <Choice
          label="How"
          value={WAYS[direction === "in" ? 0 : 1] as string}
          options={WAYS}
          onChange={(way) => change({ direction: way === WAYS[0] ? "in" : "out" })}
        />
      </div>
      <Field label="XML" hint="Ctrl+Enter sends it.">
        {(id) => (
          <textarea
            ref={field}
            id={id}
            rows={5}
            value={xml}
            required
            spellcheck={false}
            placeholder='<message to="juliet@localhost" type="chat"><body>Hi</body></message>'
            onInput={(event) => change({ xml: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
                event.currentTarget.form?.requestSubmit();
            }}
          />
        )}
      </Field>
      <Button type="submit" kind="main">
        Send
      </Button>
    </form>
  );
}
