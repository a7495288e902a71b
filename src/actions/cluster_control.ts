/** The embedded cluster, as `kodama cluster up|down|status` need it. */

/** Which cluster. */
export interface ClusterRef {
  /** The folder in which a cluster stores its objects. If absent: the user's own cluster, which starts empty. */
  data?: string;
}

/** How a cluster starts. */
export interface ClusterStart extends ClusterRef {
  /** As `--world` takes it: `weka:drives=50`. If absent: that of the persistent cluster, or `weka`. */
  world?: string;
  /** A port of this machine. If absent: that of the persistent cluster, or any free one. */
  port?: number;
}

/** The progress of a wait. */
export type ClusterEvent =
  /** Someone else started it, or it was already running. */
  | { kind: "joined" }
  | { kind: "progress"; pods: PodCount }
  | { kind: "ready"; state: RunningCluster }
  | { kind: "stopping"; pid: number }
  /** It did not end in time, and was killed. */
  | { kind: "killed"; pid: number };

/** How many pods should run, and how many do. */
interface PodCount {
  ready: number;
  expected: number;
}

/** A cluster that answers, and how to reach it. */
export interface RunningCluster {
  phase: "running";
  /** `https://127.0.0.1:port` */
  server: string;
  context: string;
  /** Absolute path of the file. */
  kubeconfig: string;
  world: string;
  pods: PodCount;
  pid: number;
  /** RFC 3339. */
  startedAt: string;
  /** The folder in which the cluster stores its objects; null if it doesn't store them. */
  data: string | null;
}

/** A cluster whose process was killed, or crashed. */
export interface DeadCluster {
  pid: number;
  /** RFC 3339. */
  startedAt: string;
  /** Absolute path of the file that holds its last output. */
  log: string;
}

/** Whether a cluster runs. */
export type ClusterState =
  /** `ended` is the cluster that a `down` ended; null if none ran. `died` exited without a `down`; null if none did. */
  | { phase: "stopped"; ended: RunningCluster | null; died: DeadCluster | null }
  | { phase: "starting"; world: string; pods: PodCount }
  | RunningCluster;

/** Options of a wait. */
export interface ClusterWait {
  signal: AbortSignal;
  /** Called with each event of the wait. */
  onEvent: (event: ClusterEvent) => void;
}

/** The embedded cluster, as the front ends use it. Each call throws KodamaError. */
export interface ClusterControl {
  /** Starts it in the background if it isn't running, and waits until it is ready. */
  up(options: ClusterStart & ClusterWait): Promise<ClusterState>;
  /** Serves it in this process until the signal aborts, and resolves when all of it has ended. */
  serve(options: ClusterStart & ClusterWait): Promise<void>;
  down(options: ClusterRef & ClusterWait): Promise<ClusterState>;
  status(ref: ClusterRef): Promise<ClusterState>;
}
