import { useState } from "preact/hooks";
import { Secret } from "../../ui/copy.tsx";
import { time } from "../../ui/format.ts";
import { useLoaded } from "../../ui/hooks.ts";
import { ActionDialog, Button, Dialog, Notice, Table, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";

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
  const [revoking, setRevoking] = useState<Token>();
  const { value, error, reload } = useLoaded(() => command<{ tokens: Token[] }>("token-list"), []);
  return (
    <>
      <h1>Tokens</h1>
      <p class="hint">
        Programs show them at <code>/api/v1</code> and <code>/metrics</code>. What there is to ask for stands
        in <a href="/api/v1/openapi.json">the OpenAPI document</a>.
      </p>
      <div class="filters">
        <Button kind="main" onClick={() => setMaking(true)}>
          Make a token
        </Button>
      </div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {value && (
        <Table
          caption="Tokens of programs"
          rows={value.tokens}
          keyOf={({ id }) => id}
          empty="There are none."
          columns={[
            { title: "Name", isLong: true, cell: ({ name }) => name },
            { title: "Scopes", cell: ({ scopes }) => scopes.join(", ") },
            { title: "Made by", isLong: true, cell: ({ by }) => by },
            { title: "Until", cell: ({ expires }) => (expires ? time(expires) : "for ever") },
            { title: "Used", cell: ({ used }) => (used ? time(used) : "never") },
          ]}
          actions={(token) => (
            <Button kind="danger" onClick={() => setRevoking(token)} label={`Revoke ${token.name}`}>
              Revoke
            </Button>
          )}
        />
      )}
      {isMaking && (
        <NewToken
          onMade={(token) => {
            setMaking(false);
            setMade(token);
            reload();
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made !== undefined && (
        <Dialog title="The token" onClose={() => setMade(undefined)}>
          <p>It is shown this once. Keep it safe.</p>
          <Secret value={made} />
          <div class="buttons">
            <Button onClick={() => setMade(undefined)}>Close</Button>
          </div>
        </Dialog>
      )}
      {revoking && (
        <ActionDialog
          title="Revoke this token?"
          action="Revoke"
          kind="danger"
          run={() => command("token-revoke", { id: revoking.id })}
          onDone={() => {
            setRevoking(undefined);
            reload();
          }}
          onClose={() => setRevoking(undefined)}
        >
          <p>
            <b class="long">{revoking.name}</b> is good no longer from then on.
          </p>
        </ActionDialog>
      )}
    </>
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
