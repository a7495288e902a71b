/** A session's branch as a bundle, for `kodama pull`. Pure. */
import { workspaceFolder } from "./names.ts";

/** The exit code for a workspace that isn't a repository, or has no commit. */
export const nothingToPull = 68;

/**
 * Writes the checked-out branch to standard output, and its name and hash to standard error first. A bundle contains
 * complete objects and is verified by the git that reads it: a broken link can't produce half a branch.
 */
const bundleScript = `set -eu
cd ${workspaceFolder}
branch=$(git symbolic-ref -q --short HEAD) && commit=$(git rev-parse -q --verify HEAD) || exit ${nothingToPull}
printf 'branch %s\\ncommit %s\\nuncommitted %s\\n' "$branch" "$commit" "$(git status --porcelain | wc -l)" >&2
since=
if [ "$1" = thin ]; then since="--not --remotes=origin"; fi
exec git bundle create -q - "$branch" $since
`;

/** Returns the args. Thin: without the origin's commits, which mostly exist locally. */
export function bundleWords(size: "thin" | "whole"): string[] {
  return ["sh", "-c", bundleScript, "kodama", size];
}

/** The script's output. */
export interface Bundled {
  branch: string;
  commitHash: string;
  uncommitted: number;
}

/** Returns undefined if it isn't the script's output. The caller checks the branch. */
export function bundleAnswer(stderr: string): Bundled | undefined {
  const match = /^branch (\S{1,200})\ncommit ([0-9a-f]{40,64})\nuncommitted\s+(\d+)$/m.exec(stderr);
  if (match === null) return undefined;
  const [, branch = "", commitHash = "", uncommitted] = match;
  return { branch, commitHash, uncommitted: Number(uncommitted) };
}
