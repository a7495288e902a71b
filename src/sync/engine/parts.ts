/** What a synchronisation's engine is made of: its ends, its files, its clock. */
import type { Clock } from "../../base/clock.ts";
import type { End, EndNews, Ignoring, RemoteEnd } from "../end.ts";
import type { SideRules } from "../held_paths.ts";
import type { Side } from "../model.ts";
import type { SyncMode } from "../plan.ts";
import type { AncestorStore } from "./ancestor_store.ts";
import type { SyncState } from "./status.ts";

/** What was kept alike is gone for good, and with it the reason to go on. */
export class PurposeGoneError extends Error {
  override readonly name = "PurposeGoneError";
}

/** A pod's end that may have to be asked what changed. */
export interface WatchedRemoteEnd extends RemoteEnd {
  /** Begins to tell changes, or begins anew; resolves when none is missed any more. */
  watch(): Promise<void>;
  /** There are folders that the watcher doesn't see, or needn't. */
  readonly watchIsStale: boolean;
  /** `none` where nothing there can tell changes. */
  readonly watcher: string | undefined;
  /** Paths that may have changed lately. */
  changed(turn: boolean): Promise<string[]>;
}

/** What the engine is made of. */
export interface EngineParts {
  mode: SyncMode;
  local: End;
  /** By what this machine's changes are noticed; `polling` where they are looked for. */
  localWatcher: () => string;
  /**
   * Opens the pod's end. Throws KodamaError or SideLostError where that can't be now, and {@link PurposeGoneError}
   * where it never will be.
   */
  connect: (told: (news: EndNews) => void, signal: AbortSignal) => Promise<WatchedRemoteEnd>;
  rules: Record<Side, SideRules>;
  store: AncestorStore;
  /** What is left out; with `fresh` its files are read again. Throws KodamaError for rules that can't be read. */
  ignoring: (fresh: boolean) => Ignoring;
  clock: Clock;
  /** Told at every change of the state, as often as it changes. */
  told: (state: SyncState) => void;
  /** Lines for a log. */
  log: (line: string) => void;
}
