import { useState } from "preact/hooks";
import { SecretDialog } from "../../ui/copy.tsx";
import { time } from "../../ui/format.ts";
import { PlainText } from "../../ui/plain-text.tsx";
import { ActionDialog, Button, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { DangerButton, ListView, useQuestion } from "../list-view.tsx";
import { useListing } from "../listing.ts";

const SCOPES = ["read", "accounts", "sessions", "rooms", "service", "admin", "metrics"];

interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly by: string;
  readonly created: string;
  readonly expires?: string;
  readonly used?: string;
}

export function Tokens() {
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<string>();
  const list = useListing(
    async () => ({ rows: (await command<{ tokens: Token[] }>("token-list")).tokens }),
    [],
  );
  const { ask, dialog } = useQuestion(list.reload);
  return (
    <ListView
      title="Tokens"
      hint={
        <>
          Programs show them at <code>/api/v1</code> and <code>/metrics</code>. What there is to ask for
          stands in <a href="/api/v1/openapi.json">the OpenAPI document</a>.
        </>
      }
      filters={
        <Button kind="main" onClick={() => setMaking(true)}>
          Make a token
        </Button>
      }
      list={list}
      caption="Tokens of programs"
      keyOf={({ id }) => id}
      empty="There are none."
      columns={[
        { title: "Name", width: "long", cell: ({ name }) => name, sort: ({ name }) => name },
        { title: "Scopes", cell: ({ scopes }) => scopes.join(", ") },
        { title: "Made by", width: "long", cell: ({ by }) => by },
        {
          title: "Until",
          width: "short",
          cell: ({ expires }) => (expires ? time(expires) : "for ever"),
          sort: ({ expires }) => expires ?? "z",
        },
        {
          title: "Used",
          width: "short",
          cell: ({ used }) => (used ? time(used) : "never"),
          sort: ({ used }) => used ?? "",
        },
      ]}
      actions={({ id, name }) => (
        <DangerButton
          ask={ask}
          label={`Revoke ${name}`}
          title="Revoke this token?"
          action="Revoke"
          run={() => command("token-revoke", { id })}
        >
          <p>
            <b class="long">
              <PlainText text={name} />
            </b>{" "}
            is good no longer from then on.
          </p>
        </DangerButton>
      )}
    >
      {isMaking && (
        <NewToken
          onMade={(token) => {
            setMaking(false);
            setMade(token);
            list.reload();
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made !== undefined && (
        <SecretDialog title="The token" value={made} onClose={() => setMade(undefined)}>
          It is shown this once. Keep it safe.
        </SecretDialog>
      )}
      {dialog}
    </ListView>
  );
}

function NewToken({
  onMade,
  onClose,
}: {
  readonly onMade: (token: string) => void;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [days, setDays] = useState("365");
  const [scopes, setScopes] = useState<readonly string[]>(["read"]);
  async function make() {
    const wish = { name, scopes, ...(days !== "" && { days: Number(days) }) };
    onMade((await command<{ token: string }>("token-create", wish)).token);
  }
  return (
    <ActionDialog title="Make a token" action="Make" run={make} onDone={() => {}} onClose={onClose}>
      <TextField
        label="Name"
        hint="what it is for"
        value={name}
        onInput={setName}
        autocomplete="off"
        required
      />
      <TextField
        label="Days"
        hint="that it holds; empty: for ever"
        type="number"
        min={1}
        max={36_500}
        value={days}
        onInput={setDays}
      />
      <fieldset class="kinds">
        <legend>Scopes</legend>
        {SCOPES.map((scope) => (
          <label key={scope}>
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={() =>
                setScopes(
                  scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope],
                )
              }
            />{" "}
            {scope}
          </label>
        ))}
      </fieldset>
    </ActionDialog>
  );
}
