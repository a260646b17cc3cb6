const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** "48.2 KB", in units of 1024. */
export function sizeOf(bytes: number | string | undefined): string {
  let value = Number(bytes ?? 0);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${UNITS[unit]}`;
}
