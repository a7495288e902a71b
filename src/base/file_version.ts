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
      `${received}, and this kodama reads ${version}: a later one has written the file, update this one`,
  );
}
