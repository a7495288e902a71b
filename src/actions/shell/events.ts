/** The options and events of the `shell` action. */
import type {
  ExecEvent,
  ExecTerminal,
  Outcome,
  OutputChunk,
  Selection,
  Target,
  TerminalSize,
} from "../exec/events.ts";
import type { Given } from "../../operation/field.ts";
import type { shellOptions } from "./options.ts";

export type { Outcome } from "../exec/events.ts";

/** The user's terminal. */
export interface ShellTerminal extends ExecTerminal {
  /** The terminal's current size. */
  readonly size: TerminalSize;
  /** The terminal's kind, as `TERM` names it. */
  term: string;
}

/** A shell in one pod. */
export interface ShellOptions extends Given<typeof shellOptions> {
  /** Names of kubeconfig contexts; the current one if empty. */
  contexts: readonly string[];
  /** Must match a single pod. */
  selection: Selection;
  /** Replaces the shell; may be empty. */
  command: readonly string[];
  /** How long the shell waits in the pod for a reconnect; 0: it ends with the connection. */
  keepMs: number;
  stdin: AsyncIterable<Uint8Array>;
  /** Absent if there is no terminal: the shell then reads a script, and is never persistent. */
  terminal?: ShellTerminal;
  /** Cancels: a shell that isn't persistent is ended in the pod. */
  signal: AbortSignal;
}

/** The events of a shell. */
export type ShellEvent =
  | Extract<ExecEvent, { kind: "containersDefaulted" | "contextFailed" | "podsSkipped" }>
  /** The shell is open: keys go to it. */
  | {
    kind: "attached";
    target: Target;
    /** The program that keeps the shell running if the connection breaks. */
    multiplexer: "tmux" | "dtach" | undefined;
    /** `new`, or `found` if a shell was waiting; `again` after {@link ShellEvent} `linkLost`. */
    state: "new" | "found" | "again";
  }
  | { kind: "output" } & OutputChunk
  /** A persistent shell's connection; kodama tries to reconnect until this time has passed. */
  | { kind: "linkLost"; target: Target; reason: string; keepMs: number }
  | { kind: "ended"; target: Target; end: ShellEnd; exitCode: number; transcript?: TranscriptEnd };

/** How a shell ended. */
export interface ShellEnd {
  outcome: Outcome;
  /** The shell may wait in the pod for a reconnect, for this time. */
  waitsMs?: number;
  /** The shell had ended while the connection was broken. */
  endedMeanwhile?: boolean;
}

/** The file of a transcript, and why it isn't complete. */
interface TranscriptEnd {
  path: string;
  trouble: string | undefined;
}
