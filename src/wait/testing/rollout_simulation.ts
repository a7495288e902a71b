/**
 * A workload whose controllers and kubelets act in any order, and see and report everything late, as those of Kubernetes
 * do: a controller works with its own copies of the workload and of the pods, and writes the status from these.
 */
import type { ApiResource } from "../../kube/client.ts";
import { DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS } from "../../kube/resources.ts";
import type { OwnerReference, Pod } from "../../kube/types.ts";
import type { AnyObject } from "../readiness.ts";

/** The workloads that are simulated, and how each replaces its pods. */
export const simulated = [
  "rolling Deployment",
  "recreating Deployment",
  "StatefulSet",
  "DaemonSet",
] as const;

interface Spec {
  generation: number;
  revision: number;
  size: number;
}

interface SimulatedPod {
  name: string;
  revision: number;
  ready: boolean;
  terminating: boolean;
}

interface ReplicaSet {
  revision: number;
  size: number;
  status: { replicas: number; ready: number };
}

/** The state of the server, and of everything that acts on it. */
export class RolloutSimulation {
  readonly #kind: typeof simulated[number];
  #spec: Spec;
  /** What the controller knows. */
  #view: Spec;
  #seenPods: readonly SimulatedPod[] = [];
  #status: Record<string, unknown> = {};
  #pods: SimulatedPod[] = [];
  readonly #sets: ReplicaSet[] = [];
  #currentRevision = 1;
  #created = 0;

  /** All pods of the first revision are ready. */
  constructor(kind: typeof simulated[number], size: number) {
    this.#kind = kind;
    this.#spec = { generation: 1, revision: 1, size };
    this.#view = this.#spec;
    this.settle();
  }

  get resource(): ApiResource {
    if (this.#kind === "StatefulSet") return STATEFUL_SETS;
    return this.#kind === "DaemonSet" ? DAEMON_SETS : DEPLOYMENTS;
  }

  /** The template has changed, as by `kubectl rollout restart`. */
  restart(): void {
    const { generation, revision } = this.#spec;
    this.#spec = { ...this.#spec, generation: generation + 1, revision: revision + 1 };
  }

  /** A DaemonSet's size is the number of its nodes, which changes no generation. */
  scale(size: number): void {
    if (this.#kind === "DaemonSet") return;
    this.#spec = { ...this.#spec, generation: this.#spec.generation + 1, size };
  }

  /** Whether exactly the wanted pods are there, all of them new and ready. */
  get isDone(): boolean {
    const { revision, size } = this.#spec;
    const left = this.#pods.filter(({ terminating }) => !terminating);
    return left.length === size && left.every((pod) => pod.ready && pod.revision === revision);
  }

  /**
   * Whether all of the wanted pods are there, new and ready. Pods that no ReplicaSet has reported yet may be left: a
   * Deployment's status, by which kubectl goes, doesn't know of them.
   */
  get isServing(): boolean {
    const { revision, size } = this.#spec;
    const isNew = (pod: SimulatedPod) => pod.ready && pod.revision === revision && !pod.terminating;
    return this.#pods.filter(isNew).length >= size &&
      (this.resource === DEPLOYMENTS || this.isDone);
  }

  /** Something acts. */
  step(choice: number): void {
    const steps = this.#steps();
    steps[choice % steps.length]?.();
  }

  /** Everything acts until nothing changes. */
  settle(): void {
    for (let before = ""; before !== (before = this.#text());) {
      for (let round = 0; round < 3; round++) for (const step of this.#steps()) step();
    }
  }

  #text(): string {
    return JSON.stringify([this.#pods, this.#sets, this.#status, this.#view]);
  }

  #steps(): (() => void)[] {
    const isSet = this.resource === DEPLOYMENTS;
    return [
      () => void (this.#view = this.#spec),
      () => void (this.#seenPods = this.#pods.map((pod) => ({ ...pod }))),
      ...(isSet
        ? [
          () => this.#syncDeployment(),
          ...this.#sets.flatMap((set) => [() => this.#syncSet(set), () => this.#reportSet(set)]),
        ]
        : this.#kind === "StatefulSet"
        ? [() => this.#syncStatefulSet()]
        : [() => this.#syncDaemonSet()]),
      ...this.#pods.map((pod) => () => {
        if (!pod.terminating) pod.ready = true;
        else this.#pods = this.#pods.filter((one) => one !== pod);
      }),
    ];
  }

  #create(name: string, revision: number): void {
    this.#created += 1;
    this.#pods.push({ name, revision, ready: false, terminating: false });
  }

  #syncDeployment(): void {
    const { generation, revision, size } = this.#view;
    let own = this.#sets.find((set) => set.revision === revision);
    if (own === undefined) {
      own = { revision, size: 0, status: { replicas: 0, ready: 0 } };
      this.#sets.push(own);
    }
    const old = this.#sets.filter((set) => set !== own);
    const sum = (of: (set: ReplicaSet) => number) =>
      this.#sets.reduce((total, set) => total + of(set), 0);
    if (this.#kind === "recreating Deployment") {
      for (const set of old) set.size = 0;
      if (!this.#seenPods.some((pod) => pod.revision !== revision)) own.size = size;
    } else {
      const total = sum((set) => set.size);
      if (own.size > size) own.size = size;
      else if (total <= size && own.size < size) own.size += 1;
      const scaled = old.find((set) => set.size > 0);
      if (scaled !== undefined && sum((set) => set.status.ready) >= size) scaled.size -= 1;
    }
    this.#status = {
      observedGeneration: generation,
      replicas: sum(({ status }) => status.replicas),
      updatedReplicas: own.status.replicas,
      readyReplicas: sum(({ status }) => status.ready),
      availableReplicas: sum(({ status }) => status.ready),
    };
  }

  #syncSet({ revision, size }: ReplicaSet): void {
    const own = this.#pods.filter((pod) => pod.revision === revision && !pod.terminating);
    for (const pod of own.slice(size)) pod.terminating = true;
    for (let more = own.length; more < size; more++) this.#create(`web-${this.#created}`, revision);
  }

  #reportSet(set: ReplicaSet): void {
    const own = this.#seenPods.filter((pod) => pod.revision === set.revision && !pod.terminating);
    set.status = { replicas: own.length, ready: own.filter(({ ready }) => ready).length };
  }

  #syncStatefulSet(): void {
    const { generation, revision, size } = this.#view;
    const seen = this.#seenPods.filter(({ terminating }) => !terminating);
    const count = (test: (pod: SimulatedPod) => boolean) => seen.filter(test).length;
    const updated = count((pod) => pod.revision === revision);
    const ready = count((pod) => pod.ready);
    if (updated === size && ready === size) this.#currentRevision = revision;
    this.#status = {
      observedGeneration: generation,
      replicas: seen.length,
      readyReplicas: ready,
      updatedReplicas: updated,
      currentRevision: `r${this.#currentRevision}`,
      updateRevision: `r${revision}`,
    };
    for (let ordinal = 0; ordinal < size; ordinal++) {
      if (this.#pods.some(({ name }) => name === `web-${ordinal}`)) continue;
      this.#create(`web-${ordinal}`, revision);
    }
    for (const pod of this.#pods) if (Number(pod.name.slice(4)) >= size) pod.terminating = true;
    const outdated = seen.filter((pod) => pod.revision !== revision);
    if (seen.some((pod) => !pod.ready)) return;
    const last = this.#pods.find(({ name }) => name === outdated.at(-1)?.name);
    if (last !== undefined && last.revision !== revision) last.terminating = true;
  }

  #syncDaemonSet(): void {
    const { generation, revision, size } = this.#view;
    const seen = this.#seenPods.filter(({ terminating }) => !terminating);
    const updated = seen.filter((pod) => pod.revision === revision);
    this.#status = {
      observedGeneration: generation,
      desiredNumberScheduled: size,
      currentNumberScheduled: seen.length,
      updatedNumberScheduled: updated.length,
      numberAvailable: seen.filter(({ ready }) => ready).length,
    };
    for (let node = 0; node < size; node++) {
      if (this.#pods.some(({ name }) => name.startsWith(`node${node}-`))) continue;
      this.#create(`node${node}-${this.#created}`, revision);
    }
    if (seen.some((pod) => !pod.ready)) return;
    const last = this.#pods.find(({ name }) =>
      name === seen.find((pod) => pod.revision !== revision)?.name
    );
    if (last !== undefined) last.terminating = true;
  }

  /** The workload, as the server has it. */
  get object(): AnyObject {
    const { generation, revision, size } = this.#spec;
    return {
      metadata: {
        name: "web",
        namespace: "n",
        uid: "u-web",
        generation,
        annotations: { "deprecated.daemonset.template.generation": `${revision}` },
      },
      spec: this.#kind === "DaemonSet" ? {} : { replicas: size },
      status: this.#status,
    };
  }

  /** The ReplicaSets of a Deployment. */
  get replicaSets(): readonly AnyObject[] {
    return this.#sets.map(({ revision, size, status }) => ({
      metadata: {
        name: `web-${revision}`,
        namespace: "n",
        uid: `u-${revision}`,
        generation: 1,
        ownerReferences: [ownerOf(DEPLOYMENTS, "web", "u-web")],
      },
      spec: { replicas: size },
      status: { observedGeneration: 1, replicas: status.replicas },
    }));
  }

  get pods(): Pod[] {
    return this.#pods.map(({ name, revision, ready, terminating }) => ({
      metadata: {
        name,
        namespace: "n",
        uid: `u-${name}-${revision}`,
        labels: {
          "controller-revision-hash": `r${revision}`,
          "pod-template-generation": `${revision}`,
        },
        ownerReferences: [
          this.resource === DEPLOYMENTS
            ? {
              ...ownerOf(DEPLOYMENTS, `web-${revision}`, `u-${revision}`),
              kind: "ReplicaSet",
            }
            : ownerOf(this.resource, "web", "u-web"),
        ],
        ...(terminating ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
      },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      },
    }));
  }
}

function ownerOf({ kind }: ApiResource, name: string, uid: string): OwnerReference {
  return { apiVersion: "apps/v1", kind, name, uid, controller: true };
}
