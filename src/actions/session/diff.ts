/** The work in a session's repository: the differences from the commit that it started from. */
import { KodamaError } from "../../base/errors.ts";
import { podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import { diffAnswer, diffCommand, type WorkDiff } from "../../session/git_commands.ts";
import { findSession } from "../find_session.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";

/** A diff of a slow disk takes this long at most. */
const limitMs = 30_000;

/** The largest diff; a longer diff is cut at a line. A pod's answer is at most 1 MiB. */
const maxBytes = 960 * 1024;

/** The differences. */
export interface SessionDiff extends WorkDiff {
  /** The diff is longer. */
  truncated: boolean;
}

/**
 * Returns the differences.
 *
 * @throws KodamaError `notFound` if there is no such session, or no repository in it; `conflict` if it isn't running.
 */
export async function sessionDiff(
  host: Host,
  ref: SessionRef,
  signal: AbortSignal,
): Promise<SessionDiff> {
  const { session, target } = await findSession(host, ref, signal);
  if (session.repository === undefined) {
    throw new KodamaError("notFound", `session "${ref.name}" has no repository`);
  }
  const client = await host.kube(target.context);
  const pod = { client, target, clock: host.clock, signal };
  const argv = diffCommand(maxBytes + 1);
  const result = await runInPod(pod, { argv, timeoutMs: limitMs });
  const answer = result.outcome.kind === "ok" ? diffAnswer(result.stdout) : undefined;
  if (answer === undefined) throw podFailure("cannot read the work of the session", result);
  const { diff } = answer;
  const truncated = new TextEncoder().encode(diff).length > maxBytes;
  const end = truncated ? diff.lastIndexOf("\n") + 1 : diff.length;
  return { ...answer, diff: diff.slice(0, end), truncated };
}
