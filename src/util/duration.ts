const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `"30d"`, `"15m"`, `"1.5h"`, `"500ms"` in milliseconds; `"off"` is 0. Undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "off") return 0;
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?(ms|s|m|h|d|w)$/.exec(trimmed);
  if (!match) return undefined;
  const ms = Math.round(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest exact spelling that {@link parseDuration} reads back: `90_000` is `"90s"`, 0 is `"off"`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "off";
  for (const unit of ["d", "h", "m", "s"] as const) {
    if (ms % UNITS[unit] === 0) return `${ms / UNITS[unit]}${unit}`;
  }
  return `${ms}ms`;
}
