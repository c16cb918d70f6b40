import { useState } from "preact/hooks";
import { ago, size } from "../../ui/format.ts";
import { useEvery, useLoaded, useSettled } from "../../ui/hooks.ts";
import { ActionDialog, Button, Choice, Dialog, Facts, Notice, Table, TextField } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import type { ViewProps } from "../app.tsx";

const REFRESH_MS = 5_000;

interface Session {
  readonly jid: string;
  readonly address: string;
  readonly secure: boolean;
  readonly transport?: string;
  readonly tls?: string;
  readonly cipher?: string;
  readonly mechanism?: string;
  readonly unsent?: number;
  readonly lastActive: string;
  readonly priority?: number;
  readonly management?: {
    readonly resumable: boolean;
    readonly received: number;
    readonly sent: number;
    readonly unacknowledged: number;
  };
}

interface Details extends Session {
  readonly show?: string;
  readonly status?: string;
  readonly software?: { readonly name: string; readonly version: string; readonly os: string };
}

export function Sessions({ visit }: ViewProps) {
  const [domain, setDomain] = useState(visit.domains[0] ?? "");
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState<string>();
  const [ending, setEnding] = useState<string>();
  const settled = useSettled(search);
  const { value, error, reload } = useLoaded(
    () =>
      command<{ sessions: Session[]; total: number }>("session-list", {
        domain,
        ...(settled !== "" && { search: settled }),
      }),
    [domain, settled],
  );
  useEvery(REFRESH_MS, reload);

  return (
    <>
      <h1>Sessions</h1>
      <div class="filters">
        {visit.domains.length > 1 && (
          <Choice label="Domain" value={domain} options={visit.domains} onChange={setDomain} />
        )}
        <TextField label="Search" type="search" value={search} onInput={setSearch} />
      </div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {value && (
        <Table
          caption={`${value.sessions.length} of ${value.total} sessions`}
          rows={value.sessions}
          keyOf={({ jid }) => jid}
          empty="Nobody is connected."
          columns={[
            { title: "Session", isLong: true, cell: ({ jid }) => jid },
            {
              title: "From",
              cell: ({ address, transport }) => (transport ? address || "–" : "waits to resume"),
            },
            { title: "Transport", cell: connection },
            { title: "Mechanism", cell: ({ mechanism }) => mechanism ?? "–" },
            { title: "Queues", cell: queues },
            { title: "Active", cell: ({ lastActive }) => `${ago(lastActive)} ago` },
          ]}
          actions={({ jid }) => (
            <>
              <Button onClick={() => setShown(jid)} label={`Details of ${jid}`}>
                Details
              </Button>
              <Button kind="danger" onClick={() => setEnding(jid)} label={`End ${jid}`}>
                End
              </Button>
            </>
          )}
        />
      )}
      {shown !== undefined && <SessionDialog address={shown} onClose={() => setShown(undefined)} />}
      {ending !== undefined && (
        <ActionDialog
          title="End this session?"
          action="End"
          kind="danger"
          run={() => command("session-end", { address: ending })}
          onDone={() => {
            setEnding(undefined);
            reload();
          }}
          onClose={() => setEnding(undefined)}
        >
          <p>
            <b class="long">{ending}</b> is disconnected. Its client may log in again.
          </p>
        </ActionDialog>
      )}
    </>
  );
}

function SessionDialog({ address, onClose }: { readonly address: string; readonly onClose: () => void }) {
  const { value, error } = useLoaded(() => command<Details>("session-show", { address }), [address]);
  return (
    <Dialog title={address} onClose={onClose}>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {!value && error === undefined && <p class="empty">Asking its client …</p>}
      {value && (
        <Facts
          facts={[
            ["Client", softwareOf(value)],
            ["From", value.address || "–"],
            ["Transport", connection(value)],
            ["Cipher", value.cipher ?? "–"],
            ["Mechanism", value.mechanism ?? "–"],
            ["Presence", value.show === undefined ? "unavailable" : `${value.show} (${value.priority ?? 0})`],
            ["Status", value.status || "–"],
            ["Resumable", value.management?.resumable ? "yes" : "no"],
            ["Queues", queues(value)],
          ]}
        />
      )}
      <div class="buttons">
        <a class="button plain" href={`#/inspector/${encodeURIComponent(address.replace(/\/.*$/s, ""))}`}>
          Watch
        </a>
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function softwareOf({ software }: Details): string {
  if (!software) return "does not say";
  return [software.name, software.version, software.os && `on ${software.os}`].filter(Boolean).join(" ");
}

function connection({ transport, tls, secure }: Session): string {
  if (transport === undefined) return "–";
  return `${transport}, ${tls ?? (secure ? "encrypted" : "in clear")}`;
}

function queues({ unsent = 0, management }: Session): string {
  const unacknowledged = management ? `${management.unacknowledged} unacknowledged` : "no stream management";
  return unsent > 0 ? `${unacknowledged}, ${size(unsent)} unsent` : unacknowledged;
}
