/**
 * A branch of a session in a folder that is synced with the session's workspace. The sync has already copied the
 * files of the branch, as uncommitted changes, over which git refuses to check the branch out. What is missing is
 * what a sync excludes: HEAD and the index.
 */
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import { commandLine } from "../../base/shell_quote.ts";
import type { Session } from "../../session/model.ts";
import type { Host } from "../host.ts";
import type { SyncReport } from "../sync_control.ts";
import { syncHere } from "./sync_here.ts";

/** Runs git in the repository of the folder. */
export type RunGit = (...words: string[]) => Promise<{ code: number; stdout: string }>;

/** What happened to HEAD and the index. */
export type SyncedCheckout =
  /** HEAD is on the branch, and no file was written: the sync had copied all of them. */
  | { kind: "switched" }
  /** HEAD was on the branch before. */
  | { kind: "advanced" }
  /** HEAD stays: the reason, and the command that a user may run instead. */
  | { kind: "stays"; reason: string; command: string };

/** Returns the running sync of a session if it syncs the repository of the working folder. */
export async function syncOfFolder(
  host: Host,
  { session, context, git }: { session: Session; context: string; git: RunGit },
): Promise<SyncReport | undefined> {
  const report = await syncHere(host, { ...session, context, uid: undefined });
  if (report === undefined || report.pid === null) return undefined;
  // Empty for the top folder; for any other, the path up to it.
  const { code, stdout } = await git("-C", report.spec.local, "rev-parse", "--show-cdup");
  if (code !== 0 || stdout.trim() !== "") return undefined;
  const [here, synced] = await Promise.all([
    git("rev-parse", "--show-toplevel"),
    git("-C", report.spec.local, "rev-parse", "--show-toplevel"),
  ]);
  return here.stdout === synced.stdout ? report : undefined;
}

/** Waits until the sync is complete. Returns why it isn't; undefined if it is. */
export async function flushed(
  host: Host,
  { spec: { key }, state: { phase, reason } }: SyncReport,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (phase === "paused" || phase === "waiting" || phase === "halted") {
    return `the sync ${key} is ${phase}${reason && `: ${plainText(reason, 200)}`}`;
  }
  try {
    await (await host.sync()).ask(key, { kind: "flush" }, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof KodamaError) || signal.aborted) throw error;
    return error.message;
  }
}

/**
 * Moves the branch to a commit that is in the repository, and HEAD and the index to the branch if the folder's files
 * are the branch's. No file of the folder is written.
 *
 * @param unsynced why the folder may lack files of the session; undefined if it has all of them.
 * @throws KodamaError `conflict` if the branch here has commits that the session's doesn't have.
 */
export async function checkOutSynced(
  git: RunGit,
  { branch, commitHash, name, unsynced }: {
    branch: string;
    commitHash: string;
    /** The session. */
    name: string;
    unsynced: string | undefined;
  },
): Promise<SyncedCheckout> {
  const reference = `refs/heads/${branch}`;
  const head = (await git("symbolic-ref", "-q", "HEAD")).stdout.trim();
  const before = (await git("rev-parse", "-q", "--verify", reference)).stdout.trim();
  const isForward = before === "" ||
    (await git("merge-base", "--is-ancestor", before, commitHash)).code === 0;
  if (!isForward) throw diverged(branch, name);
  const hasStaged = (await git("diff", "--cached", "--quiet")).code !== 0;
  const switching = `${commandLine(["git", "symbolic-ref", "HEAD", reference])} && git reset -q`;
  if (head === reference && hasStaged && before !== commitHash) {
    throw new KodamaError(
      "conflict",
      `branch "${branch}" is checked out here, with staged changes`,
      {
        hint: `git reset unstages them and leaves the files; then kodama pull ${name}`,
      },
    );
  }
  const move = head === reference
    ? await git("update-ref", "-m", `kodama pull ${name}`, reference, commitHash, before)
    : await git("branch", "-q", "-f", branch, commitHash);
  if (move.code !== 0) throw diverged(branch, name);
  if (head === reference) {
    // Only the index of a repository whose HEAD moved on; the files are the sync's.
    if (before !== commitHash) await git("reset", "-q");
    return { kind: "advanced" };
  }
  const stays = (reason: string): SyncedCheckout => ({ kind: "stays", reason, command: switching });
  if (head === "") return stays("no branch is checked out here");
  if (hasStaged) return stays("there are staged changes here");
  if (unsynced !== undefined) return stays(unsynced);
  // Nothing is staged: what this replaces can be restored from HEAD.
  await git("read-tree", commitHash);
  await git("update-index", "-q", "--refresh");
  if ((await git("diff-files", "--quiet")).code === 0) {
    const moved = await git("symbolic-ref", "-m", `kodama pull ${name}`, "HEAD", reference);
    if (moved.code === 0) return { kind: "switched" };
  }
  await git("read-tree", "HEAD");
  await git("update-index", "-q", "--refresh");
  return stays("files here differ from those of the branch");
}

/** Returns the error of a branch here with commits that the session's doesn't have. */
export function diverged(branch: string, name: string): KodamaError {
  return new KodamaError(
    "conflict",
    `branch "${branch}" here can't be brought to where the session's is: it is checked out, or has ` +
      "commits that the session's doesn't have",
    { hint: `kodama pull ${name} --as OTHER-NAME brings it under another name` },
  );
}
