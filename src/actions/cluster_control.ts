/** The embedded cluster, as `kodama cluster up|down|status` need it. */

/** Which cluster. */
export interface ClusterPlace {
  /**
   * The folder of a cluster that keeps its objects. The user's own cluster, which begins anew each time,
   * where it is absent.
   */
  data?: string;
}

/** How a cluster is to begin. */
export interface ClusterStart extends ClusterPlace {
  /** As `--world` has it: `weka:drives=50`. That of the kept cluster, or `weka`, where it is absent. */
  world?: string;
  /** Of this machine. The kept cluster's, or any free one, where it is absent. */
  port?: number;
}

/** What is told of a wait. */
export type ClusterEvent =
  /** Somebody else started it, or it ran already. */
  | { kind: "joined" }
  | { kind: "progress"; pods: PodCount }
  | { kind: "ready"; state: RunningCluster }
  | { kind: "stopping"; pid: number }
  /** It did not end in time, and was killed. */
  | { kind: "killed"; pid: number };

/** Pods that are to run, and those that do. */
export interface PodCount {
  ready: number;
  expected: number;
}

/** A cluster that answers, and how it is reached. */
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
  /** The folder of a cluster that keeps its objects; null for one that doesn't. */
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
  /** `ended` is the cluster that a `down` ended; null if none ran. `died` ended without one; null if none did. */
  | { phase: "stopped"; ended: RunningCluster | null; died: DeadCluster | null }
  | { phase: "starting"; world: string; pods: PodCount }
  | RunningCluster;

/** What a wait is given. */
export interface ClusterWait {
  signal: AbortSignal;
  /** Told as it goes on. */
  told: (event: ClusterEvent) => void;
}

/** The embedded cluster in the hands of a face. Each call throws KodamaError. */
export interface ClusterControl {
  /** Starts it in the background, unless it runs, and waits until it is ready. */
  up(options: ClusterStart & ClusterWait): Promise<ClusterState>;
  /** Serves it in this process until the signal, and resolves when all of it has ended. */
  serve(options: ClusterStart & ClusterWait): Promise<void>;
  down(options: ClusterPlace & ClusterWait): Promise<ClusterState>;
  status(place: ClusterPlace): Promise<ClusterState>;
}
