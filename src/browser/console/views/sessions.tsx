import { useState } from "preact/hooks";
import { ago, count, size } from "../../ui/format.ts";
import { useEvery, useLoaded } from "../../ui/hooks.ts";
import { Facts } from "../../ui/table.tsx";
import { Button, Dialog, Notice } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { DangerButton, ListView, useDomain, useQuestion, useSearch } from "../list-view.tsx";
import { useListing } from "../listing.ts";
import type { ViewProps } from "./view-props.ts";

const REFRESH_MS = 5_000;

/** Sessions that are shown; the others are found by searching. */
const MOST = 200;

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
  const [domain, domainChoice] = useDomain(visit);
  const [search, searchField] = useSearch();
  const [shown, setShown] = useState<string>();
  const [total, setTotal] = useState(0);
  const list = useListing(async () => {
    const found = await command<{ sessions: Session[]; total: number }>("session-list", {
      domain,
      search,
      limit: MOST,
    });
    setTotal(found.total);
    return { rows: found.sessions };
  }, [domain, search]);
  useEvery(REFRESH_MS, list.reload);
  const { ask, dialog } = useQuestion(list.reload);

  return (
    <ListView
      title="Sessions"
      filters={
        <>
          {domainChoice}
          {searchField}
        </>
      }
      list={list}
      caption={captionOf(list.rows?.length ?? 0, total, search)}
      keyOf={({ jid }) => jid}
      empty={search === "" ? "Nobody is connected." : "No such sessions."}
      columns={[
        { title: "Session", width: "long", cell: ({ jid }) => jid, sort: ({ jid }) => jid },
        {
          title: "From",
          cell: ({ address, transport }) => (transport ? address || "–" : "waits to resume"),
          sort: ({ address }) => address,
        },
        { title: "Transport", cell: connection, sort: connection },
        {
          title: "Mechanism",
          cell: ({ mechanism }) => mechanism ?? "–",
          sort: ({ mechanism }) => mechanism ?? "",
        },
        { title: "Queues", cell: queues, sort: waiting },
        {
          title: "Active",
          width: "short",
          cell: ({ lastActive }) => `${ago(lastActive)} ago`,
          sort: ({ lastActive }) => -Date.parse(lastActive),
        },
      ]}
      actions={({ jid }) => (
        <>
          <Button onClick={() => setShown(jid)} label={`Details of ${jid}`}>
            Details
          </Button>
          <DangerButton
            ask={ask}
            label={`End ${jid}`}
            title="End this session?"
            action="End"
            run={() => command("session-end", { address: jid })}
          >
            <p>
              <b class="long">{jid}</b> is disconnected. Its client may log in again.
            </p>
          </DangerButton>
        </>
      )}
    >
      {shown !== undefined && <SessionDialog address={shown} onClose={() => setShown(undefined)} />}
      {dialog}
    </ListView>
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

function captionOf(shown: number, total: number, search: string): string {
  if (shown < MOST) return search === "" ? count(total, "session") : `${shown} of ${count(total, "session")}`;
  return `${shown} of ${count(total, "session")}; search for the others`;
}

function softwareOf({ software }: Details): string {
  if (!software) return "does not say";
  return [software.name, software.version, software.os && `on ${software.os}`].filter(Boolean).join(" ");
}

function connection({ transport, tls, secure }: Session): string {
  if (transport === undefined) return "–";
  return `${transport}, ${tls ?? (secure ? "encrypted" : "in clear")}`;
}

/** Stanzas and bytes alike: the more, the slower a client is. */
function waiting({ unsent = 0, management }: Session): number {
  return unsent + (management?.unacknowledged ?? 0);
}

function queues({ unsent = 0, management }: Session): string {
  const unacknowledged = management ? `${management.unacknowledged} unacknowledged` : "no stream management";
  return unsent > 0 ? `${unacknowledged}, ${size(unsent)} unsent` : unacknowledged;
}
