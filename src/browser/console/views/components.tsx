import { ago, size } from "../../ui/format.ts";
import { useEvery } from "../../ui/hooks.ts";
import { command } from "../api.ts";
import { DangerButton, ListView, useQuestion } from "../list-view.tsx";
import { useListing } from "../listing.ts";

const REFRESH_MS = 5_000;

interface Component {
  readonly domain: string;
  readonly name?: string;
  readonly external: boolean;
  readonly connected: boolean;
  readonly since?: string;
  readonly address?: string;
  readonly secure?: boolean;
  readonly unsent?: number;
  readonly received: number;
  readonly sent: number;
}

export function Components() {
  const list = useListing(async () => {
    const { components } = await command<{ components: Component[] }>("component-list");
    return { rows: components };
  }, []);
  useEvery(REFRESH_MS, list.reload);
  const { ask, dialog } = useQuestion(list.reload);

  return (
    <ListView
      title="Components"
      list={list}
      caption="Gateways, bots and other programs that speak for a domain of their own"
      keyOf={({ domain }) => domain}
      empty="There are none in the configuration."
      columns={[
        { title: "Domain", width: "long", cell: ({ domain }) => domain, sort: ({ domain }) => domain },
        { title: "Name", cell: ({ name }) => name ?? "–", sort: ({ name }) => name ?? "" },
        {
          title: "Connected",
          width: "short",
          cell: ({ since }) => (since === undefined ? "no" : `for ${ago(since)}`),
          sort: ({ since }) => since ?? "",
        },
        { title: "From", cell: place, sort: place },
        { title: "Stanzas", cell: stanzas, sort: ({ received, sent }) => received + sent },
      ]}
      actions={({ domain, external, connected }) => (
        <>
          <a class="button plain" href={`#/inspector/${encodeURIComponent(domain)}`}>
            Watch
          </a>
          {external && connected && (
            <DangerButton
              ask={ask}
              label={`End the connection of ${domain}`}
              title="End this connection?"
              action="End"
              run={() => command("component-end", { domain })}
            >
              <p>
                <b class="long">{domain}</b> is disconnected, and its contacts go offline. It may connect
                again.
              </p>
            </DangerButton>
          )}
        </>
      )}
    >
      {dialog}
    </ListView>
  );
}

function place({ connected, external, address, secure }: Component): string {
  if (!connected) return "–";
  return external ? `${address}, ${secure ? "encrypted" : "in clear"}` : "in the server";
}

function stanzas({ received, sent, unsent = 0 }: Component): string {
  const waiting = unsent > 0 ? `, ${size(unsent)} unsent` : "";
  return `${received} in, ${sent} out${waiting}`;
}
