/** The repository in a session's workspace: checked out once, asked about later. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../kube/failures.ts";
import {
  type Checkout,
  checkoutAnswer,
  checkoutRefusals,
  type CheckoutState,
  checkoutWords,
  missingFilesWords,
  workAnswer,
  type WorkState,
  workWords,
} from "../../session/git_scripts.ts";
import type { SessionRepository } from "../../session/model.ts";
import { lastWords, type PodAccess, podFailure, runInPod } from "../../session/run_in_pod.ts";

/** A slow network and a large repository; one that makes no progress is git's own to notice. */
const checkoutLimitMs = 60 * 60 * 1000;
const workLimitMs = 15_000;

/**
 * Makes the checkout, or finds it made; tells git's progress.
 *
 * @throws KodamaError with git's own words, and the way out where they are known.
 */
export async function* checkOut(
  pod: PodAccess,
  repository: SessionRepository,
  { author, filesBySync }: Pick<Checkout, "author" | "filesBySync">,
): AsyncGenerator<string, CheckoutState> {
  const { url, baseBranch, branch, autoBranch } = repository;
  const words = checkoutWords({
    url,
    baseBranch,
    ownBranch: autoBranch ? branch : undefined,
    author,
    filesBySync,
  });
  const lines = new BoundedQueue<string>(4);
  const running = runInPod(pod, {
    words,
    timeoutMs: checkoutLimitMs,
    // Of progress that nobody takes in time, nothing is missed.
    onProgress: (line) => {
      if (lines.size < lines.capacity) void lines.push(line);
    },
  }).finally(() => lines.close());
  running.catch(() => {});
  yield* lines;
  const result = await running;
  const { outcome } = result;
  if (outcome.kind === "failed" && outcome.exitCode === checkoutRefusals.noSuchBranch) {
    throw new KodamaError("notFound", `${url} has no branch "${baseBranch}"`, {
      hint: `its branches: ${plainText(result.stdout, 500)}`,
    });
  }
  if (outcome.kind === "failed" && outcome.exitCode === checkoutRefusals.otherRepository) {
    throw new KodamaError("conflict", `cannot check out ${url}: ${lastWords(result)}`, {
      hint:
        "what an earlier session of this name left is kept: choose another name, or delete it " +
        "with --purge",
    });
  }
  if (outcome.kind !== "ok") throw podFailure(`cannot check out ${url}`, result, wayOut(result));
  const state = checkoutAnswer(result.stdout);
  if (state === undefined) throw new KodamaError("server", "the pod's git gave no answer");
  return state;
}

/** What is most often wrong, by git's words. */
function wayOut({ stderr, outcome }: { stderr: string; outcome: { kind: string } }) {
  if (/not found|exit code 127/i.test(stderr) && /git/.test(stderr) && /sh:/.test(stderr)) {
    return "the session's image needs git; choose one that has it with --image";
  }
  if (/could not read Username|Authentication failed|HTTP.* 40[13]/i.test(stderr)) {
    return "a private repository needs GITHUB_TOKEN, in a dotenv file or the environment";
  }
  if (/Permission denied \(publickey|Could not read from remote repository/i.test(stderr)) {
    return "git over SSH needs a Secret with the key ssh-privatekey: kodama config set " +
      "git.secretName NAME";
  }
  if (/Could not resolve host|Couldn't connect|Network is unreachable/i.test(stderr)) {
    return "the pod doesn't reach the repository: is a NetworkPolicy or a proxy in between?";
  }
  return outcome.kind === "failed" ? undefined : "the same start goes on";
}

/**
 * Brings the files of the branch that a sync left out, where the sync was to bring the files.
 *
 * @throws KodamaError where the pod can't be reached, or its disk is full.
 */
export async function bringMissingFiles(pod: PodAccess): Promise<void> {
  const result = await runInPod(pod, { words: missingFilesWords, timeoutMs: checkoutLimitMs });
  if (result.outcome.kind !== "ok") throw podFailure("cannot bring the branch's files", result);
}

/** What was done in the workspace; undefined where it can't be asked, or is no repository. */
export async function workState(pod: PodAccess): Promise<WorkState | undefined> {
  const result = await runInPod(pod, { words: workWords, timeoutMs: workLimitMs });
  return result.outcome.kind === "ok" ? workAnswer(result.stdout) : undefined;
}
