/** Queries a session's watcher, in its pod, for the remaining time; and postpones its end. */
import { KodamaError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import { isLimited, type RemainingTime, remainingTime } from "../../session/limits.ts";
import {
  extendCommand,
  parseWatcherState,
  watcherStateCommand,
} from "../../session/idle_watcher.ts";
import type { Session } from "../../session/model.ts";
import { runInPod } from "../../podscript/run_in_pod.ts";
import type { Host } from "../host.ts";
import type { FoundSession } from "../find_session.ts";

/** An answer that takes longer is ignored. */
const askLimitMs = 5000;

/** Returns the remaining time; undefined if there is no limit, or the pod can't be queried. */
export async function timeUntilStop(
  host: Host,
  { session, target }: { session: Session; target: Target },
  signal: AbortSignal,
): Promise<RemainingTime | undefined> {
  const { limits } = session.spec;
  if (!isLimited(limits)) return undefined;
  const stdout = await output(host, target, { argv: watcherStateCommand, signal });
  const state = parseWatcherState(stdout ?? "");
  return state && remainingTime(limits, state);
}

/** Postpones the stop of an idle session. No answer confirms it; only its effect does. */
export async function postpone(
  host: Host,
  { session, target }: FoundSession,
  signal: AbortSignal,
): Promise<void> {
  if (session.spec.limits.idleSeconds === undefined) return;
  await output(host, target, { argv: extendCommand, signal });
}

/** Without the right to exec in the pod there is no answer. */
async function output(
  host: Host,
  target: Target,
  { argv, signal }: { argv: readonly string[]; signal: AbortSignal },
): Promise<string | undefined> {
  try {
    const client = await host.kube(target.context);
    const pod = { client, target, clock: host.clock, signal };
    const { outcome, stdout } = await runInPod(pod, { argv, timeoutMs: askLimitMs });
    return outcome.kind === "ok" ? stdout : undefined;
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}
