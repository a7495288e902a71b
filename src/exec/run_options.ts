/** The options and the events of a run over many targets. */
import type { Clock } from "../base/clock.ts";
import type { ExecChannel, ExecRequest, TerminalSize } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";
import type { Outcome } from "./outcome.ts";
import type { Outages } from "./outages.ts";
import type { CommandOptions } from "./exec.ts";
import type { SchedulePolicy } from "./schedule.ts";

/**
 * Opens a stream to a target's container. Rejects with a `KodamaError` if it can't, and gives up when the signal
 * aborts.
 */
export type OpenExec = (
  target: Target,
  request: ExecRequest,
  signal: AbortSignal,
  /** As in `StreamOptions`. */
  onSent?: () => void,
) => Promise<ExecChannel>;

/** Standard input as one target reads it: at its own pace, from the start. */
export interface InputReader {
  /** Returns the next bytes, or undefined at the end. Rejects when the source fails, or with the signal's reason. */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** Standard input of a run. */
export interface InputSource {
  /** Returns a new reader, from the start. */
  open(): InputReader;
  /** Whether it is known to have ended without a byte. */
  readonly isEmpty: boolean;
}

/** A terminal on both ends of the stream. */
interface RunTerminal {
  /** The current size, and then each new one; for each command. */
  sizes: AsyncIterable<TerminalSize>;
  /** Called when the command runs: later input is its own. */
  onStarted?: () => void;
}

/** Limits, environment and variations of a run. Times are milliseconds. */
export interface RunOptions extends SchedulePolicy, CommandOptions {
  open: OpenExec;
  clock: Clock;
  /** Cancels the run; running commands are ended in their pods. */
  signal: AbortSignal;
  /** To open a stream. */
  connectTimeoutMs: number;
  /** Between TERM and KILL. */
  graceMs: number;
  /** Marks kodama's own lines in a pod; a command's output can't guess it. */
  nonce: string;
  /** Absent if commands get no input. */
  input?: InputSource;
  /** Called once for a context whose policy refuses input: commands there don't notice that kodama has ended. */
  onUnwatched?: (context: string) => void;
  /** Targets that are found during the run. It may not reject. */
  later?: AsyncIterable<readonly Target[]>;
  /** Returns the target's index for its command, if it isn't its index in this run. */
  positionOf?: (target: number) => { index: number; total: number };
  /** For a run of one target. */
  terminal?: RunTerminal;
  /** Runs in each target instead of the command: a copy. It rejects only on a bug in kodama. */
  perform?: (run: TargetRun) => Promise<Outcome>;
  /** Exit codes of a success; 0 if absent. */
  expected?: readonly number[];
  /** The line is of a file: one of several lines that fails ends it, and so does any command of a pipe. */
  strict?: boolean;
}

/** Returns whether a shell runs the command and stays; under a terminal, job control is the command's own. */
export function hasLeader({ terminal }: RunOptions): boolean {
  return terminal === undefined;
}

/** One target in its run. */
export interface TargetRun {
  target: Target;
  /** Index in the run, from 0. */
  index: number;
  total: number;
  command: readonly string[];
  options: RunOptions;
  /**
   * Absent if the command gets no input, or it is known to be empty: Kubernetes 1.34 loses the end of a command's
   * output now and then if its input ends at the same moment.
   */
  input: InputSource | undefined;
  /** Shared by the run. */
  outages: Outages;
  /** Contexts whose policy refuses the input by which a command notices that kodama has ended; shared by the run. */
  unwatched: Set<string>;
  /** Cancels this target: the run's own signal, or the consumer of the run stopped. */
  cancelled: AbortSignal;
  /** Emits bytes of the command; resolves when more are accepted. */
  emit(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void>;
  /** Discards all output that wasn't read yet, and any later output. */
  drop(): void;
}

/** An event of a run. `target` is the index into the run's targets. */
export type RunEvent =
  | { kind: "runStarted"; targets: readonly Target[]; command: readonly string[]; at: Date }
  /** Targets that were found during the run; their indexes follow the earlier ones. */
  | { kind: "targetsAdded"; targets: readonly Target[] }
  | { kind: "targetStarted"; target: number; at: Date }
  | { kind: "output"; target: number; stream: "stdout" | "stderr"; bytes: Uint8Array }
  | { kind: "targetEnded"; target: number; outcome: Outcome; at: Date; durationMs: number }
  | { kind: "runEnded"; outcomes: readonly Outcome[]; at: Date; durationMs: number };

/**
 * How a run's output is assembled for a front end:
 *
 * - `prefix`: complete lines as they arrive
 * - `group`: each target's output in one piece as it ends
 * - `fold`: identical outputs once, at the end
 * - `raw`: bytes as they arrive
 * - `report`: each target's complete report as it ends, for JSON
 * - `none`: outcomes only
 */
export type OutputMode = "prefix" | "group" | "fold" | "raw" | "report" | "none";
