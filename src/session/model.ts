/** A session as it is stored and reported: the request, and its progress. Plain data. */
import type { Container, Volume } from "../kube/types.ts";
import type { SessionLimits } from "./limits.ts";
import type { PodSettings } from "./pod_settings.ts";

/** The status of a session, as one keyword. */
export type SessionStatus = "Pending" | "Starting" | "Running" | "Stopped" | "Failed";

/** Quantities as Kubernetes writes them: `500m`, `2Gi`. */
export interface SessionResources {
  cpu: string;
  memory: string;
}

/** A volume of the user's own, in the workspace's container. */
interface SessionVolume {
  mountPath: string;
  readOnly: boolean;
  volume: Volume;
}

/** A repository, and its checkout. */
export interface SessionRepository {
  /** As git accepts it; never with a password. */
  url: string;
  /** The requested branch; the repository's default if absent. */
  baseBranch?: string;
  /** The branch of the session. Absent until it is known: the repository reports the name of its default branch. */
  branch?: string;
  /** The branch is the session's own, and starts at the base. */
  autoBranch: boolean;
  /** The checked-out commit. */
  commitHash?: string;
}

/** A local folder that is synced with the workspace. */
export interface SessionSync {
  enabled: boolean;
  /** Absolute, on the machine named beside it. */
  localPath?: string;
}

/** The environment of the workspace's container, names only: values are in the Secret. */
interface SessionEnvironment {
  /** Sorted. */
  variables: readonly string[];
  /** The Secret holds a token for git. */
  gitToken: boolean;
}

/** A destination that a session with an allow-list may reach. */
export interface EgressRule {
  cidr: string;
  /** TCP ports. If neither is set, all ports and protocols. */
  ports?: readonly number[];
  udpPorts?: readonly number[];
}

/** The inputs of a session's pod. All of it is fixed when the session is created. */
export interface SessionSpec extends PodSettings {
  image: string;
  resources: SessionResources;
  /** The resources that the scheduler reserves, if they aren't kodama's own choice. */
  requests?: Partial<SessionResources>;
  /** Quantities by resource: `nvidia.com/gpu`. */
  extendedResources?: Readonly<Record<string, string>>;
  runtimeClass?: string;
  serviceAccount?: string;
  volumes?: readonly SessionVolume[];
  storage: { workspace: string; claudeHome: string };
  /** The storage class of the claims; the cluster's default if absent. */
  storageClass?: string;
  /** In addition to the workspace's; they mount `/workspace` too. */
  containers: readonly Container[];
  /** Secrets that these refer to, by the user's own settings. */
  containerSecrets?: readonly string[];
  /** Only these may be reached, and names be resolved. No limit if absent. */
  egress?: readonly EgressRule[];
  /** How long its pod may run. */
  limits: SessionLimits;
  /** Secret with an SSH key for git. */
  gitSecret?: string;
  /** Prefixes of addresses, and their replacements for git in the pod. */
  gitMirrors: Readonly<Record<string, string>>;
  /** Additions of the project's `devcontainer.json`. */
  setup?: SessionSetup;
  dotfiles?: SessionDotfiles;
}

/** A user's own configuration of shells and tools, installed in each new pod. */
export interface SessionDotfiles {
  /** The URL of a git repository. */
  repository: string;
  /** A line of shell, run in the clone; a script of a usual name if absent. */
  command?: string;
}

/** Prepares a session's pod for its project, from the project's `devcontainer.json`. */
export interface SessionSetup {
  /** The file, in the project. */
  path: string;
  /** The user that the project expects; a session's has the id 1000. */
  user?: string;
  /** The variables of the container, without those of the user. */
  variables: Readonly<Record<string, string>>;
  /** In their order. */
  steps: readonly SetupStep[];
  /** Ports that the project's programs listen on. */
  ports: readonly number[];
  /** For editors, by the editor's name. */
  customizations?: Readonly<Record<string, unknown>>;
}

/** Commands that run at the same time, once in each new pod; the next step waits for all of them. */
export interface SetupStep {
  /** `postCreateCommand`. */
  property: string;
  /** Its failure is reported, and the next step runs. */
  mayFail: boolean;
  commands: readonly { name?: string; argv: readonly string[] }[];
}

/** The source of a session's files, if it didn't start empty. */
interface SessionOrigin {
  kind: "clone" | "snapshot";
  /** The session that the files belonged to. */
  session: string;
  /** All files have arrived. Until then nothing may be started in the session. */
  filled: boolean;
}

/** A session. */
export interface Session {
  name: string;
  namespace: string;
  /** The session's creator, as the cluster knows the user. */
  owner?: string;
  repository?: SessionRepository;
  spec: SessionSpec;
  environment: SessionEnvironment;
  sync: SessionSync;
  /** The task that the session was started with: its number among the agent's tasks. */
  agent?: { adapter: string; task: number };
  /** The template that it was created from. */
  template?: string;
  origin?: SessionOrigin;
  /** When its files were last replaced by those of a snapshot, in RFC 3339: syncs started before end. */
  restoredAt?: string;
  /** The workspace had nothing that was nowhere else when it was stopped; absent if that isn't known, or it runs. */
  allSaved?: boolean;
  /** As last written; {@link ./status.ts} determines the current status. */
  status: SessionStatus;
  /** The reason, if it is `Failed`. */
  message?: string;
  /** RFC 3339. */
  createdAt: string;
  /** RFC 3339. */
  updatedAt: string;
}
