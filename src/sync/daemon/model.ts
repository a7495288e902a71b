/** Synchronisations of this machine, each in a separate process, as the actions use them. */
import type { SyncMode } from "../core/plan.ts";
import type { SyncState } from "../engine/status.ts";
import type { BinPlace, Undone } from "../local/bin.ts";
import type { Target } from "../../kube/select/target.ts";

/** The folders of a sync, and how they are synced. */
export interface SyncSpec {
  /** Identifies it on this machine: `NAMESPACE.NAME`. */
  key: string;
  /** The local folder; absolute. */
  local: string;
  /** The container. It is found again by these names, whatever pod then has them. */
  target: Pick<Target, "context" | "namespace" | "pod" | "container">;
  /** The remote folder; relative to the container's working directory. */
  remotePath: string;
  mode: SyncMode;
  /** Whether repositories, `.git`, are synced: without the parts that may make git run programs. */
  git: boolean;
  /** Whether `.gitignore` files exclude paths, in addition to `.kodamaignore`. */
  useGitignore: boolean;
  /** Lines of a `.gitignore` that come before all others. */
  excludePatterns: readonly string[];
  /** The named kubeconfig file; null for the default files. */
  kubeconfig: string | null;
  /** The session that it belongs to, and ends with. Null for any other pod. */
  session: SyncedSession | null;
}

/** The session of a synchronisation: it ends by itself if the session is deleted or restored. */
export interface SyncedSession {
  name: string;
  /** The uid of its state. */
  uid: string;
  /** When its files were last replaced by those of a snapshot. */
  restoredAt?: string | undefined;
}

/** The current state of a synchronisation. */
export interface SyncReport {
  spec: SyncSpec;
  /** The sync's process; null if none runs. */
  pid: number | null;
  /** The last reported state. The phase is `stopped` if no process runs. */
  state: SyncState;
  /** The log: a single file, of a bounded size. */
  log: string;
}

/** The requests to a running sync. */
export type SyncRequest =
  | { kind: "pause" }
  /** `acceptRemovals`: the removals of a side were intended. */
  | { kind: "resume"; acceptRemovals: boolean }
  | { kind: "flush" }
  /** `forget`: the ancestor of both sides is no longer needed, here and in the pod. */
  | { kind: "stop"; forget: boolean };

/** The synchronisations of this machine. Everything rejects with a KodamaError that names the way out. */
export interface SyncControl {
  /** Returns the keys of all stored syncs, running or not, sorted. */
  keys(): Promise<readonly string[]>;
  /** Returns undefined if there is none of the key. */
  read(key: string): Promise<SyncReport | undefined>;
  /**
   * Starts a sync in the background, or changes nothing if the same sync is already running.
   *
   * @throws KodamaError `conflict` if a sync of the key runs with other options; `environment` if it exits at once.
   */
  start(spec: SyncSpec, signal: AbortSignal): Promise<"started" | "joined">;
  /**
   * Sends a request to a running sync, and waits until it is done. Returns false if none runs.
   *
   * @throws KodamaError `timeout` if it doesn't answer; `conflict` if a flush couldn't complete.
   */
  ask(key: string, request: SyncRequest, signal: AbortSignal): Promise<boolean>;
  /** Returns whether a folder contains the whole machine or home folder, which are never synced. */
  wholeOf(folder: string): Promise<"machine" | "home" | undefined>;
  /** Removes the local files of a sync that isn't running. */
  forget(key: string): Promise<void>;
  /** Returns where there are files that a synchronisation, running, ended or forgotten, has removed or replaced here. */
  bins(): Promise<readonly BinPlace[]>;
  /** Puts the last of these back. */
  undo(bin: BinPlace): Promise<Undone>;
}
