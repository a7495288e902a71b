/** Arguments of git on this machine, in folders that others may have filled. */

/**
 * The first arguments of each call: a monitor and hooks are programs that the repository names. Filters and merge drivers
 * count as for the user's own git; no command of ours checks files out.
 */
export const quietGitArgs: readonly string[] = [
  ...["-c", "core.fsmonitor=false"],
  ...["-c", "core.hooksPath=/dev/null"],
];
