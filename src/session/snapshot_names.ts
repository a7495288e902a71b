/** The names of snapshots in a cluster. Pure. */
import { UsageError } from "../base/errors.ts";

/** A value of a label has 63 characters; the object's name may have more. */
export const longestSnapshotName = 63;

/** Whether a word can be the name of a snapshot in the cluster: then it is no path of a file. */
export function isSnapshotName(word: string): boolean {
  return word.length <= longestSnapshotName && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(word);
}

/**
 * The name of a snapshot, as a person gave it.
 *
 * @throws UsageError that says what is wrong with it.
 */
export function checkedSnapshotName(name: string): string {
  if (isSnapshotName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new UsageError(`${shown} can't be the name of a snapshot`, {
    hint: `a-z, 0-9 and -, ${longestSnapshotName} characters at most, as fix-auth-20260115143000`,
  });
}
