import { useState } from "preact/hooks";
import { count } from "../../ui/format.ts";
import { useLoaded } from "../../ui/hooks.ts";
import { ActionDialog, Button, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { ListView, useDomain, useSearch } from "../list-view.tsx";
import { useListing } from "../listing.ts";
import { PasswordField } from "../password-field.tsx";
import type { ViewProps } from "./view-props.ts";

interface Page {
  readonly users: readonly string[];
  readonly online: readonly string[];
  readonly disabled: readonly string[];
  readonly next?: string;
}

interface Row {
  readonly user: string;
  readonly state: "online" | "disabled" | "–";
}

export function Accounts({ visit }: ViewProps) {
  const [domain, domainChoice] = useDomain(visit);
  const [search, searchField] = useSearch();
  const [isAdding, setAdding] = useState(false);
  const counts = useLoaded(
    () => command<{ registered: number; disabled: number; online: number }>("user-count", { domain }),
    [domain],
  );
  const list = useListing<Row>(
    async (after) => {
      const page = await command<Page>("user-list", { domain, search, after, limit: 100, states: true });
      return { rows: rowsOf(page), next: page.next };
    },
    [domain, search],
  );
  return (
    <ListView
      title="Accounts"
      filters={
        <>
          {domainChoice}
          {searchField}
          <Button kind="main" onClick={() => setAdding(true)}>
            Create an account
          </Button>
        </>
      }
      list={list}
      caption={
        counts.value
          ? `${count(counts.value.registered, "account")}, ${counts.value.disabled} disabled, ${counts.value.online} online`
          : "Accounts"
      }
      keyOf={({ user }) => user}
      empty={list.hasMore ? "None so far; there are more to look through." : "No such accounts."}
      columns={[
        {
          title: "Address",
          width: "long",
          cell: ({ user }) => <a href={`#/accounts/${encodeURIComponent(user)}`}>{user}</a>,
        },
        { title: "State", cell: ({ state }) => state },
      ]}
    >
      {isAdding && (
        <NewAccount
          domain={domain}
          onDone={() => {
            setAdding(false);
            counts.reload();
            list.reload();
          }}
          onClose={() => setAdding(false)}
        />
      )}
    </ListView>
  );
}

function rowsOf({ users, online, disabled }: Page): readonly Row[] {
  const [here, off] = [new Set(online), new Set(disabled)];
  return users.map((user) => ({
    user,
    state: off.has(user) ? "disabled" : here.has(user) ? "online" : "–",
  }));
}

interface NewAccountProps {
  readonly domain: string;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function NewAccount({ domain, onDone, onClose }: NewAccountProps) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  return (
    <ActionDialog
      title="Create an account"
      action="Create"
      run={() => command("user-add", { user: name.includes("@") ? name : `${name}@${domain}`, password })}
      onDone={onDone}
      onClose={onClose}
    >
      <TextField
        label="Name"
        hint={`without @${domain}`}
        value={name}
        onInput={setName}
        autocomplete="off"
        required
      />
      <PasswordField label="Password" value={password} onInput={setPassword} />
    </ActionDialog>
  );
}
