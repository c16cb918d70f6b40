/**
 * Prometheus text format, version 0.0.4
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * Writes metrics as a scrape expects them.
 */
import { type Distribution, type Family, labelText } from "./metrics.ts";

/** Counters get the suffix `_total` unless they have it. */
export function prometheusText(families: readonly Family[]): string {
  return families.map(familyText).join("");
}

function familyText(family: Family): string {
  const name =
    family.type === "counter" && !family.name.endsWith("_total") ? `${family.name}_total` : family.name;
  const lines = [`# HELP ${name} ${escapeHelp(family.help)}`, `# TYPE ${name} ${family.type}`];
  if (family.type === "histogram") {
    for (const distribution of family.distributions) lines.push(...bucketLines(name, distribution));
  } else {
    for (const { labels, value } of family.samples)
      lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function bucketLines(name: string, { labels, buckets, count, sum }: Distribution): string[] {
  const bucket = (le: string, value: number) =>
    `${name}_bucket${labelText({ ...labels, le })} ${numberText(value)}`;
  return [
    ...buckets.map(([bound, below]) => bucket(numberText(bound), below)),
    bucket("+Inf", count),
    `${name}_sum${labelText(labels)} ${numberText(sum)}`,
    `${name}_count${labelText(labels)} ${numberText(count)}`,
  ];
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
