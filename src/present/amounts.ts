/** Bytes, rates and counts as text. */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `512 B`, `3.4 MiB`, `120 GiB`: at most three digits, except for bytes. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `1 file`, `10,000 files`. */
export function filesText(files: number): string {
  return `${files.toLocaleString("en")} ${files === 1 ? "file" : "files"}`;
}
