/** A pull request of a session's branch: pushed on request, and where it is opened. */
import { hint, option } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import { podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import {
  branchAnswer,
  branchCommand,
  branchRefusals,
  type BranchState,
} from "../../session/git_commands.ts";
import { gitFailure, lastGitLines, withoutCredentials } from "../../session/git_failure.ts";
import { checkedBranch } from "../../session/names.ts";
import { pullRequestUrl, repositoryAddress } from "../../session/repository_url.ts";
import type { Host } from "../host.ts";
import { findSession } from "../find_session.ts";
import type { SessionRef } from "./events.ts";

/** Which session, and whether its branch is pushed first. */
interface PullRequestOptions extends SessionRef {
  push: boolean;
  signal: AbortSignal;
}

/** The branch, and the page for a request. */
interface PullRequest extends BranchState {
  repository: string;
  /** Undefined if the host's software isn't known by its name. */
  url: string | undefined;
}

const pushLimitMs = 10 * 60 * 1000;

/**
 * Describes the branch that is checked out in a session, and pushes it if requested.
 *
 * @throws KodamaError `conflict` if there is nothing to request, or a commit contains files that mustn't be pushed;
 * with git's own message if the push fails.
 */
export async function pullRequest(host: Host, options: PullRequestOptions): Promise<PullRequest> {
  const { signal, push, name } = options;
  const { session, target } = await findSession(host, options, signal);
  const client = await host.kube(target.context);
  if (push) requireWritable(client, `push the branch of session "${name}"`);
  const { repository } = session;
  if (repository === undefined) {
    throw new KodamaError("conflict", `session "${name}" has no repository`);
  }
  const { variables } = session.environment;
  const result = await runInPod({ client, target, clock: host.clock, signal }, {
    argv: branchCommand({ push, variables }),
    timeoutMs: pushLimitMs,
  });
  const { outcome } = result;
  const stderr = withoutCredentials(result.stderr);
  if (outcome.kind === "failed" && outcome.exitCode === branchRefusals.noCommit) {
    throw new KodamaError("conflict", "the workspace has no branch with a commit");
  }
  if (outcome.kind === "failed" && outcome.exitCode === branchRefusals.refused) {
    throw new KodamaError("conflict", `not pushed: ${plainText(stderr.trim(), 300)}`, {
      hint: "remove it from the history: git rebase -i in the session, or let its agent do it",
    });
  }
  if (outcome.kind !== "ok") {
    const side = { name, gitSecret: session.spec.gitSecret };
    const failure = outcome.kind === "failed" ? gitFailure(stderr, side) : undefined;
    const reason = failure?.reason ?? lastGitLines(stderr);
    throw podFailure("cannot push the branch", { ...result, stderr: reason }, failure?.hint);
  }
  const state = branchAnswer(result.stdout);
  if (state === undefined) throw new KodamaError("server", "the pod's git gave no answer");
  const branch = checkedBranch(state.branch);
  const base = checkedBranch(state.base);
  if (branch === base) {
    throw new KodamaError("conflict", `the session works on ${base} itself`, {
      hint: hint`a session without ${option("branch")} has a branch of its own`,
    });
  }
  const { url } = repository;
  const page = pullRequestUrl(repositoryAddress(url), { base, branch });
  return { ...state, branch, base, repository: url, url: page };
}
