import { useState } from "preact/hooks";
import { Secret } from "../../ui/copy.tsx";
import { time } from "../../ui/format.ts";
import { useLoaded } from "../../ui/hooks.ts";
import { ActionDialog, Button, Choice, Dialog, Notice, Table, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import type { ViewProps } from "../app.tsx";

interface Invite {
  readonly id: string;
  readonly inviter: string;
  readonly username?: string;
  readonly uses: number;
  readonly expires: string;
}

interface Made extends Invite {
  readonly uri: string;
  readonly landingUrl?: string;
}

export function Invites({ visit }: ViewProps) {
  const [domain, setDomain] = useState(visit.domains[0] ?? "");
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Made>();
  const [revoking, setRevoking] = useState<Invite>();
  const { value, error, reload } = useLoaded(
    () => command<{ invites: Invite[] }>("invite-list", { domain }),
    [domain],
  );
  return (
    <>
      <h1>Invites</h1>
      <div class="filters">
        {visit.domains.length > 1 && (
          <Choice label="Domain" value={domain} options={visit.domains} onChange={setDomain} />
        )}
        <Button kind="main" onClick={() => setMaking(true)}>
          Invite somebody
        </Button>
      </div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {value && (
        <Table
          caption="Invitations that hold"
          rows={value.invites}
          keyOf={({ id }) => id}
          empty="There are none."
          columns={[
            { title: "Id", cell: ({ id }) => id },
            { title: "Of", isLong: true, cell: ({ inviter }) => inviter },
            {
              title: "For",
              cell: ({ username, uses }) => username ?? (uses === 1 ? "one person" : `${uses} people`),
            },
            { title: "Until", cell: ({ expires }) => time(expires) },
          ]}
          actions={(invite) => (
            <Button kind="danger" onClick={() => setRevoking(invite)} label={`Revoke ${invite.id}`}>
              Revoke
            </Button>
          )}
        />
      )}
      {isMaking && (
        <NewInvite
          domain={domain}
          onMade={(invite) => {
            setMaking(false);
            setMade(invite);
            reload();
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made && (
        <Dialog title="The invitation" onClose={() => setMade(undefined)}>
          <p>Whoever has this link may take it. It is shown this once.</p>
          <Secret value={made.landingUrl ?? made.uri} />
          <div class="buttons">
            <Button onClick={() => setMade(undefined)}>Close</Button>
          </div>
        </Dialog>
      )}
      {revoking && (
        <ActionDialog
          title="Take the invitation back?"
          action="Revoke"
          kind="danger"
          run={() => command("invite-revoke", { id: revoking.id })}
          onDone={() => {
            setRevoking(undefined);
            reload();
          }}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </>
  );
}

interface NewInviteProps {
  readonly domain: string;
  readonly onMade: (invite: Made) => void;
  readonly onClose: () => void;
}

function NewInvite({ domain, onMade, onClose }: NewInviteProps) {
  const [username, setUsername] = useState("");
  const [uses, setUses] = useState("1");
  const [days, setDays] = useState("7");
  async function make() {
    const wish = {
      domain,
      uses: Number(uses),
      expires: Math.round(Number(days) * 86_400),
      ...(username !== "" && { username }),
    };
    onMade(await command<Made>("invite-create", wish));
  }
  return (
    <ActionDialog title="Invite somebody" action="Make a link" run={make} onDone={() => {}} onClose={onClose}>
      <TextField
        label="Name"
        hint="of the new account; empty: they choose it"
        value={username}
        onInput={setUsername}
        autocomplete="off"
      />
      <TextField
        label="People"
        type="number"
        hint="who may take it"
        value={uses}
        onInput={setUses}
        required
      />
      <TextField label="Days" type="number" hint="that it holds" value={days} onInput={setDays} required />
    </ActionDialog>
  );
}
