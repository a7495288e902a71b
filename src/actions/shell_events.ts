/** The options and events of the `shell` action. */
import type {
  ExecEvent,
  ExecTerminal,
  Outcome,
  OutputChunk,
  Selection,
  Target,
} from "./exec_events.ts";

export type { ExecTerminal, Outcome, OutputChunk, Selection, Target } from "./exec_events.ts";

/** The terminal of the person: `size` is the one of the moment, and each reader of `resizes` hears all to come. */
export interface ShellTerminal extends ExecTerminal {
  /** Its kind, as `TERM` names it. */
  term: string;
}

/** A shell in one pod. */
export interface ShellOptions {
  /** Names of kubeconfig contexts; the current one where it is empty. */
  contexts: readonly string[];
  /** Must mean one pod. */
  selection: Selection;
  /** In place of a shell; may be empty. */
  command: readonly string[];
  /** To open the stream; default 15,000 or `exec.connectTimeout`. */
  connectTimeoutMs?: number;
  environment?: Readonly<Record<string, string>>;
  workdir?: string;
  /** How long the shell waits in the pod for somebody who lost the link to it; 0: it ends with the link. */
  keepMs: number;
  /** Not one that waits already. */
  fresh: boolean;
  stdin: AsyncIterable<Uint8Array>;
  /** Absent where there is no terminal: the shell reads a script then, and is never kept. */
  terminal?: ShellTerminal;
  /** A folder for a transcript of what the terminal shows. */
  log?: string;
  /** Cancels: a shell that isn't kept is ended in the pod. */
  signal: AbortSignal;
}

/** What is told of a shell. */
export type ShellEvent =
  | Extract<ExecEvent, { kind: "contextFailed" | "podsSkipped" }>
  /** The shell is there: keys go to it. */
  | {
    kind: "attached";
    target: Target;
    /** It will be there again if the link breaks. */
    keptBy: "tmux" | "dtach" | undefined;
    /** `new`, or one that waited; `again` after {@link ShellEvent} `linkLost`. */
    state: "new" | "found" | "again";
  }
  | { kind: "output" } & OutputChunk
  /** A kept shell's link; it is looked for again until this time has passed. */
  | { kind: "linkLost"; target: Target; reason: string; keepMs: number }
  | { kind: "ended"; target: Target; end: ShellEnd; exitCode: number; transcript?: TranscriptEnd };

/** How a shell came to its end. */
export interface ShellEnd {
  outcome: Outcome;
  /** It may wait in the pod, to be found again, for so long. */
  waitsMs?: number;
  /** It had ended while the link was broken. */
  endedMeanwhile?: boolean;
}

/** The file of a transcript, and why it isn't whole. */
export interface TranscriptEnd {
  path: string;
  trouble: string | undefined;
}
