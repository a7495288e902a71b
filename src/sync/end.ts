/** One end of a synchronisation as the engine drives it: looked at, watched and changed. */
import type { IgnoreScope, IgnoreSource } from "./ignore_rules.ts";
import type { Entry, Snapshot } from "./model.ts";
import type { Tree } from "./tree.ts";

/** What is left out of a synchronisation. */
export interface Ignoring {
  /** The rules of the top folder, for a walk that never enters what is left out. */
  readonly top: IgnoreScope;
  /** The rules that stand in a folder. */
  sources(folder: string): readonly IgnoreSource[];
  /** The snapshot without what is left out; a folder that loses an entry is marked. */
  without(snapshot: Snapshot): Snapshot;
  /** Whether one path is left out, by itself or by a folder above it. */
  ignores(path: string, kind: "folder" | "other"): boolean;
}

/** What was found of some paths. */
export interface Looked {
  /** Undefined where nothing is, or nothing that is synchronised. */
  entries: ReadonlyMap<string, Entry | undefined>;
  /** Folders of which all that is in them was looked at: what isn't among the entries is gone. */
  whole: readonly string[];
  /** Something was found that only a whole scan tells: a new folder, a place that can't be read. */
  needsScan: boolean;
}

/** What an end tells by itself. */
export type EndNews =
  /** Something may have changed at a path. */
  | { kind: "changed"; path: string }
  /** Something may have changed anywhere. */
  | { kind: "changedAnywhere" }
  /** By what changes are noticed. */
  | { kind: "watched"; by: string };

/** One end. Every method throws SideLostError when the connection ends. */
export interface End extends Tree {
  /** All there is. Contents are read only where they may have changed since the last look. */
  scan(ignoring: Ignoring, signal: AbortSignal): Promise<Snapshot>;
  /** What stands at some paths now. */
  look(paths: readonly string[], ignoring: Ignoring, signal: AbortSignal): Promise<Looked>;
}

/** The pod's end while it is connected. Resolves `lost` when it isn't any more. */
export interface RemoteEnd extends End, AsyncDisposable {
  readonly lost: Promise<Error>;
}
