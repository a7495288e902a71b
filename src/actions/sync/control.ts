/** Synchronisations of this machine, each in a process of its own, as the actions see them. */
import type { SyncMode } from "../../sync/plan.ts";
import type { SyncState } from "../../sync/engine/status.ts";
import type { Target } from "../../kube/target.ts";

/** What is kept alike, and how. */
export interface SyncSpec {
  /** Names it among all of this machine: `NAMESPACE.NAME`. */
  key: string;
  /** The folder here; absolute. */
  local: string;
  /** The container. It is found again by these names, whatever pod has them then. */
  target: Pick<Target, "context" | "namespace" | "pod" | "container">;
  /** The folder there; relative to the container's working directory. */
  remotePath: string;
  mode: SyncMode;
  /** Whether `.gitignore` files say what is left out, beside `.kodamaignore`. */
  useGitignore: boolean;
  /** Lines of a `.gitignore` that come before all others. */
  excludePatterns: readonly string[];
  /** The kubeconfig file that was named; null for the usual ones. */
  kubeconfig: string | null;
  /** The session that it is a part of, and with which it ends. Null for any other pod. */
  session: SyncedSession | null;
}

/** Which session a synchronisation is a part of: it ends by itself if that one is deleted or restored. */
export interface SyncedSession {
  name: string;
  /** Of its state. */
  uid: string;
  /** When its files were last replaced by those of a snapshot. */
  restoredAt?: string | undefined;
}

/** One synchronisation as it is now. */
export interface SyncReport {
  spec: SyncSpec;
  /** Its process; null where none runs. */
  pid: number | null;
  /** What it told last. Its phase is `stopped` where no process runs. */
  state: SyncState;
  /** Its log: one file, of a bounded size. */
  log: string;
}

/** What a running one can be asked for. */
export type SyncRequest =
  | { kind: "pause" }
  /** `allowEmptied`: a side that has nothing any more is meant so. */
  | { kind: "resume"; allowEmptied: boolean }
  | { kind: "flush" }
  /** `forget`: what both sides agreed on isn't needed any more, here and in the pod. */
  | { kind: "stop"; forget: boolean };

/** The synchronisations of this machine. Everything rejects with a KodamaError that names the way out. */
export interface SyncControl {
  /** Keys of all that are kept, running or not, sorted. */
  keys(): Promise<readonly string[]>;
  /** Undefined where there is none of the key. */
  read(key: string): Promise<SyncReport | undefined>;
  /**
   * Begins one in the background, or changes nothing where the same runs already.
   *
   * @throws KodamaError `conflict` where one of the key runs otherwise; `environment` where it ends at once.
   */
  start(spec: SyncSpec, signal: AbortSignal): Promise<"started" | "joined">;
  /**
   * Asks a running one, and waits until it has done it. False where none runs.
   *
   * @throws KodamaError `timeout` where it doesn't answer; `conflict` where a flush has left something undone.
   */
  ask(key: string, request: SyncRequest, signal: AbortSignal): Promise<boolean>;
  /** Forgets one that doesn't run: its files here are removed. */
  forget(key: string): Promise<void>;
}
