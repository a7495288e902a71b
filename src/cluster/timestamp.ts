/** Times as the API writes them. */

/** Returns RFC 3339 with seconds: metav1.Time. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
