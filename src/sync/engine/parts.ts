/** The dependencies of a synchronisation's engine: its ends, its files, its clock. */
import type { Clock } from "../../base/clock.ts";
import type { Endpoint, EndpointEvent, RemoteEndpoint } from "../core/endpoint.ts";
import type { Ignoring } from "../core/ignore_rules.ts";
import type { SideRules } from "../core/skipped_paths.ts";
import type { Side } from "../core/model.ts";
import type { SyncMode } from "../core/plan.ts";
import type { AncestorStore } from "./ancestor_store.ts";
import type { SyncState } from "./status.ts";

/** The synchronised folder is gone for good, so that there is no reason to continue. */
export class PurposeEndedError extends Error {
  override readonly name = "PurposeGoneError";
}

/** A pod's end that may have to be polled for changes. */
export interface WatchedRemoteEnd extends RemoteEndpoint {
  /** Starts, or restarts, reporting changes; resolves when none is missed any more. */
  watch(): Promise<void>;
  /** There are folders that the watcher doesn't see, or watches needlessly. */
  readonly watchIsStale: boolean;
  /** `none` if nothing there can report changes. */
  readonly watcher: string | undefined;
  /** Returns paths that may have changed lately. */
  changed(turn: boolean): Promise<string[]>;
}

/** The dependencies of the engine. */
export interface EngineParts {
  mode: SyncMode;
  local: Endpoint;
  /** How this machine's changes are detected; `polling` if there is no watcher. */
  localWatcher: () => string;
  /**
   * Opens the pod's end. Throws KodamaError or SideLostError if it can't be opened now, and {@link PurposeEndedError} if
   * it never can.
   */
  connect: (
    onEvent: (event: EndpointEvent) => void,
    signal: AbortSignal,
  ) => Promise<WatchedRemoteEnd>;
  rules: Record<Side, SideRules>;
  store: AncestorStore;
  /** Returns the ignore rules; with `fresh` their files are read again. Throws KodamaError for unreadable rules. */
  ignoring: (fresh: boolean) => Ignoring | Promise<Ignoring>;
  clock: Clock;
  /** Called at every change of the state, however frequent. */
  onEvent: (state: SyncState) => void;
  log: (line: string) => void;
}
