/** The names of snapshots in a cluster. Pure. */
import { UsageError } from "../base/errors.ts";

/** A value of a label has 63 characters; the object's name may have more. */
export const longestSnapshotName = 63;

/** Returns whether a text can be the name of a snapshot in the cluster: then it isn't a file's path. */
export function isSnapshotName(word: string): boolean {
  return word.length <= longestSnapshotName && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(word);
}

/**
 * Returns the name of a snapshot, as a user typed it.
 *
 * @throws UsageError that explains the problem.
 */
export function checkedSnapshotName(name: string): string {
  if (isSnapshotName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new UsageError(`${shown} can't be the name of a snapshot`, {
    hint: `a-z, 0-9 and -, ${longestSnapshotName} characters at most, as fix-auth-20260115143000`,
  });
}
