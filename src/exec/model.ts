/** The model of a run: targets, outcomes, events. Plain data, which front ends turn into lines or JSON. */
import type { Target } from "../kube/select/target.ts";

/** The remains of a command that was ended. */
export interface Rest {
  /** A description of what may still run in the pod. */
  left?: string;
  /** Its last output came faster than it was read, and wasn't awaited. */
  unread?: true;
}

/** How a target ended. Each target of a run has exactly one. Without the server's final Status it is never `ok`. */
export type Outcome =
  | { kind: "ok" }
  /** The command ran and reported its exit code. Above 128 it is what a shell reports for a signal. */
  | {
    kind: "failed";
    exitCode: number;
    signal?: string;
    /** The runtime's message, if the command could not be started (126, 127). */
    reason?: string;
  }
  /** A limit was reached: `connect` while opening the stream, `command` while it ran; the others as below. */
  | ({ kind: "timeout"; limit: "connect" | "command"; afterMs: number } & Rest)
  /** The server refused the stream to this user; nothing was started. */
  | { kind: "forbidden"; reason: string; hint?: string }
  /** The stream was never opened, or the command never started. */
  | { kind: "unreachable"; reason: string }
  /** The link ended before the server's final Status. */
  | { kind: "unknown"; reason: string }
  /** Stopped by the user or a signal. */
  | ({ kind: "cancelled" } & Rest)
  /** Never started: the run ended first. */
  | { kind: "skipped"; reason: string };

/** The name of an outcome, as in summaries and JSON. */
export type OutcomeKind = Outcome["kind"];

/** An event of a run. `target` is the index into the run's targets. */
export type RunEvent =
  | { kind: "runStarted"; targets: readonly Target[]; command: readonly string[]; at: Date }
  /** Targets that were found during the run; their indexes follow the earlier ones. */
  | { kind: "targetsAdded"; targets: readonly Target[] }
  | { kind: "targetStarted"; target: number; at: Date }
  | { kind: "output"; target: number; stream: "stdout" | "stderr"; bytes: Uint8Array }
  | { kind: "targetEnded"; target: number; outcome: Outcome; at: Date; durationMs: number }
  | { kind: "runEnded"; outcomes: readonly Outcome[]; at: Date; durationMs: number };
