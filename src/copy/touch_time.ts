/** Times for `touch -t`, the only form that every image's touch knows. */

/** `YYYYMMDDhhmm.ss` in UTC; empty for a time that can't be written so. */
export function touchTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const [, digits, rest] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d)/.exec(date.toISOString()) ?? [];
  return digits === undefined ? "" : `${digits.replace(/\D/g, "")}.${rest}`;
}
