import { time } from "../../ui/format.ts";
import { command } from "../api.ts";
import { ListView } from "../list-view.tsx";
import { useListing } from "../listing.ts";

interface Entry {
  readonly id: number;
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly details: unknown;
}

export function Audit() {
  const list = useListing<Entry>(async (before) => {
    const page = await command<{ entries: Entry[]; next?: number }>("audit-list", { before });
    return { rows: page.entries, next: page.next };
  }, []);
  return (
    <ListView
      title="Audit"
      list={list}
      caption="What administrators changed, the latest first"
      keyOf={({ id }) => String(id)}
      empty="Nothing was changed."
      columns={[
        { title: "When", width: "short", cell: ({ at }) => time(at) },
        { title: "Who", width: "long", cell: ({ by }) => by },
        { title: "What", width: "short", cell: ({ action }) => action },
        { title: "Details", width: "long", cell: ({ details }) => detailsOf(details) },
      ]}
    />
  );
}

function detailsOf(details: unknown): string {
  if (typeof details !== "object" || details === null) return "";
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${inWords(value)}`)
    .join(", ");
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(" + ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
