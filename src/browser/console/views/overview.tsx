import { useState } from "preact/hooks";
import { number, size, time } from "../../ui/format.ts";
import { messageOf, useEvery } from "../../ui/hooks.ts";
import { Facts } from "../../ui/table.tsx";
import { Notice } from "../../ui/ui.tsx";
import { command } from "../api.ts";
import { Chart } from "../chart.tsx";
import { byLabels, type Figures, type Point, pointBetween, type Sample, total } from "../figures.ts";
import type { ViewProps } from "./view-props.ts";

const EVERY_MS = 2_000;

/** Five minutes. */
const POINTS = 150;

interface State {
  readonly last?: Sample;
  readonly points: readonly Point[];
  readonly error?: string;
}

export function Overview({ visit }: ViewProps) {
  const [{ last, points, error }, setState] = useState<State>({ points: [] });

  useEvery(EVERY_MS, () => {
    command<{ metrics: Figures }>("metrics-show").then(
      ({ metrics }) => {
        const sample = { at: performance.now(), figures: metrics };
        setState((old) => ({
          last: sample,
          points: old.last ? [...old.points, pointBetween(old.last, sample)].slice(-POINTS) : [],
        }));
      },
      (failure: unknown) => setState((old) => ({ ...old, error: messageOf(failure) })),
    );
  });

  if (!last)
    return error === undefined ? <p class="empty">Loading …</p> : <Notice kind="error">{error}</Notice>;
  const of = (read: (point: Point) => number | undefined) => points.map(read);
  const now = points.at(-1);
  return (
    <>
      <h1>Overview</h1>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <Facts
        facts={[
          ["Domains", visit.domains.join(", ")],
          ["Sessions", number(total(last.figures, "jackdaw_sessions"))],
          ["Streams", number(total(last.figures, "jackdaw_streams"))],
          ["Memory", size(last.figures["process_resident_memory_bytes"] ?? 0)],
          ["Processor", now ? `${number(now.cpu)} %` : "–"],
          ["Running since", time((last.figures["process_start_time_seconds"] ?? 0) * 1000)],
        ]}
      />
      <div class="charts">
        <Chart
          title="Streams"
          unit=""
          width={POINTS}
          series={[
            { name: "streams", values: of(({ streams }) => streams) },
            { name: "sessions", values: of(({ sessions }) => sessions) },
          ]}
        />
        <Chart
          title="Stanzas"
          unit="per second"
          width={POINTS}
          series={[
            { name: "messages", values: of(({ stanzas }) => stanzas.message) },
            { name: "presence", values: of(({ stanzas }) => stanzas.presence) },
            { name: "iq", values: of(({ stanzas }) => stanzas.iq) },
          ]}
        />
        <Chart
          title="Processor per stanza"
          unit="µs"
          width={POINTS}
          series={[{ name: "processor", values: of(({ cpuPerStanza }) => cpuPerStanza) }]}
        />
        <Chart
          title="Delay of the event loop"
          unit="ms"
          width={POINTS}
          series={[
            { name: "99 % below", values: of(({ delayHigh }) => delayHigh) },
            { name: "half below", values: of(({ delayMedian }) => delayMedian) },
          ]}
        />
        <Chart
          title="Writes"
          unit="per second"
          width={POINTS}
          series={[
            { name: "archive", values: of(({ archiveWrites }) => archiveWrites) },
            { name: "rows", values: of(({ storeRows }) => storeRows) },
          ]}
        />
        <Chart
          title="Memory"
          unit="MB"
          width={POINTS}
          series={[
            { name: "process", values: of(({ memory }) => memory) },
            { name: "heap", values: of(({ heap }) => heap) },
          ]}
        />
      </div>
      <h2>Since the start</h2>
      <div class="counts">
        <Counts title="Log-ins" name="jackdaw_logins" figures={last.figures} />
        <Counts title="Errors of streams" name="jackdaw_stream_errors" figures={last.figures} />
        <Counts title="Errors of stanzas" name="jackdaw_stanza_errors" figures={last.figures} />
        <Counts title="Resumptions" name="jackdaw_resumptions" figures={last.figures} />
        <Counts title="Limits that held up" name="jackdaw_streams_limited" figures={last.figures} />
        <Counts title="Requests over HTTP" name="jackdaw_http_requests" figures={last.figures} />
      </div>
    </>
  );
}

function Counts({
  title,
  name,
  figures,
}: {
  readonly title: string;
  readonly name: string;
  readonly figures: Figures;
}) {
  const counts = byLabels(figures, name).slice(0, 8);
  return (
    <section>
      <h3>{title}</h3>
      {counts.length === 0 ? (
        <p class="empty">None</p>
      ) : (
        <Facts facts={counts.map(([labels, value]) => [labels, number(value)])} />
      )}
    </section>
  );
}
