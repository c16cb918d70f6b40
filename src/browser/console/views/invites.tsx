import { useState } from "preact/hooks";
import { SecretDialog } from "../../ui/copy.tsx";
import { time } from "../../ui/format.ts";
import { ActionDialog, Button, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { DangerButton, ListView, useDomain, useQuestion } from "../list-view.tsx";
import { useListing } from "../listing.ts";
import type { ViewProps } from "./view-props.ts";

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
  const [domain, domainChoice] = useDomain(visit);
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Made>();
  const list = useListing(async () => {
    const { invites } = await command<{ invites: Invite[] }>("invite-list", { domain });
    return { rows: invites };
  }, [domain]);
  const { ask, dialog } = useQuestion(list.reload);
  return (
    <ListView
      title="Invites"
      filters={
        <>
          {domainChoice}
          <Button kind="main" onClick={() => setMaking(true)}>
            Invite somebody
          </Button>
        </>
      }
      list={list}
      caption="Invitations that hold"
      keyOf={({ id }) => id}
      empty="There are none."
      columns={[
        { title: "Id", cell: ({ id }) => id },
        { title: "Of", width: "long", cell: ({ inviter }) => inviter },
        {
          title: "For",
          cell: ({ username, uses }) => username ?? (uses === 1 ? "one person" : `${uses} people`),
        },
        { title: "Until", width: "short", cell: ({ expires }) => time(expires) },
      ]}
      actions={({ id }) => (
        <DangerButton
          ask={ask}
          label={`Revoke ${id}`}
          title="Take the invitation back?"
          action="Revoke"
          run={() => command("invite-revoke", { id })}
        />
      )}
    >
      {isMaking && (
        <NewInvite
          domain={domain}
          onMade={(invite) => {
            setMaking(false);
            setMade(invite);
            list.reload();
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made && (
        <SecretDialog
          title="The invitation"
          value={made.landingUrl ?? made.uri}
          onClose={() => setMade(undefined)}
        >
          Whoever has this link may take it. It is shown this once.
        </SecretDialog>
      )}
      {dialog}
    </ListView>
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
        min={1}
        max={1000}
        value={uses}
        onInput={setUses}
        required
      />
      <TextField
        label="Days"
        type="number"
        hint="that it holds"
        min={1}
        max={365}
        value={days}
        onInput={setDays}
        required
      />
    </ActionDialog>
  );
}
