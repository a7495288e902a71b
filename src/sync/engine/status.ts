/** The state that a synchronisation reports: plain data, as it is stored and shown. */
import type { AncestorDoubt } from "../core/ancestor.ts";
import type { SyncEvent, SyncMode } from "../core/plan.ts";

/** The phase of a synchronisation. */
export type SyncPhase =
  /** Waits for its pod, or opens the stream to it. */
  | "connecting"
  /** Scans both sides. */
  | "scanning"
  /** Applies the differences. */
  | "syncing"
  /** Both sides are in sync, as far as possible, and watched. */
  | "watching"
  /** Paused by the user. */
  | "paused"
  /** Something is in the way; it resumes by itself when that is resolved. */
  | "waiting"
  /** Does nothing until the user confirms the findings. */
  | "halted"
  /** Nothing runs: its process was killed, or the machine was restarted. */
  | "killed"
  /** Nothing runs. */
  | "stopped";

/** An applied change. */
export interface SyncChange {
  /** Milliseconds since 1970. */
  atMs: number;
  side: "local" | "remote";
  what: "added" | "changed" | "removed" | "mode";
  path: string;
}

/** A path that is skipped or couldn't be synchronised, and why. */
export interface SyncProblem {
  path: string;
  /** A kind of the model (docs/sync-model.md), or `failed`. */
  kind: SyncEvent["kind"] | "failed";
  /** The affected side, if it is only one side. */
  side?: "local" | "remote";
  /** The reason within the kind, or the system's message. */
  detail?: string;
}

/** Both sides were merged, because their last agreement says nothing about them. */
interface SyncMerge {
  /** Milliseconds since 1970. */
  atMs: number;
  why: Exclude<AncestorDoubt, "missing">;
}

/** The state of a synchronisation. */
export interface SyncState {
  phase: SyncPhase;
  /** Why it waits, is halted, or ended; "" if there is nothing to report. */
  reason: string;
  /** When this phase started. */
  sinceMs: number;
  mode: SyncMode;
  /** Synchronised entries of this machine and of the pod. */
  entries: { local: number; remote: number };
  /** The progress of the plan being applied: steps, and how many are done. */
  progress: { done: number; total: number; bytes: number; totalBytes: number };
  /** When both sides were last found in sync; null before that. */
  alikeSinceMs: number | null;
  /** The last merge since the start of its process; null if there was none. A first run is none. */
  merged: SyncMerge | null;
  /** Files with the content that a conflict would have lost. */
  conflicts: readonly string[];
  problems: readonly SyncProblem[];
  /** How many problems there are; the list has the first of them. */
  problemCount: number;
  /** The last changes, the newest last. */
  history: readonly SyncChange[];
  /** How changes are detected: a watcher's name, or `polling`. */
  watched: { local: string; remote: string };
  /** How often the stream to the pod was opened. */
  connections: number;
}

/** How many of each are retained. */
export const retained = { history: 100, problems: 200, conflicts: 1000 } as const;

/** Returns the state of a synchronisation that has not started. */
export function firstState(mode: SyncMode, nowMs: number): SyncState {
  return {
    phase: "connecting",
    reason: "",
    sinceMs: nowMs,
    mode,
    entries: { local: 0, remote: 0 },
    progress: { done: 0, total: 0, bytes: 0, totalBytes: 0 },
    alikeSinceMs: null,
    merged: null,
    conflicts: [],
    problems: [],
    problemCount: 0,
    history: [],
    watched: { local: "", remote: "" },
    connections: 0,
  };
}

const mergeReasons: Readonly<Record<SyncMerge["why"], string>> = {
  otherTime:
    "the folder in the pod, or kodama's state on this machine, is of another time, as after a restore",
  rootChanged: "one of the two folders isn't the one of before",
  forgotten: "kodama's state on this machine is lost",
};

/** Returns the meaning of a merge, as a clause. */
export function mergeText({ why }: Pick<SyncMerge, "why">, mode: SyncMode): string {
  const what = mode === "mirror"
    ? "the pod was made a copy of this machine as in a first run"
    : "both sides were merged, and nothing was deleted";
  return `${what}: ${mergeReasons[why]}`;
}

/** How long a merge is mentioned wherever its sync is. */
const mentionedMs = 24 * 60 * 60 * 1000;

/** Returns the merge that is to be mentioned; undefined if there was none lately. */
export function recentMerge({ merged }: SyncState, nowMs: number): SyncMerge | undefined {
  return merged !== null && nowMs - merged.atMs < mentionedMs ? merged : undefined;
}

/** Why nothing at all is synchronised while the problem of the top folder lasts. */
export const allHeldReason = "a listing broke off, or a folder can't be read";

/** Returns whether nothing is synchronised: the top folder itself has a problem. */
export function isAllHeld({ problems }: Pick<SyncState, "problems">): boolean {
  return problems.some(({ path }) => path === "");
}
