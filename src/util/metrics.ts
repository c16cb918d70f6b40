/** What tells figures of one name apart: `{ kind: "message" }`. */
export type Labels = Readonly<Record<string, string>>;

/** Plain numbers that a scrape reads; counting costs one addition. */
export interface Counter {
  value: number;
  inc(by?: number): void;
}

/** How many values fell into which range. */
export interface Histogram {
  observe(value: number): void;
}

/** One figure with its labels. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** What a histogram has seen. */
export interface Distribution {
  readonly labels: Labels;
  /** Upper bounds, ascending, and how many values were at most that; all values are in `count`. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

/** Everything of one name, as it is when asked for. */
export type Family = { readonly name: string; readonly help: string } & (
  | { readonly type: "counter" | "gauge"; readonly samples: readonly Sample[] }
  | { readonly type: "histogram"; readonly distributions: readonly Distribution[] }
);

/** Names are those of Prometheus: `jackdaw_things`, with the unit (`_seconds`, `_bytes`) at the end. */
export interface Metrics {
  /** The counter of that name and labels, made at the first call. Keep it: a look-up costs more than the count. */
  counter(name: string, help: string, labels?: Labels): Counter;
  /** A count that somebody else keeps. */
  total(name: string, help: string, read: () => number): void;
  /** A figure read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void;
  /** Figures that labels tell apart, all read when somebody asks. */
  gauges(name: string, help: string, read: () => readonly Sample[]): void;
  /** The histogram of that name, made at the first call. `bounds` ascend. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** Every counter and gauge, by its name and labels: `name` or `name{kind="message"}`. */
  snapshot(): Record<string, number>;
  /** Everything there is, in the order in which it was made. */
  families(): readonly Family[];
}

export function createMetrics(): Metrics {
  return new Registry();
}

class Registry implements Metrics {
  readonly #families = new Map<string, () => Family>();
  readonly #counters = new Map<string, Map<string, Counter & Sample>>();
  readonly #histograms = new Map<string, Buckets>();

  counter(name: string, help: string, labels: Labels = {}): Counter {
    let counters = this.#counters.get(name);
    if (!counters) {
      const made = new Map<string, Counter & Sample>();
      counters = made;
      this.#counters.set(name, made);
      this.#families.set(name, () => ({ name, help, type: "counter", samples: [...made.values()] }));
    }
    const key = labelText(labels);
    let counter = counters.get(key);
    if (!counter) {
      counter = new PlainCounter(labels);
      counters.set(key, counter);
    }
    return counter;
  }

  total(name: string, help: string, read: () => number): void {
    this.#families.set(name, () => ({
      name,
      help,
      type: "counter",
      samples: [{ labels: {}, value: read() }],
    }));
  }

  gauge(name: string, help: string, read: () => number): void {
    this.gauges(name, help, () => [{ labels: {}, value: read() }]);
  }

  gauges(name: string, help: string, read: () => readonly Sample[]): void {
    this.#families.set(name, () => ({ name, help, type: "gauge", samples: read() }));
  }

  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    let histogram = this.#histograms.get(name);
    if (!histogram) {
      const made = new Buckets(bounds);
      histogram = made;
      this.#histograms.set(name, made);
      this.#families.set(name, () => ({
        name,
        help,
        type: "histogram",
        distributions: [made.distribution()],
      }));
    }
    return histogram;
  }

  snapshot(): Record<string, number> {
    const result: Record<string, number> = {};
    for (const family of this.families()) {
      if (family.type === "histogram") continue;
      for (const { labels, value } of family.samples) result[family.name + labelText(labels)] = value;
    }
    return result;
  }

  families(): readonly Family[] {
    return Array.from(this.#families.values(), (read) => read());
  }
}

class PlainCounter implements Counter, Sample {
  readonly labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  inc(by = 1): void {
    this.value += by;
  }
}

class Buckets implements Histogram {
  readonly #bounds: readonly number[];
  /** How many fell between a bound and the one before; the last is for what exceeds all. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] as number)) index++;
    (this.#counts[index] as number)++;
    this.#sum += value;
  }

  distribution(): Distribution {
    let count = 0;
    const buckets = this.#bounds.map((bound, index) => {
      count += this.#counts[index] as number;
      return [bound, count] as const;
    });
    return { labels: {}, buckets, count: count + (this.#counts.at(-1) as number), sum: this.#sum };
  }
}

/** `{kind="message"}`, or "" without labels; the same for the same labels in any order. */
export function labelText(labels: Labels): string {
  const names = Object.keys(labels).toSorted();
  if (names.length === 0) return "";
  return `{${names.map((name) => `${name}="${escapeLabel(labels[name] as string)}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
