/** Rates and shares out of the counters that the server keeps. */

/** Every figure by its name, as `metrics-show` has them. */
export type Figures = Readonly<Record<string, number>>;

export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly figures: Figures;
}

const KINDS = ["message", "presence", "iq"] as const;
const DELAY = "jackdaw_event_loop_delay_seconds";

/** What the charts show of the time between two samples. */
export interface Point {
  readonly streams: number;
  readonly sessions: number;
  readonly stanzas: Readonly<Record<(typeof KINDS)[number], number>>;
  /** Per cent of one core. */
  readonly cpu: number;
  /** Microseconds; undefined without stanzas. */
  readonly cpuPerStanza: number | undefined;
  /** Milliseconds; undefined without samples. */
  readonly delayMedian: number | undefined;
  readonly delayHigh: number | undefined;
  readonly archiveWrites: number;
  readonly storeRows: number;
  /** Megabytes. */
  readonly memory: number;
  readonly heap: number;
}

export function pointBetween(before: Sample, after: Sample): Point {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const grown = (name: string) => (after.figures[name] ?? 0) - (before.figures[name] ?? 0);
  const rate = (name: string) => grown(name) / seconds;
  const stanzasOf = (kind: string) =>
    rate(`jackdaw_stanzas_received{kind="${kind}"}`) + rate(`jackdaw_stanzas_sent{kind="${kind}"}`);
  const stanzas = { message: stanzasOf("message"), presence: stanzasOf("presence"), iq: stanzasOf("iq") };
  const perSecond = stanzas.message + stanzas.presence + stanzas.iq;
  const cpu = rate("process_cpu_seconds_total");
  return {
    streams: total(after.figures, "jackdaw_streams"),
    sessions: total(after.figures, "jackdaw_sessions"),
    stanzas,
    cpu: cpu * 100,
    cpuPerStanza: perSecond > 0 ? (cpu / perSecond) * 1e6 : undefined,
    delayMedian: delayAt(0.5, grown, after.figures),
    delayHigh: delayAt(0.99, grown, after.figures),
    archiveWrites: rate("jackdaw_archive_writes"),
    storeRows: rate("jackdaw_store_rows"),
    memory: (after.figures["process_resident_memory_bytes"] ?? 0) / 1e6,
    heap: (after.figures["jackdaw_heap_used_bytes"] ?? 0) / 1e6,
  };
}

/** The sum of all figures of that name, whatever their labels. */
export function total(figures: Figures, name: string): number {
  let sum = 0;
  for (const [key, value] of Object.entries(figures)) {
    if (key === name || key.startsWith(`${name}{`)) sum += value;
  }
  return sum;
}

/** The figures of that name by their labels, the greatest first. */
export function byLabels(
  figures: Figures,
  name: string,
): readonly (readonly [labels: string, value: number])[] {
  return Object.entries(figures)
    .filter(([key]) => key.startsWith(`${name}{`))
    .map(([key, value]) => [labelsIn(key.slice(name.length + 1, -1)), value] as const)
    .filter(([, value]) => value > 0)
    .toSorted(([, a], [, b]) => b - a);
}

/** `PLAIN, success` of `mechanism="PLAIN",outcome="success"`. */
function labelsIn(text: string): string {
  return Array.from(text.matchAll(/="([^"]*)"/g), ([, value]) => value).join(", ");
}

/** The bound below which that share of the new samples is, in milliseconds. */
function delayAt(share: number, grown: (name: string) => number, figures: Figures): number | undefined {
  const count = grown(`${DELAY}_count`);
  if (count <= 0) return undefined;
  const bounds = Object.keys(figures)
    .map((key) => /_bucket\{le="([^"]+)"\}$/.exec(key)?.[1])
    .filter((bound) => bound !== undefined && `${DELAY}_bucket{le="${bound}"}` in figures)
    .map(Number)
    .toSorted((a, b) => a - b);
  const bound = bounds.find((each) => grown(`${DELAY}_bucket{le="${each}"}`) >= share * count);
  return (bound ?? bounds.at(-1) ?? 0) * 1000;
}
