import { useState } from "preact/hooks";
import { count, size, time } from "../../ui/format.ts";
import { messageOf, useLoaded } from "../../ui/hooks.ts";
import { Facts, Table } from "../../ui/table.tsx";
import { ActionDialog, Button, Notice } from "../../ui/ui.tsx";
import { command, download } from "../api.ts";
import { PasswordField } from "../password-field.tsx";
import type { Usage } from "./uploads.tsx";
import type { ViewProps } from "./view-props.ts";

interface Account {
  readonly user: string;
  readonly name?: string;
  readonly disabled: boolean;
  readonly lastLogin?: string;
  readonly contacts: number;
  readonly sessions: readonly { readonly resource: string; readonly address: string }[];
}

type Change = "disable" | "enable" | "password" | "promote" | "demote" | "remove";

/** One account: `path` is its address. */
export function AccountPage({ path: user }: ViewProps) {
  const { value, error, reload } = useLoaded(() => command<Account>("user-show", { user }), [user]);
  const admins = useLoaded(() => command<{ admins: string[] }>("admin-list"), []);
  const uploads = useLoaded(() => command<Usage>("upload-usage", { user }), [user]);
  const [change, setChange] = useState<Change>();
  const [failure, setFailure] = useState<string>();
  const isAdmin = admins.value?.admins.includes(user) ?? false;

  function done(changed: Change) {
    setChange(undefined);
    if (changed === "remove") {
      location.hash = "#/accounts";
      return;
    }
    reload();
    admins.reload();
  }

  return (
    <>
      <p class="back">
        <a href="#/accounts">Accounts</a>
      </p>
      <h1 class="long">{user}</h1>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {failure !== undefined && <Notice kind="error">{failure}</Notice>}
      {value && (
        <>
          <Facts
            facts={[
              ["Name", value.name ?? "–"],
              ["State", value.disabled ? "disabled" : "active"],
              ["Administrator", isAdmin ? "yes" : "no"],
              ["Last login", value.lastLogin ? time(value.lastLogin) : "never"],
              ["Contacts", String(value.contacts)],
              ["Uploads", uploads.value ? usage(uploads.value) : "–"],
            ]}
          />
          <div class="buttons">
            <Button onClick={() => setChange(value.disabled ? "enable" : "disable")}>
              {value.disabled ? "Enable" : "Disable"}
            </Button>
            <Button onClick={() => setChange("password")}>Reset the password</Button>
            <Button onClick={() => setChange(isAdmin ? "demote" : "promote")}>
              {isAdmin ? "Demote" : "Make an administrator"}
            </Button>
            <Button
              onClick={() =>
                void download("export", { user }, `${user}.xml`).catch((reason: unknown) =>
                  setFailure(messageOf(reason)),
                )
              }
            >
              Export
            </Button>
            <a class="button plain" href={`#/inspector/${encodeURIComponent(user)}`}>
              Watch
            </a>
            <Button kind="danger" onClick={() => setChange("remove")}>
              Delete
            </Button>
          </div>
          <Table
            caption="Sessions"
            rows={value.sessions}
            keyOf={({ resource }) => resource}
            empty="Not connected."
            columns={[
              { title: "Resource", width: "long", cell: ({ resource }) => resource },
              { title: "From", cell: ({ address }) => address || "–" },
            ]}
          />
        </>
      )}
      {change !== undefined && (
        <ChangeDialog
          user={user}
          change={change}
          onDone={() => done(change)}
          onClose={() => setChange(undefined)}
        />
      )}
    </>
  );
}

interface ChangeProps {
  readonly user: string;
  readonly change: Change;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const CHANGES: Readonly<
  Record<
    Change,
    { readonly title: string; readonly action: string; readonly text: string; readonly command: string }
  >
> = {
  disable: {
    title: "Disable this account?",
    action: "Disable",
    text: "Its sessions end, and nobody can log in to it. Everything in it is kept.",
    command: "user-disable",
  },
  enable: {
    title: "Enable this account?",
    action: "Enable",
    text: "Its user may log in again.",
    command: "user-enable",
  },
  password: {
    title: "Reset the password",
    action: "Set the password",
    text: "Tell it to the user in a way that nobody else hears. Sessions go on.",
    command: "user-password",
  },
  promote: {
    title: "Make an administrator?",
    action: "Make an administrator",
    text: "They may do everything that this console does.",
    command: "admin-promote",
  },
  demote: {
    title: "Demote this administrator?",
    action: "Demote",
    text: "They keep their account; their console is closed.",
    command: "admin-demote",
  },
  remove: {
    title: "Delete this account?",
    action: "Delete",
    text: "Messages, contacts, files and everything else of it are gone for good.",
    command: "user-remove",
  },
};

function ChangeDialog({ user, change, onDone, onClose }: ChangeProps) {
  const [password, setPassword] = useState("");
  const { title, action, text, command: name } = CHANGES[change];
  const args = change === "password" ? { user, password } : { user };
  return (
    <ActionDialog
      title={title}
      action={action}
      kind={change === "remove" || change === "disable" ? "danger" : "main"}
      {...(change === "remove" && { confirm: user })}
      run={() => command(name, args)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        <b class="long">{user}</b>
      </p>
      <p>{text}</p>
      {change === "password" && <PasswordField label="New password" value={password} onInput={setPassword} />}
    </ActionDialog>
  );
}

function usage({ files, bytes, limit }: Usage): string {
  return `${count(files, "file")}, ${size(bytes)}${limit === undefined ? "" : ` of ${size(limit)}`}`;
}
