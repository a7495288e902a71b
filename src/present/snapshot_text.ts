/** Snapshots of the cluster as a table, as data, and as notes. Pure. */
import type { StoredSnapshot } from "../actions/session/snapshots/snapshots.ts";
import { ageText } from "../base/duration.ts";
import { tableLines } from "../terminal/table.ts";

const header = ["NAME", "SESSION", "STATUS", "SIZE", "AGE"];

/** Returns the lines of the table; with the namespace in front if there are several. */
export function snapshotsTable(
  snapshots: readonly StoredSnapshot[],
  { namespaces, now }: { namespaces: boolean; now: Date },
): string[] {
  const rows = snapshots.map((snapshot) => {
    const { name, namespace, session, state, takenAt, volumes } = snapshot;
    const sizes = volumes.map(({ size }) => size ?? "?").join("+");
    const age = takenAt === "" ? "" : ageText(now.getTime() - Date.parse(takenAt));
    const own = [name, session, state, sizes, age];
    return namespaces ? [namespace, ...own] : own;
  });
  return tableLines(namespaces ? ["NAMESPACE", ...header] : header, rows);
}

/** A snapshot as data. */
export function snapshotData(snapshot: StoredSnapshot) {
  const { name, namespace, session, takenAt, state, volumes } = snapshot;
  return {
    name,
    namespace,
    session,
    takenAt,
    status: state,
    volumes: volumes.map(({ part, name, ready, size, className, error }) => ({
      part,
      volumeSnapshot: name,
      readyToUse: ready,
      ...(size === undefined ? {} : { size }),
      ...(className === undefined ? {} : { class: className }),
      ...(error === undefined ? {} : { error: error.message }),
    })),
  };
}

/** Returns the note on a snapshot that was taken. */
export function takenLines({ volumes }: StoredSnapshot): string[] {
  const sizes = volumes.map(({ name, size }) => size === undefined ? name : `${name} (${size})`);
  return [
    `saved: ${sizes.join(", ")}`,
    "it includes the agent's login: anyone who can create volumes from snapshots in this namespace can read it",
  ];
}
