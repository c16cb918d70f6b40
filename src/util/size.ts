const UNITS = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;
type Unit = keyof typeof UNITS;

const BY_LOWER_CASE = new Map(Object.keys(UNITS).map((unit) => [unit.toLowerCase(), unit as Unit]));

/** `"10 MB"` (1000²), `"10 MiB"` (1024²), `"512 B"` in bytes. Undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?i?b)$/i.exec(text.trim());
  const unit = match && BY_LOWER_CASE.get((match[2] as string).toLowerCase());
  if (!match || !unit) return undefined;
  const bytes = Math.round(Number(match[1]) * UNITS[unit]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest exact spelling that {@link parseSize} reads back: `256_000` is `"256 KB"`. */
export function formatSize(bytes: number): string {
  for (const unit of ["TB", "TiB", "GB", "GiB", "MB", "MiB", "KB", "KiB"] as const) {
    if (bytes > 0 && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]} ${unit}`;
  }
  return `${bytes} B`;
}
