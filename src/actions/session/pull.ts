/** Pulls a session's branch: as a bundle over exec, into the repository of the working folder. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import { checkedBranch } from "../../session/names.ts";
import {
  bundleAnswer,
  bundleCommand,
  type Bundled,
  nothingToPull,
  pulledCommand,
} from "../../session/git_commands.ts";
import type { Session } from "../../session/model.ts";
import { type PodAccess, podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { findSession } from "../find_session.ts";
import { isCloneOf } from "./local_git.ts";
import { commandLine } from "../../base/shell_quote.ts";
import type { SyncReport } from "../../sync/daemon/model.ts";
import { syncHere } from "./sync_here.ts";

/** Which session's branch, and its local name. */
interface PullOptions extends SessionRef {
  /** The branch's own name if absent. */
  as?: string;
  signal: AbortSignal;
}

/** The pulled branch. */
export interface Pulled {
  /** The local name of the branch. */
  branch: string;
  commitHash: string;
  /** Everything was already here, or at the origin. */
  nothingNew: boolean;
  /** The number of files in the workspace that aren't committed; they stay there. */
  uncommitted: number;
  /** In a folder that is synced with the session: the changes to HEAD and the index. */
  checkout?: SyncedCheckout;
}

/**
 * Pulls the branch that is checked out in the session. In a folder that is synced with the session, and so already
 * has the branch's files, HEAD and the index move to it too.
 *
 * @throws UsageError if the working folder isn't a clone of the session's repository; KodamaError `conflict` if
 *   the local branch of the name has diverged.
 */
export async function pull(host: Host, options: PullOptions): Promise<Pulled> {
  const { signal } = options;
  const found = await findSession(host, options, signal);
  await requireClone(host, found.session, signal);
  const client = await host.kube(found.target.context);
  const pod = { client, target: found.target, clock: host.clock, signal };
  const pulled = await pullFrom(host, pod, { session: found.session, as: options.as });
  // Without it a deletion asks about these commits.
  await runInPod(pod, { argv: pulledCommand(pulled), timeoutMs: recordLimitMs });
  return pulled;
}

const recordLimitMs = 10_000;

async function pullFrom(
  host: Host,
  pod: PodAccess,
  { session, as }: { session: Session; as: string | undefined },
): Promise<Pulled> {
  const { signal, target: { context } } = pod;
  const { name } = session;
  const { machine, places: { workingDir } } = host;
  const run: RunGit = (...args) => machine.capture("git", ["-C", workingDir, ...args], signal);
  const sync = await syncOfFolder(host, { session, context, git: run });
  const unsynced = sync && await flushed(host, sync, signal);
  const path = `${host.places.configDir}/sessions/${name}-${crypto.randomUUID()}.bundle`;
  try {
    for (const size of ["thin", "whole"] as const) {
      const bundled = await bundle(host, pod, { path, size });
      const branch = checkedBranch(as ?? bundled.info.branch);
      const pulled = { ...bundled.info, branch };
      const synced = { branch, commitHash: pulled.commitHash, name, unsynced };
      if (bundled.empty) {
        const isHere = (await run("cat-file", "-e", `${pulled.commitHash}^{commit}`)).code === 0;
        if (sync === undefined || !isHere) return { ...pulled, nothingNew: true };
        return { ...pulled, nothingNew: true, checkout: await checkOutSynced(run, synced) };
      }
      // Commits that the bundle builds on may be missing here: then a full bundle is fetched.
      if (size === "thin" && (await run("bundle", "verify", "-q", path)).code !== 0) continue;
      const from = `refs/heads/${checkedBranch(bundled.info.branch)}`;
      if (sync !== undefined) {
        await fetchBundle(run, path, from);
        return { ...pulled, nothingNew: false, checkout: await checkOutSynced(run, synced) };
      }
      const fetched = await fetchFrom(run, path, `${from}:refs/heads/${branch}`);
      if (!fetched) throw diverged(branch, name);
      return { ...pulled, nothingNew: false };
    }
  } finally {
    await host.files.remove(path);
  }
  throw new Error("a whole bundle was neither taken in nor refused");
}

async function bundle(
  host: Host,
  pod: PodAccess,
  { path, size }: { path: string; size: "thin" | "whole" },
): Promise<{ info: Bundled; empty: boolean }> {
  await using file = await host.files.create(path, { private: true, replace: true });
  const result = await runInPod(pod, {
    argv: bundleCommand(size),
    onOutput: (bytes) => file.write(bytes),
  });
  const { outcome, stderr } = result;
  if (outcome.kind === "failed" && outcome.exitCode === nothingToPull) {
    throw new KodamaError("conflict", "the workspace has no branch with a commit");
  }
  const info = bundleAnswer(stderr);
  const empty = /Refusing to create empty bundle/.test(stderr);
  if (info !== undefined && (outcome.kind === "ok" || empty)) return { info, empty };
  throw podFailure("cannot bundle the branch", result, "run the same command to try again");
}

/** Returns whether git accepted the contents of a bundle. */
async function fetchFrom(git: RunGit, path: string, reference: string): Promise<boolean> {
  const args = ["-c", "transfer.fsckObjects=true", "fetch", "-q", "--no-tags", path, reference];
  return (await git(...args)).code === 0;
}

/** Fetches a bundle's commits. Throws KodamaError `server` if git refuses them. */
async function fetchBundle(git: RunGit, path: string, from: string): Promise<void> {
  if (await fetchFrom(git, path, from)) return;
  throw new KodamaError("server", "git refuses the commits of the session's branch", {
    hint: "run git fsck in the session's workspace to see why",
  });
}

/** A bundle fits into any repository, but only makes sense in a clone of the session's. */
async function requireClone(host: Host, session: Session, signal: AbortSignal): Promise<void> {
  const { repository, name } = session;
  if (repository === undefined) {
    throw new UsageError(`session "${name}" has no repository`, {
      hint: hint`${action("cp", { source: `kodama-${name}` })}:/workspace/ . copies its files`,
    });
  }
  if (await host.machine.findProgram("git") === undefined) {
    throw new KodamaError("environment", "git is not installed on this machine");
  }
  const folder = host.places.workingDir;
  if (await isCloneOf(host, { folder, url: repository.url }, signal)) return;
  throw new UsageError(`${folder} is not a clone of ${plainText(repository.url)}`, {
    hint: `git clone ${repository.url}, and run this command there`,
  });
}

/*
 * A branch of a session in a folder that is synced with the session's workspace. The sync has already copied the files
 * of the branch, as uncommitted changes, over which git refuses to check the branch out. Only HEAD and the index are
 * missing, which a sync excludes.
 */

/** Runs git in the repository of the folder. */
export type RunGit = (...args: string[]) => Promise<{ code: number; stdout: string }>;

/** The changes to HEAD and the index. */
type SyncedCheckout =
  /** HEAD is on the branch, and no file was written: the sync had copied all of them. */
  | { kind: "switched" }
  /** HEAD was on the branch before. */
  | { kind: "advanced" }
  /** HEAD stays: the reason, and the command that a user may run instead. */
  | { kind: "stays"; reason: string; command: string };

/** Returns the running sync of a session if it syncs the repository of the working folder. */
async function syncOfFolder(
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
async function flushed(
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
        hint: hint`git reset unstages them and leaves the files; then ${action("pull", { name })}`,
      },
    );
  }
  const move = head === reference
    ? await git("update-ref", "-m", `kodama: pull ${name}`, reference, commitHash, before)
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
  // Nothing is staged: HEAD can restore everything that this replaces.
  await git("read-tree", commitHash);
  await git("update-index", "-q", "--refresh");
  if ((await git("diff-files", "--quiet")).code === 0) {
    const moved = await git("symbolic-ref", "-m", `kodama: pull ${name}`, "HEAD", reference);
    if (moved.code === 0) return { kind: "switched" };
  }
  await git("read-tree", "HEAD");
  await git("update-index", "-q", "--refresh");
  return stays("files here differ from those of the branch");
}

/** Returns the error of a branch here with commits that the session's doesn't have. */
function diverged(branch: string, name: string): KodamaError {
  return new KodamaError(
    "conflict",
    `branch "${branch}" here can't be moved to the session's commit: it is checked out, or has ` +
      "commits that the session's doesn't have",
    { hint: hint`${action("pull", { name, as: "OTHER-NAME" })} fetches it under another name` },
  );
}
