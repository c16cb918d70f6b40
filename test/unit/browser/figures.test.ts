import { expect, test } from "vitest";
import { byLabels, pointBetween, total } from "../../../src/browser/console/figures.ts";

const DELAY = "jackdaw_event_loop_delay_seconds";

test("rates are what came in the time between two samples", () => {
  const before = { 'jackdaw_stanzas_received{kind="message"}': 10, process_cpu_seconds_total: 1 };
  const after = {
    'jackdaw_stanzas_received{kind="message"}': 30,
    'jackdaw_stanzas_sent{kind="message"}': 20,
    'jackdaw_stanzas_sent{kind="iq"}': 10,
    process_cpu_seconds_total: 1.005,
    jackdaw_archive_writes: 4,
    process_resident_memory_bytes: 90_000_000,
  };
  const point = pointBetween({ at: 1000, figures: before }, { at: 3000, figures: after });
  expect(point.stanzas).toEqual({ message: 20, presence: 0, iq: 5 });
  expect(point.cpu).toBeCloseTo(0.25);
  expect(point.cpuPerStanza).toBeCloseTo(100);
  expect(point.archiveWrites).toBe(2);
  expect(point.memory).toBe(90);
});

test("nothing is said of stanzas where there were none", () => {
  const point = pointBetween({ at: 0, figures: {} }, { at: 1000, figures: { process_cpu_seconds_total: 1 } });
  expect(point.cpuPerStanza).toBeUndefined();
  expect(point.delayMedian).toBeUndefined();
});

test("delays are the bounds that so many of the new samples keep", () => {
  const bucket = (le: string) => `${DELAY}_bucket{le="${le}"}`;
  const before = { [bucket("0.001")]: 5, [bucket("0.01")]: 5, [bucket("0.1")]: 5, [`${DELAY}_count`]: 5 };
  const after = { [bucket("0.001")]: 11, [bucket("0.01")]: 14, [bucket("0.1")]: 15, [`${DELAY}_count`]: 15 };
  const point = pointBetween({ at: 0, figures: before }, { at: 1000, figures: after });
  expect(point.delayMedian).toBe(1);
  expect(point.delayHigh).toBe(100);
});

test("figures are summed over their labels, and listed by them", () => {
  const figures = { 'a{x="1",y="2"}': 3, 'a{x="2",y="2"}': 5, 'a{x="3",y="2"}': 0, ab: 7 };
  expect(total(figures, "a")).toBe(8);
  expect(byLabels(figures, "a")).toEqual([
    ["2, 2", 5],
    ["1, 2", 3],
  ]);
});
