/** The names of sessions' own branches. Pure. */
import { UsageError } from "../base/errors.ts";

/** Returns `kodama/fix-auth-20250115143000`: prefix, session and the time in UTC. */
export function autoBranchName(prefix: string, session: string, at: Date): string {
  const stamp = at.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return checkedBranch(`${prefix}${session}-${stamp}`);
}

/**
 * Returns a valid git branch name. https://git-scm.com/docs/git-check-ref-format
 *
 * @throws UsageError
 */
export function checkedBranch(name: string): string {
  // deno-lint-ignore no-control-regex -- control characters are part of what git refuses
  const bad = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^[-./]|[./]$|\.lock(?:\/|$)|^@$/.test(
    name,
  );
  if (!bad && name !== "" && name.length <= 200) return name;
  throw new UsageError(`${JSON.stringify(name.slice(0, 80))} can't be the name of a branch`, {
    hint: "git check-ref-format --branch NAME says what git allows",
  });
}
