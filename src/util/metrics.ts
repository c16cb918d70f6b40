/** Plain numbers that a scrape reads; counting costs one addition. */
export interface Counter {
  value: number;
  inc(by?: number): void;
}

export interface Metrics {
  /** The counter of that name, made at the first call. */
  counter(name: string, help: string): Counter;
  /** A figure read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void;
  /** Every counter and gauge by name. */
  snapshot(): Record<string, number>;
}

export function createMetrics(): Metrics {
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, () => number>();
  return {
    counter(name) {
      let counter = counters.get(name);
      if (!counter) {
        counter = {
          value: 0,
          inc(by = 1) {
            this.value += by;
          },
        };
        counters.set(name, counter);
      }
      return counter;
    },
    gauge: (name, _help, read) => void gauges.set(name, read),
    snapshot() {
      const result: Record<string, number> = {};
      for (const [name, counter] of counters) result[name] = counter.value;
      for (const [name, read] of gauges) result[name] = read();
      return result;
    },
  };
}
