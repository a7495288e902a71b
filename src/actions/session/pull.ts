/** A session's branch brought home: as a bundle over the exec, into the repository of the working folder. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import { checkedBranch } from "../../session/branch_name.ts";
import { bundleAnswer, type Bundled, bundleWords, nothingToPull } from "../../session/git_pull.ts";
import type { Session } from "../../session/model.ts";
import { type PodAccess, podFailure, runInPod } from "../../session/run_in_pod.ts";
import type { Host } from "../host.ts";
import type { SessionPlace } from "./events.ts";
import { findSession } from "./find.ts";
import { isCloneOf } from "./local_git.ts";

/** Whose branch, and what it is called here. */
export interface PullOptions extends SessionPlace {
  /** The branch's own name where it is absent. */
  as?: string;
  signal: AbortSignal;
}

/** What came. */
export interface Pulled {
  /** Its name here. */
  branch: string;
  commitHash: string;
  /** There was nothing that wasn't here, or at the origin, already. */
  nothingNew: boolean;
  /** Files in the workspace that aren't committed, and stay there. */
  uncommitted: number;
}

/**
 * Brings the branch that is checked out in the session.
 *
 * @throws UsageError where the working folder isn't a clone of the session's repository; KodamaError `conflict` where
 *   the branch of its name here has gone another way.
 */
export async function pull(host: Host, options: PullOptions): Promise<Pulled> {
  const { signal, name } = options;
  const found = await findSession(host, options, signal);
  await requireClone(host, found.session, signal);
  const client = await host.kube(found.target.context);
  const pod = { client, target: found.target, clock: host.clock, signal };
  const path = `${host.places.configDir}/sessions/${name}-${crypto.randomUUID()}.bundle`;
  try {
    for (const size of ["thin", "whole"] as const) {
      const bundled = await bundle(host, pod, { path, size });
      const branch = checkedBranch(options.as ?? bundled.said.branch);
      const told = { ...bundled.said, branch };
      if (bundled.empty) return { ...told, nothingNew: true };
      // Commits that the bundle begins at may be missing here: then it comes with all of them.
      if (size === "thin" && !await git(host, ["bundle", "verify", "-q", path], signal)) continue;
      await takeIn(host, { path, from: bundled.said.branch, branch, name, signal });
      return { ...told, nothingNew: false };
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
): Promise<{ said: Bundled; empty: boolean }> {
  await using file = await host.files.create(path, { private: true, replace: true });
  const result = await runInPod(pod, {
    words: bundleWords(size),
    onOutput: (bytes) => file.write(bytes),
  });
  const { outcome, stderr } = result;
  if (outcome.kind === "failed" && outcome.exitCode === nothingToPull) {
    throw new KodamaError("conflict", "there is no branch with a commit in the workspace");
  }
  const said = bundleAnswer(stderr);
  const empty = /Refusing to create empty bundle/.test(stderr);
  if (said !== undefined && (outcome.kind === "ok" || empty)) return { said, empty };
  throw podFailure("cannot bundle the branch", result, "the same words try again");
}

async function takeIn(
  host: Host,
  { path, from, branch, name, signal }: {
    path: string;
    from: string;
    branch: string;
    name: string;
    signal: AbortSignal;
  },
): Promise<void> {
  const reference = `refs/heads/${checkedBranch(from)}:refs/heads/${branch}`;
  const words = ["-c", "transfer.fsckObjects=true", "fetch", "-q", "--no-tags", path, reference];
  if (await git(host, words, signal)) return;
  throw new KodamaError(
    "conflict",
    `branch "${branch}" here can't be brought to where the session's is: it is checked out, or has ` +
      "commits that the session's doesn't have",
    { hint: `kodama pull ${name} --as OTHER-NAME brings it under another name` },
  );
}

/** A bundle goes into any repository; only in a clone of the session's it makes sense. */
async function requireClone(host: Host, session: Session, signal: AbortSignal): Promise<void> {
  const { repository, name } = session;
  if (repository === undefined) {
    throw new UsageError(`session "${name}" has no repository`, {
      hint: `kodama cp kodama-${name}:/workspace/ . copies its files`,
    });
  }
  if (await host.machine.findProgram("git") === undefined) {
    throw new KodamaError("environment", "there is no git on this machine");
  }
  const folder = host.places.workingDir;
  if (await isCloneOf(host, { folder, url: repository.url }, signal)) return;
  throw new UsageError(`${folder} is no clone of ${plainText(repository.url)}`, {
    hint: `git clone ${repository.url}, and try again there`,
  });
}

async function git(host: Host, words: readonly string[], signal: AbortSignal): Promise<boolean> {
  const all = ["-C", host.places.workingDir, ...words];
  return (await host.machine.capture("git", all, signal)).code === 0;
}
