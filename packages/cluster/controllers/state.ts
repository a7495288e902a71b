/**
 * The input of a reconcile: the store's objects at one moment, and the time. Read-only, so that a reconcile is a
 * function of this value.
 */
import type { LabelSelector, OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import type { Store, Stored } from "../model.ts";
import { resources } from "../resources.ts";
import type { KindMap, KindName, Live } from "./kinds.ts";
import { matchesSelector } from "./selector.ts";
import type { ControllerAction } from "./action.ts";

/** The cluster at one moment. Lists are read once and cached, so that all controllers of a pass agree. */
export class ClusterSnapshot {
  readonly #lists = new Map<KindName, readonly Stored[]>();
  readonly #byOwner = new Map<KindName, Map<string, Stored[]>>();

  constructor(readonly store: Store, readonly now: Date) {}

  /** Increases with every write: derived data is then stale. */
  get version(): number {
    return this.store.resourceVersion;
  }

  /** Returns all objects of a kind, in all namespaces or in one. */
  list<K extends KindName>(type: K, namespace?: string): readonly Live<KindMap[K]>[] {
    let all = this.#lists.get(type);
    if (all === undefined) this.#lists.set(type, all = this.store.list(resources[type]));
    const chosen = namespace === undefined
      ? all
      : all.filter((object) => object.metadata.namespace === namespace);
    return chosen as unknown as readonly Live<KindMap[K]>[];
  }

  /** Returns all objects of a kind but those in namespaces that are being deleted: nothing new starts there. */
  active<K extends KindName>(type: K): readonly Live<KindMap[K]>[] {
    const ending = new Set(
      this.list("namespaces").filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
        .map(({ metadata }) => metadata.name),
    );
    const all = this.list(type);
    return ending.size === 0 ? all : all.filter((o) => !ending.has(o.metadata.namespace ?? ""));
  }

  /** Returns an object by its name. */
  get<K extends KindName>(type: K, namespace: string, name: string): Live<KindMap[K]> | undefined {
    return this.store.get(resources[type], namespace, name) as unknown as
      | Live<KindMap[K]>
      | undefined;
  }

  /** Returns the objects whose managing owner is the one with this uid. */
  controlledBy<K extends KindName>(type: K, uid: string): readonly Live<KindMap[K]>[] {
    let index = this.#byOwner.get(type);
    if (index === undefined) {
      index = new Map();
      for (const object of this.list(type) as unknown as readonly Stored[]) {
        const owner = controllerOf(object.metadata.ownerReferences);
        // "" is the key of the orphans, which an owner may adopt.
        const key = owner?.uid ?? "";
        const group = index.get(key);
        if (group === undefined) index.set(key, [object]);
        else group.push(object);
      }
      this.#byOwner.set(type, index);
    }
    return (index.get(uid) ?? []) as unknown as readonly Live<KindMap[K]>[];
  }

  /** Returns a namespace's objects that have no controller and match a selector. */
  orphansMatching<K extends KindName>(
    type: K,
    namespace: string | undefined,
    selector: LabelSelector | undefined,
  ): readonly Live<KindMap[K]>[] {
    return this.controlledBy(type, "").filter(({ metadata }) =>
      metadata.namespace === namespace && metadata.deletionTimestamp === undefined &&
      matchesSelector(selector, metadata.labels)
    );
  }
}

/** Returns the one owner that manages an object. */
function controllerOf(
  owners: readonly OwnerReference[] | undefined,
): OwnerReference | undefined {
  return owners?.find((owner) => owner.controller === true);
}

/**
 * A level-triggered controller. `reconcile` compares the actual with the desired state, for all objects of its kinds,
 * and returns the actions. It must converge: once all its actions are done, and nothing else changed, it returns none.
 */
export interface Controller {
  /** As an Event's source names it: `replicaset-controller`. */
  readonly name: string;
  /** A change to any of these triggers a reconcile. */
  readonly watches: readonly KindName[];
  reconcile(state: ClusterSnapshot): ControllerAction[];
}
