/**
 * The garbage collector: the dependents of a deleted object are deleted too, unless they are orphaned.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
import type { OwnerReference } from "kubernetes-types/meta/v1.d.ts";
import { resources } from "../resources.ts";
import { type ControllerAction, deleteAction, updateAction } from "./action.ts";
import { type KindMap, type KindName, type Live, withMetadataList } from "./kinds.ts";
import type { ClusterSnapshot, Controller } from "./state.ts";

const kindNames = Object.keys(resources) as KindName[];

/** An object of any kind. */
interface Item {
  type: KindName;
  object: Live<KindMap[KindName]>;
}

/** Follows ownerReferences, and the finalizers by which a deletion decides about dependents. */
export const garbageCollector: Controller = {
  name: "garbage-collector-controller",
  // Events own nothing and have no owner; they are by far the most frequent writes.
  watches: kindNames.filter((name) => name !== "events"),
  reconcile(state) {
    const graph = graphOf(state);
    return [
      ...graph.owned.flatMap((item) => collect(item, graph)),
      ...graph.deleting.flatMap((item) => finishDeletion(item, graph)),
    ];
  },
};

/** Dependents by the owner's uid. */
interface Graph {
  byUid: ReadonlyMap<string, Item>;
  dependents: ReadonlyMap<string, readonly Item[]>;
  owned: readonly Item[];
  deleting: readonly Item[];
}

function graphOf(state: ClusterSnapshot): Graph {
  const byUid = new Map<string, Item>();
  const dependents = new Map<string, Item[]>();
  const owned: Item[] = [];
  const deleting: Item[] = [];
  for (const type of garbageCollector.watches) {
    for (const object of state.list(type)) {
      const item: Item = { type, object };
      byUid.set(object.metadata.uid, item);
      if (object.metadata.deletionTimestamp !== undefined) deleting.push(item);
      const owners = object.metadata.ownerReferences ?? [];
      if (owners.length > 0) owned.push(item);
      for (const { uid } of owners) {
        const group = dependents.get(uid);
        if (group === undefined) dependents.set(uid, [item]);
        else group.push(item);
      }
    }
  }
  return { byUid, dependents, owned, deleting };
}

/** Deletes an object whose owners are all deleted, or whose last one waits for it. */
function collect({ type, object }: Item, { byUid }: Graph): ControllerAction[] {
  if (object.metadata.deletionTimestamp !== undefined) return [];
  const owners = (object.metadata.ownerReferences ?? []).map(({ uid }) => byUid.get(uid));
  if (owners.every((owner) => owner === undefined)) return [deleteAction(type, object)];
  const present = owners.filter((owner) => owner !== undefined);
  const allWait = present.every((owner) => hasFinalizer(owner, "foregroundDeletion"));
  return allWait ? [deleteAction(type, object, { propagation: "foreground" })] : [];
}

function hasFinalizer({ object }: Item, finalizer: string): boolean {
  return object.metadata.deletionTimestamp !== undefined &&
    (object.metadata.finalizers ?? []).includes(finalizer);
}

/** Finishes a deletion: the object orphans its dependents, or is removed once those that block it are deleted. */
function finishDeletion(item: Item, graph: Graph): ControllerAction[] {
  const dependents = graph.dependents.get(item.object.metadata.uid) ?? [];
  if (hasFinalizer(item, "orphan")) {
    return [
      ...dependents.map((each) => withoutOwner(each, item.object.metadata.uid)),
      withoutFinalizer(item, "orphan"),
    ];
  }
  if (!hasFinalizer(item, "foregroundDeletion")) return [];
  const holding = dependents.filter((each) => blocks(each, item.object.metadata.uid));
  return holding.length > 0 ? [] : [withoutFinalizer(item, "foregroundDeletion")];
}

function ownersOf({ object }: Item): OwnerReference[] {
  return object.metadata.ownerReferences ?? [];
}

function blocks(item: Item, owner: string): boolean {
  return ownersOf(item).some(({ uid, blockOwnerDeletion }) =>
    uid === owner && blockOwnerDeletion === true
  );
}

function withoutOwner(item: Item, owner: string): ControllerAction {
  const remaining = ownersOf(item).filter(({ uid }) => uid !== owner);
  return updateAction(item.type, withList(item, "ownerReferences", remaining));
}

function withoutFinalizer(item: Item, finalizer: string): ControllerAction {
  const remaining = (item.object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  return updateAction(item.type, withList(item, "finalizers", remaining));
}

function withList(
  { object }: Item,
  field: "ownerReferences" | "finalizers",
  list: readonly unknown[],
): Item["object"] {
  return { ...object, metadata: withMetadataList(object.metadata, field, list) };
}
