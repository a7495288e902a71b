/**
 * A cluster without processes, for the tests of controllers: a store, a node that acts at once, and a stopped clock.
 */
import type { Pod } from "kubernetes-types/core/v1.d.ts";
import type { KubeObject } from "../../../../src/kube/types.ts";
import type { Store } from "../../model.ts";
import { resources } from "../../resources.ts";
import { createStore } from "../../store/store.ts";
import type { ControllerAction } from "../action.ts";
import { applyAction } from "../driver.ts";
import { ClusterSnapshot, type Controller } from "../state.ts";
import { allControllers } from "../controllers.ts";
import type { KindMap, KindName, Live } from "../kinds.ts";
import { isFinished } from "../pods.ts";

/** How the fake node treats a pod that was bound to it. */
export type NodeBehaviour = (pod: Live<Pod>) => "ready" | "starting" | "failed" | "succeeded";

/** A cluster whose time is advanced by the test. */
export class TestCluster {
  readonly store: Store;
  readonly controllers: readonly Controller[];
  now = new Date("2026-01-01T00:00:00Z");
  behaviour: NodeBehaviour = () => "ready";

  constructor(
    controllers = allControllers({ certificateAuthority: "pem", volumeFolder: "/volumes" }),
  ) {
    let uids = 0;
    this.store = createStore({ now: () => this.now, newUid: () => `uid-${++uids}` });
    this.controllers = controllers;
  }

  /** Adds a node with capacity for everything. */
  addNode(name = "node-1", more: { labels?: Record<string, string>; spec?: object } = {}): this {
    this.put("nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "kubernetes.io/hostname": name, ...more.labels } },
      spec: more.spec ?? {},
      status: { allocatable: { cpu: "64", memory: "256Gi", pods: "500" } },
    });
    return this;
  }

  put<K extends KindName>(type: K, object: KindMap[K]): Live<KindMap[K]> {
    const stored = this.store.create(resources[type], object as unknown as KubeObject);
    return stored as unknown as Live<KindMap[K]>;
  }

  list<K extends KindName>(type: K): readonly Live<KindMap[K]>[] {
    return this.state().list(type);
  }

  get<K extends KindName>(type: K, namespace: string, name: string): Live<KindMap[K]> {
    const object = this.state().get(type, namespace, name);
    if (object === undefined) throw new Error(`no ${type} ${namespace}/${name}`);
    return object;
  }

  /** Changes an object as a client would. */
  edit<K extends KindName>(
    type: K,
    [namespace, name]: [string, string],
    change: (object: Live<KindMap[K]>) => void,
  ): void {
    const copy = structuredClone(this.get(type, namespace, name));
    change(copy);
    this.store.update(resources[type], copy as unknown as KubeObject);
  }

  state(): ClusterSnapshot {
    return new ClusterSnapshot(this.store, this.now);
  }

  perform(component: string, actions: readonly ControllerAction[]): void {
    const target = { store: this.store, admit: (_type: unknown, object: KubeObject) => object };
    for (const action of actions) applyAction(target, action, { component, now: this.now });
  }

  /** Runs one pass of every controller, without the node. Returns the number of actions that write. */
  pass(): number {
    let count = 0;
    for (const controller of this.controllers) {
      const actions = controller.reconcile(this.state());
      this.perform(controller.name, actions);
      count += actions.filter(({ kind }) => kind !== "requeue").length;
    }
    return count;
  }

  /** Runs passes until there are no more actions; throws if that doesn't happen. `after` sees each step. */
  settle(after: () => void = () => {}): void {
    for (let round = 0; round < 1000; round++) {
      const before = this.store.resourceVersion;
      const wishes = this.pass();
      this.obeyNode();
      after();
      if (wishes === 0 && this.store.resourceVersion === before) return;
    }
    throw new Error("the controllers don't converge");
  }

  /** Starts bound pods and ends deleted ones. */
  obeyNode(): void {
    for (const pod of this.list("pods")) {
      const { namespace = "", name, deletionTimestamp } = pod.metadata;
      if (deletionTimestamp !== undefined) {
        if ((pod.metadata.finalizers ?? []).length === 0) {
          this.store.remove(resources.pods, namespace, name);
        }
      } else if (pod.spec?.nodeName !== undefined && !isFinished(pod)) this.#run(pod);
    }
  }

  #run(pod: Live<Pod>): void {
    const desired = this.behaviour(pod);
    const phase = desired === "failed"
      ? "Failed"
      : desired === "succeeded"
      ? "Succeeded"
      : desired === "ready"
      ? "Running"
      : "Pending";
    const ready = desired === "ready" ? "True" : "False";
    const conditions = pod.status?.conditions ?? [];
    const present = conditions.find(({ type }) => type === "Ready");
    if (pod.status?.phase === phase && present?.status === ready) return;
    const status = {
      ...pod.status,
      phase,
      conditions: [
        ...conditions.filter(({ type }) => type !== "Ready"),
        { type: "Ready", status: ready, lastTransitionTime: this.now.toISOString() },
      ],
    };
    this.store.update(resources.pods, { ...pod, status } as unknown as KubeObject);
  }
}
