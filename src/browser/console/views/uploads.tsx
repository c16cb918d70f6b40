import { useState } from "preact/hooks";
import { size, time } from "../../ui/format.ts";
import { useLoaded, useSettled } from "../../ui/hooks.ts";
import { ActionDialog, Button, Choice, Facts, Notice, Table, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import type { ViewProps } from "../app.tsx";

interface File {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly stored: string;
  readonly expires?: string;
}

export interface Usage {
  readonly files: number;
  readonly bytes: number;
  /** Of bytes. */
  readonly limit?: number;
}

export function Uploads({ visit }: ViewProps) {
  const [domain, setDomain] = useState(visit.domains[0] ?? "");
  const [user, setUser] = useState("");
  const [removing, setRemoving] = useState<File>();
  const [isRemovingAll, setRemovingAll] = useState(false);
  const settled = useSettled(user, 500);
  const { value, error, reload } = useLoaded(async () => {
    const whose = settled.includes("@") ? { user: settled } : { domain };
    const [{ uploads }, usage] = await Promise.all([
      command<{ uploads: readonly File[] }>("upload-list", { ...whose, limit: 200 }),
      command<Usage>("upload-usage", whose),
    ]);
    return { uploads, usage };
  }, [domain, settled]);
  const isOfOne = settled.includes("@");
  return (
    <>
      <h1>Uploads</h1>
      <div class="filters">
        {visit.domains.length > 1 && (
          <Choice label="Domain" value={domain} options={visit.domains} onChange={setDomain} />
        )}
        <TextField
          label="Account"
          hint="only files of this address"
          type="search"
          value={user}
          onInput={setUser}
        />
        {isOfOne && value && value.usage.files > 0 && (
          <Button kind="danger" onClick={() => setRemovingAll(true)}>
            Remove all
          </Button>
        )}
      </div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {value && (
        <>
          <Facts
            facts={[
              ["Files", String(value.usage.files)],
              ["Size", size(value.usage.bytes)],
              ["Limit", value.usage.limit === undefined ? "no limit" : size(value.usage.limit)],
            ]}
          />
          <Table
            caption="The latest files"
            rows={value.uploads}
            keyOf={({ id }) => id}
            empty="Nothing was uploaded."
            columns={[
              { title: "File", isLong: true, cell: ({ name }) => name },
              { title: "Owner", isLong: true, cell: ({ owner }) => owner },
              { title: "Type", cell: ({ type }) => type || "–" },
              { title: "Size", cell: (file) => size(file.size) },
              { title: "Stored", cell: ({ stored }) => time(stored) },
              { title: "Until", cell: ({ expires }) => (expires ? time(expires) : "for ever") },
            ]}
            actions={(file) => (
              <Button kind="danger" onClick={() => setRemoving(file)} label={`Remove ${file.name}`}>
                Remove
              </Button>
            )}
          />
        </>
      )}
      {removing && (
        <ActionDialog
          title="Remove this file?"
          action="Remove"
          kind="danger"
          run={() => command("upload-remove", { id: removing.id })}
          onDone={() => {
            setRemoving(undefined);
            reload();
          }}
          onClose={() => setRemoving(undefined)}
        >
          <p>
            <b class="long">{removing.name}</b> of <span class="long">{removing.owner}</span>. Nobody can load
            it any more.
          </p>
        </ActionDialog>
      )}
      {isRemovingAll && (
        <ActionDialog
          title="Remove all files of this account?"
          action="Remove all"
          kind="danger"
          confirm={settled}
          run={() => command("upload-remove-all", { user: settled })}
          onDone={() => {
            setRemovingAll(false);
            reload();
          }}
          onClose={() => setRemovingAll(false)}
        />
      )}
    </>
  );
}
