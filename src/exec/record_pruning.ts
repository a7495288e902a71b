/** Selects the records of past runs to delete: by age, by count, by total size. Pure. */

/** A record among others. */
export interface KeptRecord {
  name: string;
  bytes: number;
  modifiedAt: Date;
}

/** How long and how much is retained. */
export interface RecordLimits {
  maxAgeMs: number;
  maxRecords: number;
  maxBytes: number;
  /** A record written to this recently may belong to an active run, and stays whatever its size. */
  busyMs: number;
}

/** Thirty days, five hundred runs (a new run inspects each), 64 MiB. */
export const recordLimits: RecordLimits = {
  maxAgeMs: 30 * 24 * 3_600_000,
  maxRecords: 500,
  maxBytes: 64 * 1024 * 1024,
  busyMs: 3_600_000,
};

/** Returns the names of the records to delete, the oldest first. */
export function expiredRecords(
  records: readonly KeptRecord[],
  now: Date,
  limits: RecordLimits = recordLimits,
): string[] {
  const newestFirst = records.toSorted((a, b) =>
    b.modifiedAt.getTime() - a.modifiedAt.getTime() || (a.name < b.name ? 1 : -1)
  );
  const expired: string[] = [];
  let retained = 0;
  let retainedBytes = 0;
  for (const { name, bytes, modifiedAt } of newestFirst) {
    const ageMs = now.getTime() - modifiedAt.getTime();
    const fits = retained < limits.maxRecords && retainedBytes + bytes <= limits.maxBytes;
    if (ageMs > limits.busyMs && (ageMs > limits.maxAgeMs || !fits)) expired.push(name);
    else {
      retained += 1;
      retainedBytes += bytes;
    }
  }
  return expired.reverse();
}
