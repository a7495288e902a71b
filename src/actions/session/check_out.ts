/** The repository in a session's workspace: checked out once, queried later. */
import { hint, option } from "../../base/hint.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import {
  gitFailure,
  type GitSide,
  lastGitLines,
  trustedHost,
  withoutCredentials,
} from "../../session/git_failure.ts";
import {
  type Checkout,
  checkoutAnswer,
  checkoutCommand,
  checkoutRefusals,
  type CheckoutState,
  hostKeyCommand,
  keyCheckCommand,
  missingFilesCommand,
  workAnswer,
  workCommand,
  type WorkState,
} from "../../session/git_commands.ts";
import type { SessionRepository } from "../../session/model.ts";
import {
  lastOutput,
  type PodAccess,
  podFailure,
  type PodResult,
  runInPod,
} from "../../podscript/run_in_pod.ts";

/** For a slow network and a large repository; git itself detects a transfer that makes no progress. */
const checkoutLimitMs = 60 * 60 * 1000;
const queryLimitMs = 15_000;

type CheckoutOptions = Pick<Checkout, "author" | "filesBySync"> & GitSide;

/** The checkout, and the host whose key wasn't known before. */
export interface Checked extends CheckoutState {
  trusted?: { host: string; key: string };
}

/**
 * Makes the checkout, or finds an existing checkout; yields git's progress.
 *
 * @throws KodamaError with the cause, or git's own message, and the way out if it is known.
 */
export async function* checkOut(
  pod: PodAccess,
  repository: SessionRepository,
  { author, filesBySync, ...side }: CheckoutOptions,
): AsyncGenerator<string, Checked> {
  const { url, baseBranch, branch, autoBranch } = repository;
  const command = checkoutCommand({
    url,
    baseBranch,
    ownBranch: autoBranch ? branch : undefined,
    author,
    filesBySync,
  });
  const lines = new BoundedQueue<string>(4);
  const running = runInPod(pod, {
    argv: command,
    timeoutMs: checkoutLimitMs,
    // Progress that isn't consumed in time may be dropped.
    onProgress: (line) => {
      if (lines.size < lines.capacity) void lines.push(withoutCredentials(line));
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
    throw new KodamaError("conflict", `cannot check out ${url}: ${lastOutput(result)}`, {
      hint:
        hint`files of an earlier session of this name remain: choose another name, or delete it with ${
          option("purge")
        }`,
    });
  }
  if (outcome.kind !== "ok") throw await explained(pod, result, { url, ...side });
  const state = checkoutAnswer(result.stdout);
  if (state === undefined) throw new KodamaError("server", "the pod's git gave no answer");
  const trusted = await trustedKey(pod, result.stderr);
  return trusted === undefined ? state : { ...state, trusted };
}

/** Returns the error of a failed checkout. ssh reports a locked key like a missing key, so the key is checked. */
async function explained(
  pod: PodAccess,
  result: PodResult,
  { url, ...side }: GitSide & { url: string },
): Promise<KodamaError> {
  const refused = side.gitSecret !== undefined && /Permission denied/.test(result.stderr);
  const key = refused
    ? await runInPod(pod, { argv: keyCheckCommand(), timeoutMs: queryLimitMs })
    : undefined;
  const stderr = withoutCredentials(`${key?.stderr ?? ""}\n${result.stderr}`);
  const failure = result.outcome.kind === "failed" ? gitFailure(stderr, side) : undefined;
  const reason = failure?.reason ?? (lastGitLines(stderr) || lastOutput(result));
  const hint = failure?.hint ??
    (result.outcome.kind === "failed" ? undefined : "run the same start again");
  return podFailure(`cannot check out ${url}`, { ...result, stderr: reason }, hint);
}

/** Returns the host whose key ssh has just accepted without verification, and the key's fingerprint. */
async function trustedKey(pod: PodAccess, stderr: string): Promise<Checked["trusted"]> {
  const trusted = trustedHost(stderr);
  if (trusted === undefined) return undefined;
  const { host, kind } = trusted;
  const result = await runInPod(pod, { argv: hostKeyCommand(host), timeoutMs: queryLimitMs });
  const [fingerprint = "its fingerprint can't be read"] =
    /SHA256:[\w+/]{20,60}/.exec(result.stdout) ?? [];
  return { host: plainText(host, 100), key: `${kind} ${fingerprint}` };
}

/**
 * Restores the files of the branch that a sync excluded, if the sync was to bring the files.
 *
 * @throws KodamaError if the pod can't be reached, or its disk is full.
 */
export async function bringMissingFiles(pod: PodAccess): Promise<void> {
  const result = await runInPod(pod, { argv: missingFilesCommand(), timeoutMs: checkoutLimitMs });
  if (result.outcome.kind !== "ok") throw podFailure("cannot restore the branch's files", result);
}

/** Returns the state of the work in the workspace; undefined if it can't be queried, or isn't a repository. */
export async function workState(pod: PodAccess): Promise<WorkState | undefined> {
  const result = await runInPod(pod, { argv: workCommand(), timeoutMs: queryLimitMs });
  return result.outcome.kind === "ok" ? workAnswer(result.stdout) : undefined;
}
