/** What each part of a release is made from. */
import type { PermissionSet } from "../permissions.ts";

/** The same for all parts of one release. */
export interface ReleaseInput {
  /** In semantic versioning. */
  version: string;
  /** The time of every file, in seconds since 1970. */
  seconds: number;
  /** The folder of the bundle, with `LICENSES.txt` of the packages in it. */
  bundled: string;
  /** A folder that is removed afterwards. */
  work: string;
  /** The text of kodama's licence. */
  licence: string;
  /** What launchers allow. */
  sets: { kodama: PermissionSet; cluster: PermissionSet };
}
