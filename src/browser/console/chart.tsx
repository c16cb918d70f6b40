/** Lines over time, drawn as SVG. */
import { number } from "../ui/format.ts";

export interface Series {
  readonly name: string;
  /** undefined: not known at that time. */
  readonly values: readonly (number | undefined)[];
}

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  /** How many values fit. */
  readonly width: number;
}

/** A chart begins with room for so many. */
const FIRST = 20;

const W = 300;
const H = 90;

export function Chart({ title, unit, series, width }: ChartProps) {
  const highest = Math.max(
    0,
    ...series.flatMap(({ values }) => values.filter((value) => value !== undefined)),
  );
  const top = niceTop(highest);
  const latest = series
    .map(({ name, values }) => `${series.length > 1 ? `${name} ` : ""}${shown(values.at(-1))}`)
    .join(", ");
  return (
    <figure class="chart">
      <figcaption>
        {title} <span class="unit">{unit}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${W} ${H}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${latest} ${unit}`}
      >
        <line class="grid" x1="0" x2={W} y1={H / 2} y2={H / 2} />
        <line class="grid" x1="0" x2={W} y1={H - 0.5} y2={H - 0.5} />
        {series.map(({ name, values }, index) => (
          <path
            key={name}
            class={`line l${index}`}
            d={pathOf(values, Math.min(width, Math.max(FIRST, values.length)), top)}
          />
        ))}
      </svg>
      <span class="top" aria-hidden="true">
        {number(top)}
      </span>
      <ul class="legend" aria-hidden="true">
        {series.map(({ name, values }, index) => (
          <li key={name}>
            <span class={`key l${index}`} /> {series.length > 1 && `${name} `}
            <b>{shown(values.at(-1))}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** The latest value stands at the right edge. */
function pathOf(values: readonly (number | undefined)[], width: number, top: number): string {
  const step = W / (width - 1);
  const start = W - (values.length - 1) * step;
  let path = "";
  let isDown = false;
  for (const [index, value] of values.entries()) {
    if (value !== undefined) {
      const y = H - 2 - (value / top) * (H - 6);
      path += `${isDown ? "L" : "M"}${(start + index * step).toFixed(1)} ${y.toFixed(1)}`;
    }
    isDown = value !== undefined;
  }
  return path;
}

/** 1, 2 or 5 times a power of ten, at least `value`. */
function niceTop(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? value;
}

function shown(value: number | undefined): string {
  return value === undefined ? "–" : number(value);
}
