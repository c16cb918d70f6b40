import { useState } from "preact/hooks";
import { count } from "../../ui/format.ts";
import { messageOf } from "../../ui/hooks.ts";
import { ActionDialog, Button, Field, Notice } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { useDomain } from "../list-view.tsx";
import type { ViewProps } from "./view-props.ts";

export function Server({ visit }: ViewProps) {
  const [domain, domainChoice] = useDomain(visit);
  const [text, setText] = useState("");
  const [done, setDone] = useState<string>();
  const [error, setError] = useState<string>();
  const [isStopping, setStopping] = useState(false);

  function announce() {
    setDone(undefined);
    setError(undefined);
    command<{ sessions: number }>("announce", { domain, text }).then(
      ({ sessions }) => {
        setDone(`Sent to ${count(sessions, "session")}.`);
        setText("");
      },
      (failure: unknown) => setError(messageOf(failure)),
    );
  }

  return (
    <>
      <h1>Server</h1>
      <section>
        <h2>Tell everybody who is online</h2>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            announce();
          }}
        >
          {domainChoice}
          <Field label="Announcement">
            {(id) => (
              <textarea
                id={id}
                rows={4}
                value={text}
                required
                onInput={(event) => setText(event.currentTarget.value)}
              />
            )}
          </Field>
          {error !== undefined && <Notice kind="error">{error}</Notice>}
          {done !== undefined && <Notice>{done}</Notice>}
          <Button type="submit" kind="main">
            Send
          </Button>
        </form>
      </section>
      <section>
        <h2>Shut down</h2>
        <p>Ends all sessions and stops the server. Whoever runs the machine starts it again.</p>
        <Button kind="danger" onClick={() => setStopping(true)}>
          Shut down
        </Button>
      </section>
      {isStopping && (
        <ActionDialog
          title="Shut the server down?"
          action="Shut down"
          kind="danger"
          confirm={visit.domains[0] ?? ""}
          run={() => command("shutdown", {})}
          onDone={() => setStopping(false)}
          onClose={() => setStopping(false)}
        />
      )}
    </>
  );
}
