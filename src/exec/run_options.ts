/** What a run over many targets is given. */
import type { Clock } from "../base/clock.ts";
import type { ExecChannel, ExecRequest, TerminalSize } from "../kube/client.ts";
import type { Target } from "../kube/target.ts";
import type { Outcome } from "./model.ts";
import type { Outages } from "./outages.ts";
import type { SchedulePolicy } from "./schedule.ts";

/**
 * Opens a stream to a target's container. It rejects with a `KodamaError` where it can't, and gives up
 * when the signal aborts.
 */
export type OpenExec = (
  target: Target,
  request: ExecRequest,
  signal: AbortSignal,
  /** As in `StreamOptions`. */
  onSent?: () => void,
) => Promise<ExecChannel>;

/** Standard input as one target reads it: at its own pace, from the beginning. */
export interface InputReader {
  /** The next bytes, or undefined at the end. Rejects when the source fails, or with the signal's reason. */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** A terminal on both ends of the stream. */
export interface RunTerminal {
  size: TerminalSize;
  resizes: AsyncIterable<TerminalSize>;
  /** Called when the command runs: from then on what is typed is its own. */
  onBegun?: () => void;
}

/** Bounds, surroundings and variations of a run. Times are milliseconds. */
export interface RunOptions extends SchedulePolicy {
  open: OpenExec;
  clock: Clock;
  /** Cancels the run; commands that run are ended in their pods. */
  signal: AbortSignal;
  /** To open a stream. */
  connectTimeoutMs: number;
  /** For a command, from its stream's opening; no limit where it is absent. */
  timeoutMs?: number;
  /** Between TERM and KILL. */
  graceMs: number;
  /** Marks what kodama's own words in a pod say; not to be guessed by a command's output. */
  nonce: string;
  /** A new reader of standard input; none where commands get no input. */
  input?: () => InputReader;
  /** Targets that become known while the run goes on. It may not reject. */
  later?: AsyncIterable<readonly Target[]>;
  /** What a command is told of its target's place, where that isn't its place in this run. */
  placeOf?: (target: number) => { index: number; total: number };
  /** For a run of one target. */
  terminal?: RunTerminal;
  environment?: Readonly<Record<string, string>>;
  workdir?: string;
  /** What is done in each target in place of running the command: a copy. It rejects only where kodama is wrong. */
  perform?: (run: TargetRun) => Promise<Outcome>;
  /** The words are one line for a shell. */
  shell?: boolean;
  /** Place holders in the words stand for the target's own names. */
  substitute?: boolean;
}

/** One target in its run. */
export interface TargetRun {
  target: Target;
  /** Place in the run, from 0. */
  index: number;
  total: number;
  command: readonly string[];
  options: RunOptions;
  /** Of the whole run. */
  outages: Outages;
  /** Cancels this target: the run's own signal, or the consumer of the run went away. */
  cancelled: AbortSignal;
  /** Hands on bytes of the command; resolves when there is room for more. */
  emit(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void>;
  /** Takes back what was handed on and not yet taken, and whatever follows. */
  drop(): void;
}
