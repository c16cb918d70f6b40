import { describe, expect, test } from "vitest";
import { createMetrics } from "../../../src/util/metrics.ts";
import { prometheusText } from "../../../src/util/prometheus.ts";

describe("metrics", () => {
  test("a counter is the same for the same name and labels", () => {
    const metrics = createMetrics();
    metrics.counter("stanzas", "help", { kind: "iq", way: "in" }).inc();
    metrics.counter("stanzas", "help", { way: "in", kind: "iq" }).inc(2);
    metrics.counter("stanzas", "help", { kind: "message", way: "in" }).value++;
    expect(metrics.snapshot()).toEqual({
      'stanzas{kind="iq",way="in"}': 3,
      'stanzas{kind="message",way="in"}': 1,
    });
  });

  test("what others keep is read when somebody asks", () => {
    const metrics = createMetrics();
    let value = 1;
    metrics.gauge("sessions", "help", () => value);
    metrics.total("seconds", "help", () => value * 10);
    metrics.gauges("streams", "help", () => [{ labels: { state: "bound" }, value }]);
    value = 2;
    expect(metrics.snapshot()).toEqual({ sessions: 2, seconds: 20, 'streams{state="bound"}': 2 });
  });
});

describe("the text for Prometheus", () => {
  test("has help, type and one line a figure; counters end in _total", () => {
    const metrics = createMetrics();
    metrics.counter("a", "first\nline \\", { kind: 'q"\\\n' }).inc(3);
    metrics.total("b_total", "second", () => 4);
    metrics.gauge("c", "third", () => Number.POSITIVE_INFINITY);
    expect(prometheusText(metrics.families())).toBe(`# HELP a_total first\\nline \\\\
# TYPE a_total counter
a_total{kind="q\\"\\\\\\n"} 3
# HELP b_total second
# TYPE b_total counter
b_total 4
# HELP c third
# TYPE c gauge
c +Inf
`);
  });

  test("has cumulative buckets, each with what is at most its bound", () => {
    const metrics = createMetrics();
    const histogram = metrics.histogram("d_seconds", "fourth", [0.5, 1]);
    for (const value of [0.25, 0.5, 0.75, 8]) histogram.observe(value);
    expect(metrics.histogram("d_seconds", "fourth", [0.5, 1])).toBe(histogram);
    expect(prometheusText(metrics.families())).toBe(`# HELP d_seconds fourth
# TYPE d_seconds histogram
d_seconds_bucket{le="0.5"} 2
d_seconds_bucket{le="1"} 3
d_seconds_bucket{le="+Inf"} 4
d_seconds_sum 9.5
d_seconds_count 4
`);
  });
});
