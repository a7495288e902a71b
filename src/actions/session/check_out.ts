/** The repository in a session's workspace: checked out once, asked about later. */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import {
  gitFailure,
  type GitSide,
  lastGitWords,
  trustedHost,
  withoutCredentials,
} from "../../session/git_failure.ts";
import {
  type Checkout,
  checkoutAnswer,
  checkoutRefusals,
  type CheckoutState,
  checkoutWords,
  hostKeyWords,
  keyCheckWords,
  missingFilesWords,
  workAnswer,
  type WorkState,
  workWords,
} from "../../session/git_scripts.ts";
import type { SessionRepository } from "../../session/model.ts";
import {
  lastWords,
  type PodAccess,
  podFailure,
  type PodResult,
  runInPod,
} from "../../session/run_in_pod.ts";

/** A slow network and a large repository; one that makes no progress is git's own to notice. */
const checkoutLimitMs = 60 * 60 * 1000;
const lookLimitMs = 15_000;

/** What a checkout is made with. */
export type CheckoutWishes = Pick<Checkout, "author" | "filesBySync"> & GitSide;

/** What is checked out, and the host whose key nobody had told before. */
export interface Checked extends CheckoutState {
  trusted?: { host: string; key: string };
}

/**
 * Makes the checkout, or finds it made; tells git's progress.
 *
 * @throws KodamaError with what is wrong, or git's own words, and the way out where it is known.
 */
export async function* checkOut(
  pod: PodAccess,
  repository: SessionRepository,
  { author, filesBySync, ...side }: CheckoutWishes,
): AsyncGenerator<string, Checked> {
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
    throw new KodamaError("conflict", `cannot check out ${url}: ${lastWords(result)}`, {
      hint:
        "what an earlier session of this name left is kept: choose another name, or delete it " +
        "with --purge",
    });
  }
  if (outcome.kind !== "ok") throw await explained(pod, result, { url, ...side });
  const state = checkoutAnswer(result.stdout);
  if (state === undefined) throw new KodamaError("server", "the pod's git gave no answer");
  const trusted = await trustedKey(pod, result.stderr);
  return trusted === undefined ? state : { ...state, trusted };
}

/** The error of a checkout that failed: what its words come to. ssh takes a locked key for none, and is asked about it. */
async function explained(
  pod: PodAccess,
  result: PodResult,
  { url, ...side }: GitSide & { url: string },
): Promise<KodamaError> {
  const refused = side.gitSecret !== undefined && /Permission denied/.test(result.stderr);
  const key = refused
    ? await runInPod(pod, { words: keyCheckWords, timeoutMs: lookLimitMs })
    : undefined;
  const stderr = withoutCredentials(`${key?.stderr ?? ""}\n${result.stderr}`);
  const failure = result.outcome.kind === "failed" ? gitFailure(stderr, side) : undefined;
  const said = failure?.reason ?? (lastGitWords(stderr) || lastWords(result));
  const hint = failure?.hint ??
    (result.outcome.kind === "failed" ? undefined : "the same start goes on");
  return podFailure(`cannot check out ${url}`, { ...result, stderr: said }, hint);
}

/** The host whose key ssh has just taken for what it is, and the key's fingerprint. */
async function trustedKey(pod: PodAccess, stderr: string): Promise<Checked["trusted"]> {
  const trusted = trustedHost(stderr);
  if (trusted === undefined) return undefined;
  const { host, kind } = trusted;
  const result = await runInPod(pod, { words: hostKeyWords(host), timeoutMs: lookLimitMs });
  const [fingerprint = "its fingerprint can't be read"] =
    /SHA256:[\w+/]{20,60}/.exec(result.stdout) ?? [];
  return { host: plainText(host, 100), key: `${kind} ${fingerprint}` };
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
  const result = await runInPod(pod, { words: workWords, timeoutMs: lookLimitMs });
  return result.outcome.kind === "ok" ? workAnswer(result.stdout) : undefined;
}
