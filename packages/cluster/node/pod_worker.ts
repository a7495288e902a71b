/** One pod on this node, from its binding to its removal. */
import { delay } from "../../../src/base/abort.ts";
import type { Pod, PodStatus } from "../../../src/kube/types.ts";
import type { Store } from "../model.ts";
import { resources } from "../resources.ts";
import { BackOff } from "./back_off.ts";
import { ContainerWorker } from "./container_worker.ts";
import type { ContainerRole } from "./container_state.ts";
import { requireListener } from "./listeners.ts";
import { asPod, type NodeParts, type PodContext, type StoredPod } from "./pod_context.ts";
import { podStatus } from "./pod_status.ts";
import type { Capabilities } from "./runtime.ts";
import { type PreparedVolume, prepareVolumes } from "./volumes.ts";

const defaultGraceSeconds = 30;

/** Runs a pod's containers and writes its status. */
export class PodWorker {
  readonly containers: readonly ContainerWorker[];
  /** Resolves when no process of the pod runs any more. */
  readonly done: Promise<void>;
  readonly #startedAt: Date;
  readonly #stopping = new AbortController();
  #pod: StoredPod;
  #volumes: ReadonlyMap<string, PreparedVolume> = new Map();
  #verdict: { reason: string; message: string } | undefined;
  #stopped: Promise<void> | undefined;
  #graceMs = Number.POSITIVE_INFINITY;

  constructor(pod: StoredPod, private readonly podIp: string, private readonly parts: NodeParts) {
    this.#pod = pod;
    this.#startedAt = parts.clock.now();
    const context = this.#context();
    const { initContainers = [], containers = [] } = this.#pod.spec ?? {};
    this.containers = [
      ...initContainers.map((spec) => new ContainerWorker(context, spec, initRole(spec))),
      ...containers.map((spec) => new ContainerWorker(context, spec, "main")),
    ];
    this.done = this.#run();
  }

  get pod(): StoredPod {
    return this.#pod;
  }

  /** Handles a change of the pod in the store. */
  update(pod: StoredPod): void {
    this.#pod = pod;
    // Their conditions are written by other clients.
    if ((pod.spec?.readinessGates ?? []).length > 0) this.#publish();
  }

  /**
   * Connects to a port on which one of the pod's own processes listens.
   *
   * @throws Deno.errors.ConnectionRefused if there is none.
   */
  async connect(port: number): Promise<Deno.TcpConn> {
    await this.#requireListener(port);
    return await Deno.connect({ hostname: "127.0.0.1", port });
  }

  async #requireListener(port: number): Promise<void> {
    const instances = this.containers.flatMap(({ instance }) => instance ?? []);
    await requireListener(port, instances.map(({ running }) => running.processes));
  }

  /** Ends every container; a second call with a shorter grace period shortens the first. */
  stop(graceMs?: number): Promise<void> {
    const seconds = this.#pod.metadata?.deletionGracePeriodSeconds ??
      this.#pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    const limitMs = graceMs ?? seconds * 1000;
    if (limitMs >= this.#graceMs && this.#stopped !== undefined) return this.#stopped;
    this.#graceMs = limitMs;
    this.#stopping.abort();
    const stops = this.containers.map((worker) => worker.stop(limitMs));
    return this.#stopped = Promise.all(stops).then(() => this.done);
  }

  async #run(): Promise<void> {
    const { clock } = this.parts;
    const { signal } = this.#stopping;
    this.#publish();
    const deadline = this.#pod.spec?.activeDeadlineSeconds;
    const over = new AbortController();
    const timer = deadline === undefined
      ? undefined
      : delay(clock, deadline * 1000, AbortSignal.any([signal, over.signal]))
        .then(() => this.#exceedDeadline(), () => {});
    try {
      this.#volumes = await this.#mountVolumes();
      this.#noteUnenforced();
      await this.#runContainers();
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      over.abort();
      await timer;
      this.#publish();
    }
  }

  /** Reports fields of the spec that have no effect: a test that passes here must not pass because of that. */
  #noteUnenforced(): void {
    const fields = unenforcedFields(this.#pod, this.parts.runtime.capabilities);
    if (fields.length === 0) return;
    this.parts.events.record(this.#pod, {
      type: "Normal",
      reason: "NotEnforced",
      message: `the embedded cluster doesn't enforce ${fields.join(", ")}`,
    });
  }

  async #mountVolumes(): Promise<ReadonlyMap<string, PreparedVolume>> {
    const { store, clock, dataDir, events } = this.parts;
    const failures = new BackOff();
    const podFolder = podFolderOf(dataDir, this.#pod);
    await this.parts.files.createFolder(podFolder);
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      try {
        return await prepareVolumes(this.#pod, {
          store,
          podFolder,
          claimsFolder: `${dataDir}/claims`,
          snapshotsFolder: `${dataDir}/snapshots`,
        });
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        events.record(this.#pod, {
          type: "Warning",
          reason: "FailedMount",
          message: error.message,
        });
        const delayMs = failures.next(clock.now(), { immediateFirst: false });
        await delay(clock, delayMs / 10, this.#stopping.signal);
      }
    }
  }

  async #runContainers(): Promise<void> {
    const running: Promise<void>[] = [];
    const { signal } = this.#stopping;
    for (const worker of this.containers) {
      if (signal.aborted) break;
      const run = worker.run();
      if (worker.record.role !== "init") {
        running.push(run);
        continue;
      }
      await run;
      if (!signal.aborted && !worker.record.ready) return;
    }
    const main = this.containers.filter(({ record }) => record.role === "main");
    const sidecars = this.containers.filter(({ record }) => record.role === "sidecar");
    const mainRuns = running.slice(-main.length);
    await Promise.all(mainRuns);
    // Sidecars live as long as the main containers.
    const graceMs = (this.#pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1000;
    await Promise.all(sidecars.toReversed().map((worker) => worker.stop(graceMs)));
    await Promise.all(running);
  }

  #exceedDeadline(): void {
    this.#verdict = {
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    };
    this.parts.events.record(this.#pod, {
      type: "Normal",
      reason: "DeadlineExceeded",
      message: this.#verdict.message,
    });
    void this.stop();
  }

  #context(): PodContext {
    const pod = () => this.#pod;
    const volumes = () => this.#volumes;
    return {
      ...this.parts,
      get pod() {
        return pod();
      },
      get volumes() {
        return volumes();
      },
      folder: podFolderOf(this.parts.dataDir, this.#pod),
      hostname: (this.#pod.spec?.hostname ?? this.#pod.metadata.name ?? "").slice(0, 63),
      changed: () => this.#publish(),
      requireListener: (port) => this.#requireListener(port),
    };
  }

  #publish(): void {
    const { clock, hostIp, store } = this.parts;
    writeStatus(store, this.#pod, (pod) =>
      podStatus({
        pod,
        records: this.containers?.map(({ record }) => record) ?? [],
        podIp: this.podIp,
        hostIp,
        startedAt: this.#startedAt,
        now: clock.now(),
        ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
      }));
  }
}

/** Returns the fields of a pod that this node accepts but ignores. */
export function unenforcedFields({ spec }: Pod, capabilities: Capabilities): string[] {
  const containers = [...spec?.initContainers ?? [], ...spec?.containers ?? []];
  // In namespaces a container's user is root; a plain process has the user who runs the node.
  const uid = capabilities.isolation === "namespaces" ? 0 : Deno.uid() ?? 0;
  const contexts = [
    spec?.securityContext,
    ...containers.map(({ securityContext }) => securityContext),
  ];
  const requested = {
    runAsNonRoot: uid === 0 && contexts.some((each) => each?.runAsNonRoot === true),
    runAsUser: contexts.some((each) => each?.runAsUser !== undefined && each.runAsUser !== uid),
    readOnlyRootFilesystem: containers.some(({ securityContext }) =>
      securityContext?.readOnlyRootFilesystem === true
    ),
    limits: containers.some(({ resources }) => Object.keys(resources?.limits ?? {}).length > 0),
    hostPort: containers.some(({ ports = [] }) =>
      ports.some(({ hostPort = 0, containerPort }) => hostPort !== 0 && hostPort !== containerPort)
    ),
  };
  return Object.entries(requested).filter(([, isRequested]) => isRequested).map(([field]) => field);
}

function initRole(spec: { restartPolicy?: string }): ContainerRole {
  return spec.restartPolicy === "Always" ? "sidecar" : "init";
}

/** Returns the folders of a pod's volumes and logs. */
export function podFolderOf(dataDir: string, pod: StoredPod): string {
  return `${dataDir}/pods/${pod.metadata?.uid ?? ""}`;
}

/** Writes a pod's status unless the pod is deleted, or nothing changed. */
function writeStatus(
  store: Store,
  pod: StoredPod,
  status: (present: StoredPod) => PodStatus,
): void {
  const { namespace = "", name = "", uid } = pod.metadata;
  const present = store.get(resources.pods, namespace, name);
  if (present === undefined || present.metadata.uid !== uid) return;
  const next = status(asPod(present));
  if (JSON.stringify(next) === JSON.stringify(present["status"])) return;
  store.update(resources.pods, { ...present, status: structuredClone(next) });
}
