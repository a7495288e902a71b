/**
 * Signals all processes that a command has started in its pod: shell lines with builtins only, because an image may
 * have neither `kill` nor `ps`.
 *
 * A runtime starts an exec as the leader of a session, and forked processes stay in that session, whatever process
 * groups a shell makes in it. Only processes that call setsid(2) leave it: daemons, on purpose.
 */
import { Deadline, orAborted, passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import { plural } from "../base/plural.ts";
import { scriptCommand, type ScriptParts } from "../base/shell_script.ts";
import { retryDelayMs, type RetryPolicy } from "../base/retry.ts";
import { KodamaError } from "../base/errors.ts";
import type { ExecChannel } from "../kube/client.ts";
import { isUnsent } from "../kube/failures.ts";
import type { TargetRun } from "./run_options.ts";
import hangUp from "./scripts/hang_up.sh" with { type: "text" };
import round from "./scripts/round.sh" with { type: "text" };
import signalScript from "./scripts/signal.sh" with { type: "text" };

/** Signals as a shell names them; 0 only polls. */
export type RoundSignal = "TERM" | "KILL" | "0";

/** The processes of one exec. */
export interface ProcessSession {
  /** Id of the leader, which is also that of the session and of the first process group. */
  leader: number;
  /**
   * Set if the command runs below a shell of kodama's (`preamble.ts`): that shell is the leader, and this is the process
   * that watches the link. Both exit by themselves after the command.
   */
  watcher?: number;
}

/** Prints how many processes of a session were alive. */
export const signalParts: ScriptParts = [round, signalScript];

/** Returns the args that signal a session from a separate exec, and print how many were alive in it. */
export function signalArgv(signal: RoundSignal, { leader, watcher }: ProcessSession): string[] {
  const spared = watcher === undefined ? "" : `${leader} ${watcher}`;
  return scriptCommand(signalParts, [signal, String(leader), spared]);
}

/*
 * Ends a command in its pod. Dropping the link leaves it running (kubernetes/kubernetes#89031), and the API has no call
 * for it; so a second exec in the same container signals the command's group and session.
 */

/**
 * Signals a command's session and returns the number of its processes that were alive. Rejects if the pod can't be
 * reached.
 */
type SignalRound = (signal: RoundSignal) => Promise<number>;

/** How long processes may take to disappear after KILL, before the remaining ones are counted. */
const killGraceMs = 1000;

/** Delay before the first poll; each further one waits twice as long. */
const polling: RetryPolicy = { delayMs: 50 };

/**
 * TERM, a grace, KILL; each step only if needed.
 *
 * @param ended resolves when the command's own stream has ended with it. That may be long after it, if much of its
 *   output is unread; so the pod is polled, too.
 * @returns what may still run, or undefined if nothing does.
 */
export async function endCommand(
  round: SignalRound,
  options: { ended: Promise<unknown>; graceMs: number; clock: Clock },
): Promise<string | undefined> {
  try {
    for (const [signal, limitMs] of [["TERM", options.graceMs], ["KILL", killGraceMs]] as const) {
      const alive = await round(signal);
      const remaining = await pollUntilExited(round, { ...options, alive, limitMs });
      if (remaining === 0) return undefined;
      if (signal === "KILL") {
        return `${plural(remaining, "process", "processes")} did not end on KILL`;
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the command may still run: ${reason}`;
  }
}

/** Returns how many are alive: 0, or the count when the limit has passed. */
async function pollUntilExited(
  round: SignalRound,
  options: { ended: Promise<unknown>; alive: number; limitMs: number; clock: Clock },
): Promise<number> {
  const { ended, limitMs, clock } = options;
  const startMs = clock.elapsedMs();
  let { alive } = options;
  let streaming = true;
  for (let polls = 1; alive > 0; polls++) {
    const remainingMs = limitMs - (clock.elapsedMs() - startMs);
    if (remainingMs <= 0) return alive;
    const unless: { settled?: Promise<unknown> } = streaming ? { settled: ended } : {};
    const delayMs = Math.min(retryDelayMs(polling, polls), remainingMs);
    if (!await passed(clock, delayMs, unless)) streaming = false;
    // Only the command itself: its own end is sufficient.
    alive = !streaming && alive === 1 ? 0 : await round("0");
  }
  return 0;
}

/* One signal to a session in a pod, as a separate exec. */

/** More than the expected number is noise. */
const answerLimitBytes = 256;

/**
 * Signals every process that a command has started in its session, with the retries that the opening of a stream has:
 * the end of a command must not depend on a server that restarts.
 *
 * @param limitMs how long a pod that doesn't answer may delay the end of a run.
 * @returns how many were alive.
 * @throws KodamaError when the pod can't be reached within the limit, or the answer isn't ours.
 */
export async function signalRound(
  signal: RoundSignal,
  session: ProcessSession,
  { run, limitMs }: { run: TargetRun; limitMs: number },
): Promise<number> {
  const { target, outages, options: { open, clock } } = run;
  const { namespace, pod, container } = target;
  // Not bound to the run's own signal: that one has most likely aborted, which is the reason for this call.
  using deadline = new Deadline(clock, limitMs);
  const command = signalArgv(signal, session);
  const request = { namespace, pod, container, command, stdin: false, tty: false };
  const ask = () => {
    const opening = open(target, request, deadline.signal);
    return orAborted(opening, deadline.signal, (late) => void late.close());
  };
  try {
    await using channel = await outages.retry(target.context, ask, deadline.signal);
    return await orAborted(readAnswer(channel), deadline.signal);
  } catch (error) {
    if (!deadline.expired || isUnsent(error)) throw error;
    throw new KodamaError("timeout", `no answer from pod ${pod} in ${formatDuration(limitMs)}`);
  }
}

async function readAnswer(channel: ExecChannel): Promise<number> {
  let answer = "";
  const decoder = new TextDecoder();
  for await (const { stream, bytes } of channel.output) {
    if (stream === "stdout" && answer.length < answerLimitBytes) {
      answer += decoder.decode(bytes.subarray(0, answerLimitBytes), { stream: true });
    }
  }
  const end = await channel.end;
  const count = /^\d{1,6}(?=\r?\n$)/.exec(answer)?.[0];
  if (count !== undefined) return Number(count);
  throw new KodamaError("server", `signalling it returned no count (${endText(end)})`);
}

function endText(end: Awaited<ExecChannel["end"]>): string {
  switch (end.kind) {
    case "exited":
      return `exit code ${end.exitCode}`;
    case "refused":
      return end.status.message ?? "refused";
    case "cut":
      return end.reason;
  }
}

/*
 * Does to a session in a pod, whose terminal stays, what the kernel does for a closed terminal: HUP to all of it, a
 * grace, KILL. Processes that ignore HUP (`nohup`) are spared, and those that left the session (`setsid`): both are
 * ways to request that a process continues.
 */

/** Defines `hang_up SECONDS`. */
export const hangUpScript: ScriptParts = [round, hangUp];
