/** Times for `touch -t`, the only format that every image's touch supports. */

/** Returns `YYYYMMDDhhmm.ss` in UTC; empty for a time outside of the format's range. */
export function touchTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const [, digits, rest] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d)/.exec(date.toISOString()) ?? [];
  return digits === undefined ? "" : `${digits.replace(/\D/g, "")}.${rest}`;
}
