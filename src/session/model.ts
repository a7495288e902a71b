/** A session as it is kept and told: what was asked for, and how far it is. Plain data. */
import type { Container, Toleration } from "../kube/types.ts";
import type { SessionLimits } from "./limits.ts";

/** What a session is, in one word. */
export type SessionStatus = "Pending" | "Starting" | "Running" | "Stopped" | "Failed";

/** Quantities as Kubernetes writes them: `500m`, `2Gi`. */
export interface SessionResources {
  cpu: string;
  memory: string;
}

/** A repository, and what of it is worked on. */
export interface SessionRepository {
  /** As git takes it; never with a password. */
  url: string;
  /** The branch that was asked for; the repository's own default where it is absent. */
  baseBranch?: string;
  /** The branch of the session. Absent until it is known: the name of the default branch is asked of the repository. */
  branch?: string;
  /** The branch is the session's own, and begins at the base. */
  autoBranch: boolean;
  /** What was checked out. */
  commitHash?: string;
}

/** A folder of the person's machine that is kept in step with the workspace. */
export interface SessionSync {
  enabled: boolean;
  /** Absolute, on the machine that is named beside it. */
  localPath?: string;
}

/** The environment of the workspace's container, by name alone: values are in the Secret. */
export interface SessionEnvironment {
  /** Sorted. */
  variables: readonly string[];
  /** The Secret holds a token for git. */
  gitToken: boolean;
}

/** One destination that a session with an allow-list may reach. */
export interface EgressRule {
  cidr: string;
  /** Of TCP. Where neither is there, all ports and protocols. */
  ports?: readonly number[];
  udpPorts?: readonly number[];
}

/** What the pod of a session is made from. Everything here is settled when the session is begun. */
export interface SessionSpec {
  image: string;
  resources: SessionResources;
  storage: { workspace: string; claudeHome: string };
  /** Of the claims; the cluster's default where it is absent. */
  storageClass?: string;
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly Toleration[];
  /** Beside the workspace's; they see `/workspace` too. */
  containers: readonly Container[];
  /** Only these may be reached, and names be resolved. No limit where it is absent. */
  egress?: readonly EgressRule[];
  /** How long its pod may run. */
  limits: SessionLimits;
  /** Secret with an SSH key for git. */
  gitSecret?: string;
  /** Beginnings of addresses, and what stands in their place for git in the pod. */
  gitMirrors: Readonly<Record<string, string>>;
}

/** Where a session's files came from, where it didn't begin empty. */
export interface SessionOrigin {
  kind: "clone" | "snapshot";
  /** Whose files they were. */
  session: string;
  /** All of them are there. Until then nothing may be begun in the session. */
  filled: boolean;
}

/** A session. */
export interface Session {
  name: string;
  namespace: string;
  /** Who began it, as the cluster knows the person. */
  owner?: string;
  repository?: SessionRepository;
  spec: SessionSpec;
  environment: SessionEnvironment;
  sync: SessionSync;
  /** The task that the session was begun with: its number among the agent's tasks. */
  agent?: { adapter: string; task: number };
  /** The template that it was begun with. */
  template?: string;
  origin?: SessionOrigin;
  /** When its files were last replaced by those of a snapshot, in RFC 3339: syncs begun before end. */
  restoredAt?: string;
  /** As it was written last; {@link ./status.ts} says what holds. */
  status: SessionStatus;
  /** Why, where it is `Failed`. */
  message?: string;
  /** RFC 3339. */
  createdAt: string;
  /** RFC 3339. */
  updatedAt: string;
}
