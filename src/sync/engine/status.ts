/** What a synchronisation tells of itself: plain data, as it is kept and shown. */
import type { SyncEvent, SyncMode } from "../plan.ts";

/** Where a synchronisation is. */
export type SyncPhase =
  /** It looks for its pod, or opens the stream to it. */
  | "connecting"
  /** Both sides are looked through. */
  | "scanning"
  /** What differs is carried over. */
  | "syncing"
  /** Both sides are alike, as far as they can be, and watched. */
  | "watching"
  /** A person said so. */
  | "paused"
  /** Something is in the way; it goes on by itself when that is gone. */
  | "waiting"
  /** It does nothing until a person says that what it found is meant. */
  | "halted"
  /** Nothing runs: its process was killed, or the machine was restarted. */
  | "killed"
  /** Nothing runs. */
  | "stopped";

/** One change that was carried out. */
export interface SyncChange {
  /** Milliseconds since 1970. */
  atMs: number;
  side: "local" | "remote";
  what: "added" | "changed" | "removed" | "mode";
  path: string;
}

/** What is left alone, and why, or could not be done. */
export interface SyncProblem {
  path: string;
  /** A word of the model (docs/sync-model.md), or `failed`. */
  kind: SyncEvent["kind"] | "failed";
  /** The side that it is about, where it is about one. */
  side?: "local" | "remote";
  /** The reason within the kind, or the system's words. */
  detail?: string;
}

/** The state of a synchronisation. */
export interface SyncState {
  phase: SyncPhase;
  /** Why it waits, is halted, or ended; "" where there is nothing to say. */
  reason: string;
  /** Since when it is in this phase. */
  sinceMs: number;
  mode: SyncMode;
  /** Entries of this machine and of the pod, as far as they are synchronised. */
  entries: { local: number; remote: number };
  /** Of the plan that is being carried out: steps, and how many are done. */
  progress: { done: number; total: number; bytes: number; totalBytes: number };
  /** When both sides were last found alike; null before that. */
  alikeSinceMs: number | null;
  /** Files that keep what a conflict would have lost. */
  conflicts: readonly string[];
  problems: readonly SyncProblem[];
  /** How many problems there are; the list has the first of them. */
  problemCount: number;
  /** The last changes, the newest last. */
  history: readonly SyncChange[];
  /** By what changes are noticed: a watcher's name, or `polling`. */
  watched: { local: string; remote: string };
  /** How often the stream to the pod was opened. */
  connections: number;
}

/** How many of each are kept. */
export const kept = { history: 100, problems: 200, conflicts: 1000 } as const;

/** The state of one that has not begun. */
export function firstState(mode: SyncMode, nowMs: number): SyncState {
  return {
    phase: "connecting",
    reason: "",
    sinceMs: nowMs,
    mode,
    entries: { local: 0, remote: 0 },
    progress: { done: 0, total: 0, bytes: 0, totalBytes: 0 },
    alikeSinceMs: null,
    conflicts: [],
    problems: [],
    problemCount: 0,
    history: [],
    watched: { local: "", remote: "" },
    connections: 0,
  };
}
