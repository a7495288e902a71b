/**
 * How a target ends: the kinds of outcomes, and every rule that decides which one it is. A target of a run has exactly
 * one outcome. `S` is the server's final Status of the stream, `M` the end mark, with the exit code, that kodama's
 * own shell prints after the command's output (`marked_line.ts`).
 *
 *     what is known                                                   outcome
 *     -- before its stream is open: outcomeOfOpening
 *     cancelled                                                       cancelled    (1)
 *     the link broke before all of the request was sent               unreachable
 *     the link broke after that, before an answer                     unknown
 *     the connect timeout passed                                      timeout      (1)
 *     the runtime can't start the command (runtime_errors.ts)         failed       126 or 127
 *     the server refuses this user: 401, 403                          forbidden
 *     any other error of the server                                   unreachable
 *     -- the image has no shell: outcomeOfMissingShell
 *     the command requires one                                        failed       127
 *     -- its stream has ended by itself: outcomeOfEnd
 *     S success, M with exit code 0, or no M is expected              ok
 *     S success, M with another exit code                             failed       M's exit code
 *     S success, and the expected M is missing                        unknown
 *     S with an exit code other than 0                                failed       S's exit code
 *     S with the exit code of a signal, and the expected M is missing failed       the same, never an expected one
 *     an exit code that the caller lists (workflows only)             ok, else failed
 *     S refused, not started: the runtime can't start the command     failed       126 or 127
 *     S refused, not started, and its message proves that             unreachable
 *     S refused, and the command may have started                     unknown
 *     no S: the link broke                                            unknown
 *     -- kodama stopped it: outcomeOfStop
 *     its time limit passed                                           timeout      (2)
 *     cancelled by the user, a signal, or a stopped consumer          cancelled    (2)
 *     standard input can't be read                                    unknown
 *     M on both streams, and then no S for 10 s                       unknown
 *     -- it never started: outcomeOfSkip (schedule.ts), outcomeOfDeadContext, outcomeOfReadError
 *     the run was cancelled, or failed too often, before its turn     skipped
 *     the pods of its context can't be listed (workflows only)        unreachable
 *     its log can't be read (workflows only): 403, any other error     forbidden, unreachable
 *     -- a run in the cluster: outcomeOfLostShard
 *     its shard was stopped before it recorded the end                unknown
 *     -- a copy: outcomeOfCopyError, copyDoubts; its scripts' ends as above
 *     it differs from its source, or has another error                failed       1
 *     the source changed meanwhile, or the server can't end the input unknown
 *     -- a persistent shell (`kodama shell`): outcomeOfPersistentShell, outcomeOfMissingPersistentShell
 *     the shell itself reported an exit code                          ok or failed, as reported
 *     its client's stream ended with an S, without such a report      unknown
 *     it is missing after a reconnect, and stored no exit code        unknown
 *
 *     (1) with a note that the command may have started, if the request was sent
 *     (2) with what remains of the command in the pod
 *
 * Invariant: without S a target is never `ok`. A persistent shell, which outlives its stream, is the exception: only its
 * own report counts.
 */
import { plainHint } from "../base/hint.ts";
import type { ChannelEnd } from "../kube/client.ts";
import { KodamaError } from "../base/errors.ts";
import { LinkError } from "../kube/failures.ts";
import type { Status } from "../kube/types.ts";
import { readStartFailure, reportsNoShell, withoutCommand } from "./runtime_errors.ts";

/** The remains of a command that was ended. */
interface Remains {
  /** A description of what may still run in the pod. */
  left?: string;
  /** Its last output came faster than it was read, and wasn't awaited. */
  unread?: true;
}

/** How a target ended. */
export type Outcome =
  /** `exitCode` is one that the caller expects, if it isn't 0. */
  | { kind: "ok"; exitCode?: number }
  | Failure;

/** Any outcome but `ok`. */
export type Failure =
  /** The command ran and reported its exit code. Above 128 it is what a shell reports for a signal. */
  | {
    kind: "failed";
    exitCode: number;
    signal?: string;
    /** The runtime's message, if the command could not be started (126, 127). */
    reason?: string;
  }
  /** A limit was reached: `connect` while opening the stream, `command` while it ran. */
  | ({ kind: "timeout"; limit: "connect" | "command"; afterMs: number } & Remains)
  /** The server refused the stream to this user; nothing was started. */
  | { kind: "forbidden"; reason: string; hint?: string }
  /** The stream was never opened, or the command never started. */
  | { kind: "unreachable"; reason: string }
  /** The command may have run; how it ended isn't known. */
  | { kind: "unknown"; reason: string }
  /** Stopped by the user or a signal. */
  | ({ kind: "cancelled" } & Remains)
  /** Never started: the run ended first. */
  | { kind: "skipped"; reason: string };

/** The name of an outcome, as in summaries and JSON. */
export type OutcomeKind = Outcome["kind"];

/** The result of one attempt at a target. `noShell`: the image has none, and nothing was run. */
export type Attempt = { kind: "ended"; outcome: Outcome } | { kind: "noShell" };

/** Returns a description of what remains of a command that was ended. */
export function remainsOf({ left, unread }: Remains): string[] {
  return [
    ...(left === undefined ? [] : [left]),
    ...(unread === true ? ["the rest of its output was not awaited"] : []),
  ];
}

function unknown(reason: string): Extract<Failure, { kind: "unknown" }> {
  return { kind: "unknown", reason };
}

/** Returns the attempt that ended with an outcome. */
export function ended(outcome: Outcome): Attempt {
  return { kind: "ended", outcome };
}

/** Returns the outcome if only these exit codes are expected of the command. */
export function outcomeOfExpected(outcome: Outcome, expected: readonly number[]): Outcome {
  if (outcome.kind === "ok") {
    return expected.includes(0)
      ? outcome
      : { kind: "failed", exitCode: 0, reason: `exit code 0, expected ${expected.join(", ")}` };
  }
  // With a reason it isn't the command that has chosen the exit code.
  if (outcome.kind !== "failed" || outcome.reason !== undefined) return outcome;
  const { exitCode } = outcome;
  return expected.includes(exitCode) ? { kind: "ok", exitCode } : outcome;
}

/** Returns the outcome of a command in a pod whose state, when it was read, explains that it wasn't reached. */
export function outcomeInState(outcome: Outcome, trouble: string | undefined): Outcome {
  if (outcome.kind !== "unreachable" || trouble === undefined) return outcome;
  const state = trouble.startsWith("container ") ? trouble : `the pod ${trouble}`;
  return { ...outcome, reason: `${state} (${outcome.reason})` };
}

/* Before the stream is open. */

/** The state of a stream whose opening failed. */
export interface FailedOpening {
  /** All of the request was sent. */
  sent: boolean;
  cancelled: boolean;
  /** The connect timeout has passed. */
  expired: boolean;
  connectTimeoutMs: number;
  /** The command to start is `sh`, which kodama added. */
  startsShell: boolean;
}

/** Returns the result of an attempt whose stream never opened. Throws the error if it is a bug in kodama. */
export function outcomeOfOpening(error: unknown, opening: FailedOpening): Attempt {
  const { sent, cancelled, expired, connectTimeoutMs: afterMs } = opening;
  const remains = sent ? { left: "it was requested, and the command may have started" } : {};
  if (cancelled && !expired) return ended({ kind: "cancelled", ...remains });
  if (error instanceof LinkError) return ended(outcomeOfBrokenLink(error));
  if (expired) return ended({ kind: "timeout", limit: "connect", afterMs, ...remains });
  if (!(error instanceof KodamaError)) throw error;
  if (opening.startsShell && reportsNoShell(error.message)) return { kind: "noShell" };
  const failure = readStartFailure(error.message);
  if (failure !== undefined) return ended({ kind: "failed", ...failure });
  if (error.kind === "forbidden" || error.kind === "unauthorized") {
    return ended(outcomeOfRefusal(error));
  }
  return ended({ kind: "unreachable", reason: withoutCommand(error.message) });
}

/** Returns whether a policy of the cluster has refused the stream: an admission policy, or a webhook. */
export function isPolicyRefusal(attempt: Attempt): boolean {
  if (attempt.kind !== "ended") return false;
  const { outcome } = attempt;
  return (outcome.kind === "forbidden" || outcome.kind === "unreachable") &&
    /\bdenied (?:the )?request\b/.test(outcome.reason);
}

function outcomeOfBrokenLink({ message, failure }: LinkError): Failure {
  if (failure.sent !== "all") return { kind: "unreachable", reason: message };
  const reason = "the link broke before the server's answer, and the command may have started";
  return unknown(`${reason}: ${failure.reason}`);
}

/** Without the pod's name, so that the same refusal reads the same in every pod. */
function outcomeOfRefusal({ message, hint }: KodamaError): Failure {
  const reason = message.replace(/^pods "[^"]*" is forbidden: /, "");
  return { kind: "forbidden", reason, ...(hint === undefined ? {} : { hint: plainHint(hint) }) };
}

const noShellReason = "the image has no sh";

/** Returns the outcome if the image has no shell. @param use what requires one; absent for `sh` itself. */
export function outcomeOfMissingShell(use?: string): Failure {
  const reason = use === undefined ? noShellReason : `${noShellReason}, which ${use} needs`;
  return { kind: "failed", exitCode: 127, reason };
}

/** Returns whether nothing was run because the image has no shell. */
export function isMissingShell(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.reason?.startsWith(noShellReason) === true;
}

/* The stream has ended by itself. */

/** What is known of a command besides the end of its stream. */
export interface CommandEvidence {
  /** Its process id was seen. */
  started: boolean;
  /** The exit code in its end mark; `missing` if it should have one. Absent if it has none. */
  endMark?: number | "missing";
}

/** Returns the outcome of a target whose stream has ended by itself. */
export function outcomeOfEnd(end: ChannelEnd, { started, endMark }: CommandEvidence): Outcome {
  switch (end.kind) {
    case "exited": {
      if (end.exitCode !== 0 && endMark === "missing") return outcomeOfAllKilled(end.exitCode);
      if (end.exitCode !== 0 || endMark === undefined) return outcomeOfExit(end.exitCode);
      // Some servers report `Success` for a command that failed, if its input ended at the same moment (seen with
      // Kubernetes 1.34 over WebSocket), and for one that still runs, if the link to its node breaks (1.30 and later).
      if (endMark !== "missing") return outcomeOfExit(endMark);
      return unknown(
        "the server reported success, but the command did not report its end: the link to its node broke",
      );
    }
    case "cut":
      return unknown(end.reason);
    case "refused": {
      const message = end.status.message ?? end.status.reason ?? "the server gave no reason";
      const reason = withoutCommand(message);
      if (started) return unknown(reason);
      const failure = readStartFailure(reason);
      if (failure !== undefined) return { kind: "failed", ...failure };
      return provesNoStart(end.status, reason)
        ? { kind: "unreachable", reason }
        : unknown(`the command may have started: ${reason}`);
    }
  }
}

/** Names of the signals that end commands, by number, the same on every Linux architecture. */
const signalNames: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

function outcomeOfExit(exitCode: number): Outcome {
  if (exitCode === 0) return { kind: "ok" };
  const signal = signalNames[exitCode - 128];
  return { kind: "failed", exitCode, ...(signal === undefined ? {} : { signal }) };
}

/** The command can't have chosen an exit code that kodama's shell, which reports it, has died of too. */
function outcomeOfAllKilled(exitCode: number): Outcome {
  const outcome = outcomeOfExit(exitCode);
  if (outcome.kind !== "failed" || outcome.signal === undefined) return outcome;
  const reason =
    "it was killed with all of its processes, as when the container ends, or has no memory left";
  return { ...outcome, reason };
}

/**
 * Returns whether a refusal means that no command started, by its message without the command, which may be long and
 * contain anything. A Status of a failed exec has `InternalError` for all causes: a node that couldn't be dialled, a
 * container that is missing, and a link that broke during a command. A failure not known to be one of the first two may
 * be the last.
 */
function provesNoStart({ reason }: Status, message: string): boolean {
  if (reason !== undefined && reason !== "InternalError") return true;
  return nothingStarted.test(message);
}

const nothingStarted =
  /\bdial (?:tcp|udp|unix)\b|error dialing backend|connection refused|no route to host|not found|(?:is|are|be) not (?:created or )?running|no running task|is in CONTAINER_[A-Z]+ state|unable to upgrade connection|OCI runtime exec failed/i;

/** The outcome of a stream whose events ended without one. */
export const outcomeWithoutEnd: Failure = unknown("the stream had no end");

/* Kodama stopped it. */

/** Why a command is ended before it ends itself. */
export type Stop =
  | { kind: "timeout"; afterMs: number }
  | { kind: "cancelled" }
  | { kind: "inputFailed"; reason: string }
  /** The command has ended, and the server doesn't report it. */
  | { kind: "unreported"; exitCode: number };

/** Returns the outcome of a command that was stopped. */
export function outcomeOfStop(stop: Stop, remains: Remains): Failure {
  switch (stop.kind) {
    case "timeout":
      return { kind: "timeout", limit: "command", afterMs: stop.afterMs, ...remains };
    case "cancelled":
      return { kind: "cancelled", ...remains };
    case "unreported":
      return unknown(
        `the command ended with exit code ${stop.exitCode} without reading all of its input, and the server didn't ` +
          "report its end",
      );
    case "inputFailed":
      return unknown(remains.left === undefined ? stop.reason : `${stop.reason}; ${remains.left}`);
  }
}

/** Returns whether no process of the command is known to remain. */
export function isOver(attempt: Attempt): boolean {
  if (attempt.kind === "noShell") return true;
  const { outcome } = attempt;
  return outcome.kind !== "unknown" && !("left" in outcome);
}

/* It never started. */

/** Returns the outcome of a target that never started, because its run ended first. */
export function outcomeOfSkip(reason: string): Failure {
  return { kind: "skipped", reason };
}

/** Returns the outcome of the pods in a context that can't be listed. */
export function outcomeOfDeadContext(reason: string): Failure {
  return { kind: "unreachable", reason };
}

/** Returns the outcome of a target whose log can't be read. */
export function outcomeOfReadError({ kind, message: reason }: KodamaError): Failure {
  return { kind: kind === "forbidden" ? "forbidden" : "unreachable", reason };
}

/* A copy. */

/** Returns the outcome of a copy that another attempt wouldn't complete. */
export function outcomeOfCopyError(reason: string): Failure {
  return { kind: "failed", exitCode: 1, reason };
}

/** Outcomes of a copy that another attempt may complete. */
export const copyDoubts = {
  sourceChanged: unknown("the file changed since the copy was started"),
  inputNotEnded: unknown(
    "this server can't tell a pod that its input has ended (Kubernetes before 1.30)",
  ),
};

/* A persistent shell. */

/**
 * Returns how a persistent shell ended. It reports itself that it has ended, and how. Without its report only the
 * attached client has ended: that process was hung up, or a server reported success for a link that only broke.
 *
 * @param reported the exit code that the shell reported.
 */
export function outcomeOfPersistentShell(outcome: Outcome, reported: number | undefined): Outcome {
  if (reported !== undefined) return outcomeOfShellExit(reported);
  const exited = outcome.kind === "ok" || outcome.kind === "failed";
  return exited ? unknown("the stream ended, and the shell did not report its end") : outcome;
}

/**
 * Returns the outcome of a persistent shell that is missing after a reconnect.
 *
 * @param stored its exit code, if it stored one.
 * @param reason why its link broke.
 */
export function outcomeOfMissingPersistentShell(
  stored: number | undefined,
  reason: string,
): Outcome {
  if (stored !== undefined) return outcomeOfShellExit(stored);
  return unknown(`${reason}; it is no longer in its container`);
}

/** A shell's exit code is often that of its last command: it names no signal. */
function outcomeOfShellExit(exitCode: number): Outcome {
  return exitCode === 0 ? { kind: "ok" } : { kind: "failed", exitCode };
}

/** Returns the outcome of a target whose shard of a run in the cluster was stopped before it recorded the end. */
export function outcomeOfLostShard(reason: string): Failure {
  return unknown(reason);
}

/** Returns the outcome of a shell whose link broke and that wasn't found again. */
export function outcomeOfLostShell(reason: string): Failure {
  return unknown(reason);
}
