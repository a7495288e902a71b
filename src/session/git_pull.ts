/** A session's branch as a bundle: what `kodama pull` brings home. Pure. */
import { workspaceFolder } from "./names.ts";

/** The exit code of a workspace that is no repository, or has no commit. */
export const nothingToPull = 68;

/**
 * Writes the branch that is checked out to standard output, and its name and hash to standard error first. A bundle
 * holds whole objects and is checked by the git that reads it: a link that breaks can't make half a branch of it.
 */
const bundleScript = `set -eu
cd ${workspaceFolder}
branch=$(git symbolic-ref -q --short HEAD) && commit=$(git rev-parse -q --verify HEAD) || exit ${nothingToPull}
printf 'branch %s\\ncommit %s\\nuncommitted %s\\n' "$branch" "$commit" "$(git status --porcelain | wc -l)" >&2
since=
if [ "$1" = thin ]; then since="--not --remotes=origin"; fi
exec git bundle create -q - "$branch" $since
`;

/** The words. Thin: without what the origin has, which most often is here already. */
export function bundleWords(size: "thin" | "whole"): string[] {
  return ["sh", "-c", bundleScript, "kodama", size];
}

/** What the script said. */
export interface Bundled {
  branch: string;
  commitHash: string;
  uncommitted: number;
}

/** Undefined where it isn't what the script says. The branch is checked by whoever uses it. */
export function bundleAnswer(stderr: string): Bundled | undefined {
  const match = /^branch (\S{1,200})\ncommit ([0-9a-f]{40,64})\nuncommitted\s+(\d+)$/m.exec(stderr);
  if (match === null) return undefined;
  const [, branch = "", commitHash = "", uncommitted] = match;
  return { branch, commitHash, uncommitted: Number(uncommitted) };
}
