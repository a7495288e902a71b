/** The format's version in files that kodama writes and reads again. */
import * as v from "valibot";

/**
 * The schema of `version` in such a file. A field that is added doesn't change it, because readers ignore fields that
 * they don't know; a change that an older kodama would misread does.
 */
export function fileVersion<const N extends number>(version: N) {
  return v.literal(
    version,
    ({ received }) =>
      `${received}, and this kodama reads ${version}: ` +
      (Number(received) < version
        ? "an earlier one has written the file"
        : "a later one has written the file, update this one"),
  );
}

/** The same for formats whose first files had no version: without a version it is 1. */
export function optionalFileVersion<const N extends number>(version: N) {
  return v.optional(fileVersion(version));
}

/**
 * Returns the problem of the version of a file that could not be parsed; undefined if something else is wrong. A file
 * of a later version belongs to another kodama: it is neither replaced nor removed.
 */
export function versionProblem(issues: readonly v.BaseIssue<unknown>[]): string | undefined {
  const issue = issues.find(({ path, input }) =>
    path?.length === 1 && path[0]?.key === "version" && typeof input === "number"
  );
  return issue === undefined ? undefined : `version: ${issue.message}`;
}
