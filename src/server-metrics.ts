import { performance } from "node:perf_hooks";
import type { DomainHost } from "./core/domain-host.ts";
import type { Turn } from "./net/turn.ts";
import type { Store } from "./store/store.ts";
import type { ClientStream } from "./stream/client-stream.ts";
import type { ClientEnvironment } from "./stream/stream-host.ts";
import type { Counter, Labels, Metrics, Sample } from "./util/metrics.ts";

interface Measured {
  readonly metrics: Metrics;
  readonly streams: ReadonlySet<ClientStream>;
  readonly hosts: ReadonlyMap<string, DomainHost>;
  readonly store: Store;
}

/** How often the event loop's delay is sampled. */
const SAMPLE_MS = 100;

/** Seconds. */
const DELAYS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Seconds. */
const COMMITS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];

/** Registers what is known of the process and of the server as a whole, most of it read when somebody asks. */
export function measure({ metrics, streams, hosts, store }: Measured, turn: Turn): Disposable {
  metrics.gauges("jackdaw_streams", "open client streams", () =>
    countBy(streams, ({ transport, state }) => ({ transport: transport.kind ?? "other", state })),
  );
  metrics.gauges("jackdaw_sessions", "bound resources", () =>
    [...hosts.values()].flatMap(({ domain, sessions }) =>
      countBy(sessions.all(), ({ attached }) => ({ domain, state: attached ? "connected" : "waiting" })),
    ),
  );
  const commits = metrics.histogram("jackdaw_commit_seconds", "how long commits of the store took", COMMITS);
  turn.onCommitted = (seconds) => commits.observe(seconds);
  metrics.total("jackdaw_store_rows", "rows written to the store", () => store.rowsWritten ?? 0);
  metrics.total("process_cpu_seconds_total", "processor time that the process used", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const started = Date.now() / 1000 - process.uptime();
  metrics.gauge("process_start_time_seconds", "when the process began, since the epoch", () => started);
  metrics.gauge("process_resident_memory_bytes", "memory that the process has", () =>
    process.memoryUsage.rss(),
  );
  metrics.gauge(
    "jackdaw_heap_used_bytes",
    "memory that JavaScript's objects take",
    () => process.memoryUsage().heapUsed,
  );
  metrics.total(
    "jackdaw_event_loop_active_seconds",
    "time that the event loop did not spend waiting",
    () => performance.eventLoopUtilization().active / 1000,
  );
  return measureDelay(metrics);
}

/** A timer that tells how late it was: the only figure here that costs something, some microseconds a second. */
function measureDelay(metrics: Metrics): Disposable {
  const delays = metrics.histogram("jackdaw_event_loop_delay_seconds", "how late the event loop is", DELAYS);
  let due = performance.now() + SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.observe(Math.max(0, now - due) / 1000);
    due = now + SAMPLE_MS;
  }, SAMPLE_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** What streams report of themselves. */
export function streamCounters(
  metrics: Metrics,
): Pick<ClientEnvironment, "limited" | "loginTried" | "streamError"> {
  const logins = new Map<string, Counter>();
  return {
    limited: (limit) =>
      metrics.counter("jackdaw_streams_limited", "times that a limit held a stream up", { limit }).inc(),
    loginTried: (mechanism, outcome) => {
      const key = `${mechanism} ${outcome}`;
      let counter = logins.get(key);
      if (!counter) {
        counter = metrics.counter("jackdaw_logins", "attempts to log in", { mechanism, outcome });
        logins.set(key, counter);
      }
      counter.inc();
    },
    streamError: (condition) =>
      metrics
        .counter("jackdaw_stream_errors", "streams that the server ended with an error", { condition })
        .inc(),
  };
}

/** Counts answers over HTTP by the first digit of their status. */
export function httpCounter(metrics: Metrics): (status: number) => void {
  return (status) => {
    const labels = { status: `${Math.floor(status / 100)}xx` };
    metrics.counter("jackdaw_http_requests", "requests answered over HTTP", labels).inc();
  };
}

function countBy<T>(items: Iterable<T>, labelsOf: (item: T) => Labels): readonly Sample[] {
  const counts = new Map<string, { labels: Labels; value: number }>();
  for (const item of items) {
    const labels = labelsOf(item);
    const key = Object.values(labels).join(" ");
    const count = counts.get(key);
    if (count) count.value++;
    else counts.set(key, { labels, value: 1 });
  }
  return [...counts.values()];
}
