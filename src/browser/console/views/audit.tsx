import { useEffect, useState } from "preact/hooks";
import { time } from "../../ui/format.ts";
import { messageOf } from "../../ui/hooks.ts";
import { Button, Notice, Table } from "../../ui/ui.tsx";
import { command } from "../api.ts";

interface Entry {
  readonly id: number;
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly details: unknown;
}

export function Audit() {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [next, setNext] = useState<number>();
  const [error, setError] = useState<string>();

  function load(before?: number) {
    command<{ entries: Entry[]; next?: number }>("audit-list", before === undefined ? {} : { before }).then(
      (page) => {
        setEntries((old) => (before === undefined ? page.entries : [...old, ...page.entries]));
        setNext(page.next);
      },
      (failure: unknown) => setError(messageOf(failure)),
    );
  }
  useEffect(() => load(), []);

  return (
    <>
      <h1>Audit</h1>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <Table
        caption="What administrators changed, the latest first"
        rows={entries}
        keyOf={({ id }) => String(id)}
        empty="Nothing was changed."
        columns={[
          { title: "When", cell: ({ at }) => time(at) },
          { title: "Who", isLong: true, cell: ({ by }) => by },
          { title: "What", cell: ({ action }) => action },
          { title: "Details", isLong: true, cell: ({ details }) => detailsOf(details) },
        ]}
      />
      {next !== undefined && <Button onClick={() => load(next)}>More</Button>}
    </>
  );
}

function detailsOf(details: unknown): string {
  if (typeof details !== "object" || details === null) return "";
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
