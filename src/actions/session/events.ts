/** The options and events of the actions on sessions: the input of the front ends, and their output. */
import type { Hint } from "../../base/hint.ts";
import type { KodamaError } from "../../base/errors.ts";
import type { Permissions } from "../../agent/adapter.ts";
import type { AgentManifest } from "../../agent/manifest.ts";
import type { SettingOrigin } from "../../config/settings.ts";
import type { Target } from "../../kube/select/target.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { WorkState } from "../../session/git_commands.ts";
import type { RemainingTime, RequestedLimit } from "../../session/limits.ts";
import type { Session } from "../../session/model.ts";
import type { LiveStatus } from "../../session/status.ts";
import type { Task } from "../agent/tasks.ts";
import type { DevContainerReport, RequestedDevContainer } from "./dev_container.ts";
import type { Unsaved } from "../../session/unsaved.ts";
import type { SyncSummary } from "./sync_here.ts";

export type { UnsupportedReason } from "../../session/dev_container.ts";
export type { Session } from "../../session/model.ts";
export { type SessionDocument, sessionDocument } from "../../session/document.ts";
export { type Unsaved, unsavedLines } from "../../session/unsaved.ts";
export { checkedSessionName } from "../../session/names.ts";
export {
  limitText,
  parseLimit,
  type RemainingTime as TimeLeft,
  type RequestedLimit,
} from "../../session/limits.ts";
export { shellLineCommand } from "../../session/pod_script.ts";
export { checkedSnapshotName, isSnapshotName } from "../../session/names.ts";
export type { SyncSummary } from "./sync_here.ts";

/** Where to search for a session. */
export interface SessionScope {
  /**
   * A context of the kubeconfig; by default that in which the session was last used from here, or the current context.
   */
  context?: string;
  /** Overrides the namespace of the settings and of the context. */
  namespace?: string;
}

/** A session, by name. */
export interface SessionRef extends SessionScope {
  name: string;
}

/** The requested folder. */
export type RequestedSync =
  | { kind: "none" }
  | { kind: "folder"; path: string }
  /** Not given: the working folder, if it is the project of the session. */
  | { kind: "unspecified" };

/** Options to start or resume with. The template, the repository, the user and the defaults set absent options. */
export interface StartOptions extends SessionRef {
  /** An address, or `.` for the origin of the working folder. */
  repo?: string;
  branch?: string;
  image?: string;
  cpu?: string;
  memory?: string;
  /** Seconds; `never` to override that of the settings. */
  ttl?: RequestedLimit;
  idleTimeout?: RequestedLimit;
  template?: string;
  /** Dotenv files, in addition to those of the settings; a later file takes precedence. */
  envFiles: readonly string[];
  envExclude: readonly string[];
  sync: RequestedSync;
  /** The project's `devcontainer.json`. */
  devContainer: RequestedDevContainer;
  /** Absolute path of the named kubeconfig, for background processes. */
  kubeconfig?: string;
  task?: FirstTask;
  /**
   * Accept the property of another session of the name: someone else's session, whose variables stay unless `envFiles`
   * names any, or the volumes that a deletion retained, to sync a folder with them.
   */
  join: boolean;
  /** The time for the pod to become ready. */
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/** The first task of the session's agent. */
export interface FirstTask {
  adapter: string;
  /** The description of the agent, if the session's own template has it. */
  manifest?: AgentManifest;
  prompt: string;
  /** The command of the adapter `command`; otherwise args appended to the adapter's own. */
  args: readonly string[];
  /** `bypass` if absent. */
  permissions?: Permissions;
  /** US dollars. */
  budgetUsd?: number;
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

/** The steps of a session that starts with the files of another session. */
export const fillSteps = [...startSteps.slice(0, 4), "fill", ...startSteps.slice(4)] as const;

/** A step, or the setup of a session that has a setup. */
export type StartStep = (typeof fillSteps)[number] | "setup";

/** Who has set a part of a session: an option of the start, a setting, the project's file, or no one. */
export type PartOrigin =
  | SettingOrigin
  | { kind: "option"; name: string }
  | { kind: "devContainer"; path: string };

/** A part of a new session that decides about its safety, and who has set it. */
export interface DefinedPart {
  name: "image" | "containers" | "egress";
  /** Empty if nothing is set. */
  texts: readonly string[];
  origin: PartOrigin;
}

/** The events of a start. */
export type StartEvent =
  /** The parts of a new session, before it exists. */
  | {
    kind: "defined";
    parts: readonly DefinedPart[];
    /** The allowances of its pod beyond the restricted standard, by the user's own settings. */
    beyond: readonly string[];
  }
  /** A warning for the user before the action. */
  | { kind: "warning"; text: Hint }
  /** The folder that is synced with the workspace without having been named. */
  | { kind: "syncChosen"; localPath: string }
  /** The parts of the project's `devcontainer.json` that the session uses. */
  | { kind: "devContainer"; report: DevContainerReport }
  | { kind: "stepStarted"; step: StartStep; session: Session }
  /** The reason why a step waits, or its progress. */
  | { kind: "progress"; step: StartStep; text: string }
  | {
    kind: "stepEnded";
    step: StartStep;
    /** `already`: an earlier start did it. `skipped`: there was nothing to do. */
    result: "done" | "already" | "skipped";
    /** The result: a node, a commit. */
    text?: Hint;
  }
  | { kind: "started"; session: Session; target: Target };

/** A session in a list. */
export type SessionRow =
  | {
    kind: "session";
    session: Session;
    live: LiveStatus;
    node: string;
    sync: SyncSummary;
    /** The agent's current task, if it was requested. */
    task?: Task;
    /** The time remaining of its limits, if it was requested. */
    remaining?: RemainingTime;
  }
  | { kind: "unreadable"; name: string; namespace: string; error: KodamaError };

/** The details of a session. */
export interface SessionDetails {
  session: Session;
  live: LiveStatus;
  sync: SyncSummary;
  /** The agent's newest tasks, the oldest first; absent if the pod can't be queried. */
  tasks?: readonly Task[];
  /** The time remaining of its limits; absent if it has none, or the pod can't be queried. */
  remaining?: RemainingTime;
  node: string;
  restarts: number;
  /** The state of the work in the workspace; absent if it isn't a repository, or can't be queried. */
  work?: WorkState;
}

/** The objects that are removed and retained when a session is deleted. */
export interface DeletionPlan {
  name: string;
  namespace: string;
  context: string;
  /** Absent if only claims of it remain. */
  session: Session | undefined;
  /** `pod kodama-x`, in the order of removal. */
  removes: readonly PlannedRemoval[];
  /** Claims that are retained, or removed with `purge`, with their contents. */
  claims: readonly { name: string; size: string }[];
  /** Snapshots in the cluster that are retained, or removed if requested. */
  snapshots: readonly { name: string; takenAt: string }[];
  takesSnapshots: boolean;
  purge: boolean;
  /** Work that a purge loses, as far as it is known before the sync has come to its end. */
  unsaved: readonly Unsaved[];
}

/** An object to remove. */
export interface PlannedRemoval {
  /** As kubectl names it: `pod`, `configmap`. */
  kind: string;
  name: string;
}

/** Objects as they would be created. */
export type Manifests = readonly KubeObject[];
