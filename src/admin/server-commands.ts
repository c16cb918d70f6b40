import { labelText, type Metrics } from "../util/metrics.ts";
import { t } from "../util/schema.ts";
import { command, hostAt } from "./command.ts";

const MAX_LINES = 1000;

export const tailLog = command({
  name: "log-tail",
  description:
    "Shows what the running server logged lately, the oldest line first; `last` goes into `after`.",
  area: "service",
  changes: false,
  args: t.object({
    after: t.integer(0).doc("The number of the line after which to begin."),
    level: t.oneOf(["info", "warn", "error"], "info").doc("The least severe lines that are wanted."),
    limit: t.integer(MAX_LINES, { min: 1, max: MAX_LINES }).doc("At most so many, the latest."),
  }),
  async run(context, { after, level, limit }) {
    const levels = ["info", "warn", "error"];
    const lines = hostAt(context)
      .server.logTail.since(after)
      .filter((line) => levels.indexOf(line.level) >= levels.indexOf(level));
    return {
      lines: lines.slice(-limit).map(({ at, ...line }) => ({ ...line, at: new Date(at).toISOString() })),
      last: lines.at(-1)?.number ?? after,
    };
  },
});

export const showMetrics = command({
  name: "metrics-show",
  description: "Tells every figure by its name, as at `/metrics`.",
  area: "service",
  changes: false,
  args: t.object({}),
  run: async (context) => ({ metrics: figuresOf(hostAt(context).metrics) }),
});

/** Those of histograms as Prometheus has them: `_bucket{le="0.1"}`, `_count`, `_sum`. */
function figuresOf(metrics: Metrics): Readonly<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const family of metrics.families()) {
    const { name } = family;
    if (family.type !== "histogram") {
      for (const { labels, value } of family.samples) figures[name + labelText(labels)] = value;
      continue;
    }
    for (const { buckets, count, sum } of family.distributions) {
      for (const [bound, below] of buckets)
        figures[`${name}_bucket${labelText({ le: String(bound) })}`] = below;
      figures[`${name}_count`] = count;
      figures[`${name}_sum`] = sum;
    }
  }
  return figures;
}
