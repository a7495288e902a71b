/** The options and events of the actions on sessions: what a face hands in, and what it tells. */
import type { KodamaError } from "../../base/errors.ts";
import type { AdapterName } from "../../agent/adapter_names.ts";
import type { Target } from "../../kube/target.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { WorkState } from "../../session/git_scripts.ts";
import type { LimitWish, TimeLeft } from "../../session/limits.ts";
import type { Session } from "../../session/model.ts";
import type { LiveStatus } from "../../session/status.ts";
import type { Task } from "../agent/tasks.ts";
import type { SyncWish } from "./sync_choice.ts";
import type { SyncSummary } from "./sync_here.ts";

export type { WorkState } from "../../session/git_scripts.ts";
export type { Session, SessionStatus } from "../../session/model.ts";
export { type SessionDocument, sessionDocument } from "../../session/document.ts";
export { checkedSessionName, sessionNames } from "../../session/names.ts";
export { limitText, type LimitWish, parseLimit, type TimeLeft } from "../../session/limits.ts";
export { shellLineCommand } from "../../session/shell_line.ts";
export { checkedSnapshotName, isSnapshotName } from "../../session/snapshot_names.ts";
export type { SyncSummary } from "./sync_here.ts";
export type { LiveStatus } from "../../session/status.ts";

/** Where a session is looked for. */
export interface SessionScope {
  /** A context of the kubeconfig; the one where the session was last used from here, else the current one. */
  context?: string;
  /** In place of the settings' and the context's own. */
  namespace?: string;
}

/** One session, by name. */
export interface SessionPlace extends SessionScope {
  name: string;
}

/** What to begin, or to go on with. What is absent is the template's, the repository's, the user's, the default's. */
export interface StartOptions extends SessionPlace {
  /** An address, or `.` for the origin of the working folder. */
  repo?: string;
  branch?: string;
  image?: string;
  cpu?: string;
  memory?: string;
  /** Seconds; `never` where the settings' own isn't wanted. */
  ttl?: LimitWish;
  idleTimeout?: LimitWish;
  template?: string;
  /** Dotenv files, beside those of the settings; a later one wins. */
  envFiles: readonly string[];
  envExclude: readonly string[];
  sync: SyncWish;
  /** Absolute path of the kubeconfig that was named, for what goes on in the background. */
  kubeconfig?: string;
  task?: FirstTask;
  /**
   * What belongs to another session of the name is taken: a session of somebody else's, whose variables stay unless
   * `envFiles` names any, or the volumes that a deleted one left, for a folder to be synced with.
   */
  join: boolean;
  /** For the pod to be ready. */
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** What the session's agent is to do first. */
export interface FirstTask {
  adapter: AdapterName;
  prompt: string;
  /** The command of the adapter `command`; else words behind the adapter's own. */
  words: readonly string[];
}

/** The steps of a start, in their order. */
export const startSteps = [
  "claim",
  "configure",
  "create",
  "ready",
  "clone",
  "sync",
  "agent",
  "save",
] as const;

/** The steps of a session that begins with the files of another one. */
export const fillSteps = [...startSteps.slice(0, 4), "fill", ...startSteps.slice(4)] as const;

/** One of them. */
export type StartStep = (typeof fillSteps)[number];

/** What a start tells. */
export type StartEvent =
  /** Something that a person should know before it happens. */
  | { kind: "warning"; text: string }
  /** The folder that is synced with the workspace, though nobody named it. */
  | { kind: "syncChosen"; localPath: string }
  | { kind: "stepStarted"; step: StartStep; session: Session }
  /** What a step waits for, or how far it is. */
  | { kind: "progress"; step: StartStep; text: string }
  | {
    kind: "stepEnded";
    step: StartStep;
    /** `already`: an earlier start did it. `skipped`: there is nothing to do. */
    result: "done" | "already" | "skipped";
    /** What came of it: a node, a commit. */
    text?: string;
  }
  | { kind: "started"; session: Session; target: Target };

/** A session of a list. */
export type SessionRow =
  | {
    kind: "session";
    session: Session;
    live: LiveStatus;
    node: string;
    sync: SyncSummary;
    /** The one that it is about, where it was asked for. */
    task?: Task;
    /** Of its limits, where it was asked for. */
    left?: TimeLeft;
  }
  | { kind: "unreadable"; name: string; namespace: string; error: KodamaError };

/** All that is known of one session. */
export interface SessionDetails {
  session: Session;
  live: LiveStatus;
  sync: SyncSummary;
  /** The agent's newest tasks, the oldest first; absent where the pod can't be asked. */
  tasks?: readonly Task[];
  /** Of its limits; absent where it has none, or the pod can't be asked. */
  left?: TimeLeft;
  node: string;
  restarts: number;
  /** What was done in the workspace; absent where it isn't a repository, or can't be asked. */
  work?: WorkState;
}

/** What is taken away, or kept, when a session is deleted. */
export interface DeletionPlan {
  name: string;
  namespace: string;
  context: string;
  /** Absent where only claims are left of it. */
  session: Session | undefined;
  /** Its owner if that is somebody else. */
  otherOwner: string | undefined;
  /** `pod kodama-x`, in the order in which they go. */
  removes: readonly PlannedRemoval[];
  /** Claims that stay, or with `purge` go: with their contents. */
  claims: readonly { name: string; size: string }[];
  /** Snapshots in the cluster that stay, or where it was asked for go. */
  snapshots: readonly { name: string; takenAt: string }[];
  takesSnapshots: boolean;
  purge: boolean;
}

/** One object that goes. */
export interface PlannedRemoval {
  /** As kubectl says it: `pod`, `configmap`. */
  kind: string;
  name: string;
}

/** Objects as they would be made. */
export type Manifests = readonly KubeObject[];
