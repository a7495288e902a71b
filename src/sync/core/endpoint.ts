/** An end of a synchronisation as the engine drives it: scanned, watched and changed. */
import type { Ignoring } from "./ignore_rules.ts";
import type { Entry, Snapshot } from "./model.ts";
import type { AgreeingTree, Tree } from "./tree.ts";

/** The result of inspecting some paths. */
export interface Inspection {
  /** Undefined if nothing is there, or nothing that is synchronised. */
  entries: ReadonlyMap<string, Entry | undefined>;
  /** Folders inspected with all of their content: an entry missing from `entries` was removed. */
  whole: readonly string[];
  /** Something was found that needs a full scan: a new folder, a path that can't be read. */
  needsScan: boolean;
}

/** Events that an end emits by itself. */
export type EndpointEvent =
  /** Something may have changed at a path. */
  | { kind: "changed"; path: string }
  /** Something may have changed anywhere. */
  | { kind: "changedAnywhere" }
  /** How changes are detected. */
  | { kind: "watched"; by: string };

/** An end. Every method throws SideLostError when the connection ends. */
export interface Endpoint extends Tree {
  /** Returns a snapshot of everything. Contents are read only if they may have changed since the last scan. */
  scan(ignoring: Ignoring, signal: AbortSignal): Promise<Snapshot>;
  /** Inspects some paths. */
  inspect(paths: readonly string[], ignoring: Ignoring, signal: AbortSignal): Promise<Inspection>;
}

/** The pod's end while it is connected. `lost` resolves when it no longer is. */
export interface RemoteEndpoint extends Endpoint, AgreeingTree, AsyncDisposable {
  readonly lost: Promise<Error>;
  /**
   * The agreement that is stored in the folder; empty if there is none. A folder that is replaced by another state of
   * it ends the connection before the next answer.
   */
  readonly agreement: string;
  /** The folder was, when it was opened, as an earlier connection of this process has last seen it, or later. */
  readonly continues: boolean;
}
